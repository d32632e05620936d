// The custom element <p2p-frame>: its properties and methods.
import { readArguments, readAs, readPeerId, readTo } from "./arguments.js"
import { systemClock } from "../base/clock.js"
import { isFlag } from "../base/fields.js"
import { FrameEvents } from "./frame_events.js"
import { Life } from "./life.js"
import { ATTRIBUTES } from "./attributes.js"
import { Reflection } from "./reflection.js"
import { checkTopic, Topics } from "../messaging/topics.js"

/** @typedef {import("../wire/frames.js").PeerState} PeerState */
/** @typedef {import("../base/errors.js").P2pError} P2pError */
/** @typedef {string | number} PeerId a whole number stands for its digits */

const SEND = Object.freeze({ to: readTo, topic: checkTopic, reliable: readAs("reliable", "true or false", isFlag) })
const REQUEST = Object.freeze({
  timeout: readAs("timeout", "a number of milliseconds", (value) => typeof value === "number"),
  signal: readAs("signal", "an AbortSignal", (value) => typeof value?.throwIfAborted === "function"),
})
const SEND_FILE = Object.freeze({ to: readTo, ...Object.fromEntries(["name", "type"].map((name) => [name, readAs(name, "a string", (value) => typeof value === "string")])) })

const REFLECTED = ["state", "peer-role"]

/**
 * `<p2p-frame>`: joins its session while it is in the page.
 *
 * Attributes in (written by `p2p_frame_tag`), bubbling `p2p:*` events out; `state` and `peer-role` are reflected as attributes.
 * A listener that is added late gets the present state once more, as an event of its own.
 */
export class P2pFrame extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES, ...REFLECTED]

  #reflection = new Reflection(this, () => ({ state: this.state, "peer-role": this.#role }), systemClock)
  #events = new FrameEvents(this, this.#reflection)
  #topics = new Topics((error) => this.#events.sessionErrored(error))
  #life = new Life(this, this.#topics, this.#events)

  /**
   * Registers the element; a page that loads two copies of this module keeps the first.
   * @param {string} [tag]
   * @param {CustomElementRegistry} [registry]
   */
  static define(tag = "p2p-frame", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this)
  }

  // What the app reads

  /** This peer's id. */
  get peerId() {
    return this.#life.peerId || (this.getAttribute("peer-id") ?? "")
  }

  /** The host's id, null before there is one. @returns {string | null} */
  get hostPeerId() {
    return this.#life.session?.hostPeerId ?? null
  }

  /** Whether this peer hosts the session. */
  get iamHost() {
    return this.#life.session?.iamHost ?? false
  }

  /** The number of the present host's election; 0 before the first. */
  get epoch() {
    return this.#life.session?.epoch ?? 0
  }

  /** @returns {PeerState} */
  get state() {
    return this.#life.session?.state ?? (this.#life.isRefused ? "failed" : "new")
  }

  /** Everybody in the session and their states, this peer included. @returns {Map<string, PeerState>} */
  get peers() {
    return this.#life.session?.peers ?? new Map()
  }

  // What the app says

  /**
   * Sends a message: to everyone in the session, this peer included, or to some of them.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer, a typed array, a DataView or a Blob; it arrives as what it was
   * @param {object} [options]
   * @param {PeerId | PeerId[]} [options.to] the peers that it is for; nobody else sees it
   * @param {string} [options.topic] whose handlers it is for, see on(); without it there is `p2p:message`
   * @param {boolean} [options.reliable] false for what may be lost, and of which only the newest counts, such as the place of a cursor; 16 KiB at most
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer, if there is one, besides the host; with `to`, when all of
   *   these have been shown it; one that may be lost, at once
   * @throws {P2pError} as a rejection: `not_joined`, `unsupported`, `too_large`, `rate_limited`, `forbidden`, `no_such_peer`, `no_answer`, `bad_request`
   */
  async send(data, options = {}) {
    const given = readArguments("send", options, SEND)
    return this.#life.joined.send(data, given)
  }

  /**
   * Handles the messages of a topic. Those that came before its first handler are given to that one.
   * @param {string} topic
   * @param {import("../messaging/topics.js").Handler} handler
   * @returns {() => void} ends it
   * @throws {P2pError} `bad_request` for what can't be a topic
   */
  on(topic, handler) {
    return this.#topics.on(topic, handler)
  }

  /**
   * Asks another peer, and waits for its answer.
   * @param {PeerId} peerId
   * @param {string} topic
   * @param {any} data as for send()
   * @param {object} [options]
   * @param {number} [options.timeout] milliseconds, 10,000
   * @param {AbortSignal} [options.signal] ends the waiting
   * @returns {Promise<any>} what the other peer's responder gave
   * @throws {P2pError} as a rejection: as send(), and `no_handler`, `no_answer`, `handler_failed`, or what P2pError the responder threw; the signal's reason
   */
  async request(peerId, topic, data, options = {}) {
    const [to, about, given] = [readPeerId(peerId), checkTopic(topic), readArguments("request", options, REQUEST)]
    return this.#life.joined.request(to, about, data, given)
  }

  /**
   * Answers the requests on a topic.
   * @param {string} topic
   * @param {import("../messaging/topics.js").Responder} responder returns the answer, or a promise of it; throws a P2pError that the other peer is to see
   * @returns {() => void} ends it
   * @throws {P2pError} `bad_request` where there is one already
   */
  respond(topic, responder) {
    return this.#topics.respond(topic, responder)
  }

  /**
   * Sends a file, which the others' apps accept or decline (`p2p:file`). `p2p:progress` tells how it gets on.
   * @param {Blob | ArrayBuffer | ArrayBufferView} file
   * @param {object} [options]
   * @param {PeerId | PeerId[]} [options.to] whom; without it, everybody who is connected now
   * @param {string} [options.name] the file's own
   * @param {string} [options.type] its MIME type, the file's own
   * @returns {import("../files/transfer.js").Transfer} to pause, resume or cancel it; its `done` resolves when it is over for everybody, and somebody has it whole
   * @throws {P2pError} `not_joined`, `forbidden`, `bad_request`, `no_such_peer`, `unsupported`; what else prevents it, `done` rejects with
   */
  sendFile(file, options = {}) {
    const given = readArguments("sendFile", options, SEND_FILE)
    return this.#life.joined.sendFile(file, given)
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {PeerId} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `bad_request`, `forbidden` (this peer isn't the host), `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    const given = readPeerId(peerId)
    return this.#life.joined.handOver(given)
  }

  /** Leaves the session; reconnect() joins again. */
  close() {
    this.#life.session?.close()
  }

  /** Joins the session afresh, whatever the state. */
  reconnect() {
    this.#life.reconnect()
  }

  // The element's life

  connectedCallback() {
    this.#life.changed()
  }

  disconnectedCallback() {
    this.#life.removed()
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (REFLECTED.includes(name)) this.#reflection.disturbed()
    else this.#life.changed()
  }

  /** Makes `moveBefore()` move without leaving (https://html.spec.whatwg.org/#custom-element-reactions). */
  connectedMoveCallback() {}

  /**
   * @override
   * @param {string} type
   * @param {any} listener
   * @param {boolean | AddEventListenerOptions} [options]
   */
  addEventListener(type, listener, options) {
    if (isNews(type, listener)) this.#events.listeners.add(String(type), listener, options)
    else super.addEventListener(type, listener, options)
  }

  /**
   * @override
   * @param {string} type
   * @param {any} listener
   * @param {boolean | EventListenerOptions} [options]
   */
  removeEventListener(type, listener, options) {
    if (isNews(type, listener)) this.#events.listeners.remove(String(type), listener, options)
    else super.removeEventListener(type, listener, options)
  }

  // Private

  get #role() {
    if (this.hostPeerId === null) return null
    return this.iamHost ? "host" : "client"
  }
}

/** @param {unknown} type @param {unknown} listener as the browser takes it */
function isNews(type, listener) {
  return String(type).startsWith("p2p:") && (typeof listener === "function" || (typeof listener === "object" && listener !== null))
}

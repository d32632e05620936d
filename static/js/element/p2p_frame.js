// The custom element <p2p-frame>, with its properties and methods.
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
/** @typedef {import("../wire/link.js").Route} Route */
/** @typedef {string | number} PeerId a whole number stands for its digits */

const SEND = Object.freeze({ to: readTo, topic: checkTopic, reliable: readAs("reliable", "true or false", isFlag) })
const REQUEST = Object.freeze({
  timeout: readAs("timeout", "a number of milliseconds", (value) => typeof value === "number"),
  signal: readAs("signal", "an AbortSignal", (value) => typeof value?.throwIfAborted === "function"),
})
const SEND_FILE = Object.freeze({ to: readTo, ...Object.fromEntries(["name", "type"].map((name) => [name, readAs(name, "a string", (value) => typeof value === "string")])) })

const REFLECTED = ["state", "peer-role", "path"]

/**
 * `<p2p-frame>`: joins its session while it is in the page.
 *
 * It takes its options from attributes (which `p2p_frame_tag` writes) and tells its news by `p2p:*` events that bubble. It reflects `state`, `peer-role` and
 * `path` as attributes. A listener that is added late gets the present state once more, by an event for it alone.
 */
export class P2pFrame extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES, ...REFLECTED]

  #reflection = new Reflection(this, () => ({ state: this.state, "peer-role": this.#role, path: this.path }), systemClock)
  #events = new FrameEvents(this, this.#reflection)
  #topics = new Topics((error) => this.#events.sessionErrored(error))
  #life = new Life(this, this.#topics, this.#events)

  /**
   * Registers the element. A page that loads two copies of this module keeps the first one.
   * @param {string} [tag]
   * @param {CustomElementRegistry} [registry]
   */
  static define(tag = "p2p-frame", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this)
  }

  // What the app can read

  /** This peer's id. */
  get peerId() {
    return this.#life.peerId || (this.getAttribute("peer-id") ?? "")
  }

  /** The host's id; null as long as there is none. @returns {string | null} */
  get hostPeerId() {
    return this.#life.session?.hostPeerId ?? null
  }

  /** Whether this peer is the host of the session. */
  get iamHost() {
    return this.#life.session?.iamHost ?? false
  }

  /** The number of the present host's election; 0 before the first one. */
  get epoch() {
    return this.#life.session?.epoch ?? 0
  }

  /** @returns {PeerState} */
  get state() {
    return this.#life.session?.state ?? (this.#life.isRefused ? "failed" : "new")
  }

  /** Everyone in the session, including this peer, and their states. @returns {Map<string, PeerState>} */
  get peers() {
    return this.#life.session?.peers ?? new Map()
  }

  /** By what way this client reaches its host; null for the host itself, and as long as it isn't known. @returns {Route | null} */
  get path() {
    return this.paths.get(this.hostPeerId ?? "") ?? null
  }

  /** By what way this peer reaches those that it is linked to: a client its host, and a host every client. @returns {Map<string, Route | null>} */
  get paths() {
    return this.#life.session?.paths ?? new Map()
  }

  /**
   * Figures of these links.
   * @returns {Promise<Map<string, import("../wire/link.js").LinkStats>>} by peer
   */
  async stats() {
    return this.#life.session?.stats() ?? new Map()
  }

  // What the app can do

  /**
   * Sends a message to everyone in the session, including this peer, or to some peers.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer, a typed array, a DataView or a Blob; it arrives as the same type
   * @param {object} [options]
   * @param {PeerId | PeerId[]} [options.to] the recipients; nobody else is shown it
   * @param {string} [options.topic] the handlers of this topic get the message, see on(); without a topic, it is told by `p2p:message`
   * @param {boolean} [options.reliable] false for a message that may be lost, and of which only the newest counts, such as the position of a cursor; at most 16 KiB
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer besides the host, if there is one. With `to`, it resolves when
   *   all recipients have been shown it; with `reliable: false`, at once
   * @throws {P2pError} as a rejection: `not_joined`, `unsupported`, `too_large`, `rate_limited`, `forbidden`, `no_such_peer`, `no_answer`, `bad_request`
   */
  async send(data, options = {}) {
    const given = readArguments("send", options, SEND)
    return this.#life.joined.send(data, given)
  }

  /**
   * Adds a handler for the messages of a topic. The first handler also gets the messages that came before it.
   * @param {string} topic
   * @param {import("../messaging/topics.js").Handler} handler
   * @returns {() => void} removes the handler
   * @throws {P2pError} `bad_request` if the topic is invalid
   */
  on(topic, handler) {
    return this.#topics.on(topic, handler)
  }

  /**
   * Sends a request to another peer, and waits for the answer.
   * @param {PeerId} peerId
   * @param {string} topic
   * @param {any} data as for send()
   * @param {object} [options]
   * @param {number} [options.timeout] in milliseconds; 10,000 by default
   * @param {AbortSignal} [options.signal] ends the wait
   * @returns {Promise<any>} what the other peer's responder has returned
   * @throws {P2pError} as a rejection: those of send(), `no_handler`, `no_answer`, `handler_failed`, or the P2pError that the responder threw. If the signal ends it, the signal's reason
   */
  async request(peerId, topic, data, options = {}) {
    const [to, about, given] = [readPeerId(peerId), checkTopic(topic), readArguments("request", options, REQUEST)]
    return this.#life.joined.request(to, about, data, given)
  }

  /**
   * Sets the responder that answers the requests on a topic.
   * @param {string} topic
   * @param {import("../messaging/topics.js").Responder} responder returns the answer, or a promise of it; may throw a P2pError, which the other peer gets
   * @returns {() => void} removes the responder
   * @throws {P2pError} `bad_request` if the topic has one already
   */
  respond(topic, responder) {
    return this.#topics.respond(topic, responder)
  }

  /**
   * Sends a file, which the recipients' apps accept or decline (`p2p:file`). `p2p:progress` tells its progress.
   * @param {Blob | ArrayBuffer | ArrayBufferView} file
   * @param {object} [options]
   * @param {PeerId | PeerId[]} [options.to] the recipients; without it, everyone who is connected now
   * @param {string} [options.name] its name; by default the file's own
   * @param {string} [options.type] its MIME type; by default the file's own
   * @returns {import("../files/transfer.js").Transfer} to pause, resume or cancel it; its `done` resolves when the transfer is over for all recipients, and at least one has the whole file
   * @throws {P2pError} `not_joined`, `forbidden`, `bad_request`, `no_such_peer`, `unsupported`; any later error rejects `done`
   */
  sendFile(file, options = {}) {
    const given = readArguments("sendFile", options, SEND_FILE)
    return this.#life.joined.sendFile(file, given)
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {PeerId} peerId
   * @returns {Promise<void>} resolves when that peer is the host
   * @throws {P2pError} as a rejection: `bad_request`, `forbidden` (this peer isn't the host), `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    const given = readPeerId(peerId)
    return this.#life.joined.handOver(given)
  }

  /** Leaves the session. Call reconnect() to join again. */
  close() {
    this.#life.session?.close()
  }

  /** Leaves the session, if it is in it, and joins again. */
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

  /** It must exist so that `moveBefore()` moves the element without removing it (https://html.spec.whatwg.org/#custom-element-reactions). */
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

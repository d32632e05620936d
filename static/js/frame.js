import { systemClock } from "./clock.js"
import { checkIceServers, Connection } from "./connection.js"
import { P2pError } from "./errors.js"
import { LateListeners } from "./late_listeners.js"
import { STATE } from "./messages.js"
import { readOptions } from "./options.js"
import { Peer } from "./peer.js"
import { Renewal } from "./renewal.js"
import { Signaling } from "./signaling.js"
import { checkTopic, Topics } from "./topics.js"
import { Unheard } from "./unheard.js"

/** @typedef {import("./messages.js").PeerState} PeerState */

/**
 * `<p2p-frame>`: joins its session while it is in the page.
 *
 * Attributes in (written by `p2p_frame_tag`), bubbling `p2p:*` events out; `state` and `peer-role` are reflected as attributes.
 * A listener that is added late gets the present state once more, as an event of its own.
 */
export class P2pFrame extends HTMLElement {
  /** @type {Peer | null} */
  #peer = null
  /** @type {Renewal | null} */
  #renewal = null
  /** Ends the listeners on the window. @type {AbortController | null} */
  #listening = null
  /** @type {P2pError | null} */
  #lastError = null
  /** Whether the element is so that nothing was begun. */
  #isRefused = false
  #peerId = ""
  #topics = new Topics((error) => this.peerErrored(error))
  #unheard = new Unheard(systemClock)
  #late = new LateListeners(this, (type) => this.#present(type))
  /** Whether a page that comes back from the browser's cache was in the session when it was left. */
  #comesBack = false

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
    return this.#peerId || (this.getAttribute("peer-id") ?? "")
  }

  /** The host's id, null before there is one. @returns {string | null} */
  get hostPeerId() {
    return this.#peer?.hostPeerId ?? null
  }

  /** Whether this peer hosts the session. */
  get iamHost() {
    return this.#peer?.iamHost ?? false
  }

  /** The number of the present host's election; 0 before the first. */
  get epoch() {
    return this.#peer?.epoch ?? 0
  }

  /** @returns {PeerState} */
  get state() {
    return this.#peer?.state ?? (this.#isRefused ? "failed" : "new")
  }

  /** Everybody in the session and their states, this peer included. @returns {Map<string, PeerState>} */
  get peers() {
    return this.#peer?.peers ?? new Map()
  }

  // What the app says

  /**
   * Sends a message: to everyone in the session, this peer included, or to some of them.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer, a typed array, a DataView or a Blob; it arrives as what it was
   * @param {object} [options]
   * @param {string | string[]} [options.to] the peers that it is for; nobody else sees it
   * @param {string} [options.topic] whose handlers it is for, see on(); without it there is `p2p:message`
   * @param {boolean} [options.reliable] false for what may be lost, and of which only the newest counts, such as the place of a cursor; 16 KiB at most
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer, if there is one, besides the host; with `to`, when all of
   *   these have been shown it; one that may be lost, at once
   * @throws {P2pError} as a rejection: `not_joined`, `unsupported`, `too_large`, `rate_limited`, `forbidden`, `no_such_peer`, `no_answer`, `bad_request`
   */
  async send(data, options = {}) {
    const { topic, reliable } = checkOptions("send", options, ["to", "topic", "reliable"])
    if (topic !== undefined) checkTopic(topic)
    return this.#joined.send(data, { to: readTo(options.to), topic, reliable })
  }

  /**
   * Handles the messages of a topic. Those that came before its first handler are given to that one.
   * @param {string} topic
   * @param {import("./topics.js").Handler} handler
   * @returns {() => void} ends it
   * @throws {P2pError} `bad_request` for what can't be a topic
   */
  on(topic, handler) {
    return this.#topics.on(topic, handler)
  }

  /**
   * Asks another peer, and waits for its answer.
   * @param {string} peerId
   * @param {string} topic
   * @param {any} data as for send()
   * @param {object} [options]
   * @param {number} [options.timeout] milliseconds, 10,000
   * @param {AbortSignal} [options.signal] ends the waiting
   * @returns {Promise<any>} what the other peer's responder gave
   * @throws {P2pError} as a rejection: as send(), and `no_handler`, `no_answer`, `handler_failed`, or what P2pError the responder threw; the signal's reason
   */
  async request(peerId, topic, data, options = {}) {
    checkTopic(topic)
    return this.#joined.request(peerId, topic, data, checkOptions("request", options, ["timeout", "signal"]))
  }

  /**
   * Answers the requests on a topic.
   * @param {string} topic
   * @param {import("./topics.js").Responder} responder returns the answer, or a promise of it; throws a P2pError that the other peer is to see
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
   * @param {string | string[]} [options.to] whom; without it, everybody who is connected now
   * @param {string} [options.name] the file's own
   * @param {string} [options.type] its MIME type, the file's own
   * @returns {import("./shipment.js").Shipment} to pause, resume or cancel it; its `done` resolves when it is over for everybody, and somebody has it whole
   * @throws {P2pError} `not_joined`, `forbidden`, `bad_request`, `no_such_peer`; what else prevents it, `done` rejects with
   */
  sendFile(file, options = {}) {
    const { name, type } = checkOptions("sendFile", options, ["to", "name", "type"])
    return this.#joined.sendFile(file, { to: readTo(options.to), name, type })
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `forbidden` (this peer isn't the host), `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    return this.#joined.handOver(peerId)
  }

  /** Leaves the session; reconnect() joins again. */
  close() {
    this.#peer?.close()
  }

  /** Joins the session afresh, whatever the state. */
  reconnect() {
    if (this.#peer) this.#peer.reconnect()
    else if (this.isConnected) this.#enter()
  }

  // The element's life

  connectedCallback() {
    if (!this.#peer && !this.#isRefused) this.#enter()
  }

  disconnectedCallback() {
    // An element that is only moved is back in the page before this turn of the event loop ends.
    queueMicrotask(() => { if (!this.isConnected) this.#exit() })
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
    super.addEventListener(type, listener, options)
    if (type === "p2p:error") this.#unheard.heard()
    if (listener && String(type).startsWith("p2p:")) this.#late.added(type, listener, options)
  }

  // What the peer says

  /** @param {PeerState} state */
  peerStateChanged(state) {
    this.#reflect()
    if (state !== "new" && state !== "failed") this.#dispatch(`p2p:${state}`, {})
  }

  /** @param {P2pError} error */
  peerErrored(error) {
    this.#lastError = error
    this.dispatchEvent(this.#unheard.watch(new CustomEvent("p2p:error", { detail: error, bubbles: true, composed: true })))
  }

  /** @param {{ type: "Data", senderId: string, data: any }} message */
  peerReceived(message) {
    this.#dispatch("p2p:message", message)
  }

  /**
   * @param {import("./files/incoming.js").IncomingFile} file
   * @returns {boolean} whether the app answers later; who has answered needn't say so
   */
  peerOffered(file) {
    return !this.#dispatch("p2p:file", file)
  }

  /** @param {import("./files/progress.js").Progress} progress */
  peerProgressed(progress) {
    this.#dispatch("p2p:progress", progress)
  }

  /** @param {{ senderId: string, from: number, to: number }} gap */
  peerMissed(gap) {
    this.#dispatch("p2p:gap", gap)
  }

  /** @param {{ hostPeerId: string | null, epoch: number }} host */
  peerForked(host) {
    this.#dispatch("p2p:forked", host)
  }

  /** @param {Map<string, PeerState>} peers */
  peerPeersChanged(peers) {
    const data = Object.fromEntries(peers)
    this.#dispatch("p2p:peers", data)
    this.#dispatch("p2p:message", { type: STATE, senderId: this.hostPeerId, data })
  }

  /** @param {{ hostPeerId: string, epoch: number }} host */
  peerHostChanged(host) {
    this.#reflect()
    this.#dispatch("p2p:host-changed", host)
  }

  // Private

  get #joined() {
    if (!this.#peer) throw new P2pError("not_joined", { message: this.#isRefused ? "This peer is failed." : "The frame is not in the page." })
    return this.#peer
  }

  #enter() {
    this.#lastError = null
    this.#isRefused = false
    const options = this.#readOptions()
    if (options) this.#begin(options)
  }

  /** @returns {import("./options.js").Options | null} null where they are no good: then the app is told, and nobody else */
  #readOptions() {
    try {
      const options = readOptions(this)
      if (options.iceServers) checkIceServers(options.iceServers)
      return options
    } catch (error) {
      this.#isRefused = true
      this.#reflect()
      this.peerErrored(error instanceof P2pError ? error : new P2pError("internal", { cause: error }))
      return null
    }
  }

  /** @param {import("./options.js").Options} options */
  #begin(options) {
    this.#peerId = options.peerId
    this.#renewal = new Renewal({ ...options, clock: systemClock, failed: (error) => this.#renewalFailed(error) })
    const token = () => this.#renewal?.token ?? options.token
    this.#peer = new Peer({
      ...options,
      topics: this.#topics,
      clock: systemClock,
      delegate: this,
      createSignaling: (delegate) => new Signaling({ ...options, token, delegate }),
      createConnection: (setup, iceServers) => new Connection({ ...setup, ...options, peerId: setup.peerId, iceServers: options.iceServers ?? iceServers, clock: systemClock }),
    })
    this.#renewal.start()
    this.#listen()
    this.#start()
  }

  /** Who has left needs no token. @param {P2pError} error */
  #renewalFailed(error) {
    if (this.state !== "closed") this.peerErrored(error)
  }

  #start() {
    if ("RTCPeerConnection" in globalThis) this.#peer?.start()
    else this.#peer?.refuse(new P2pError("unsupported", { message: "This browser has no WebRTC.", hint: "Use a browser with RTCPeerConnection." }))
  }

  #exit() {
    this.#isRefused = false
    this.#listening?.abort()
    this.#renewal?.stop()
    this.#peer?.close()
    this.#peer = null
  }

  #listen() {
    this.#listening = new AbortController()
    const { signal } = this.#listening
    addEventListener("pagehide", () => this.#hide(), { signal })
    addEventListener("pageshow", ({ persisted }) => { if (persisted && this.#comesBack) this.#peer?.reconnect() }, { signal })
    addEventListener("online", () => this.#peer?.hurry(), { signal })
  }

  #hide() {
    this.#comesBack = this.state !== "closed" && this.state !== "failed"
    this.#peer?.abort()
  }

  #reflect() {
    this.setAttribute("state", this.state)
    if (this.hostPeerId === null) this.removeAttribute("peer-role")
    else this.setAttribute("peer-role", this.iamHost ? "host" : "client")
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #dispatch(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: type === "p2p:file" }))
  }

  /** @param {string} type */
  #present(type) {
    if (type === `p2p:${this.state}`) return {}
    if (type === "p2p:error" && this.state === "failed") return this.#lastError
    if (type === "p2p:host-changed" && this.hostPeerId !== null) return { hostPeerId: this.hostPeerId, epoch: this.epoch }
    if (this.peers.size === 0) return null
    if (type === "p2p:peers") return Object.fromEntries(this.peers)
    if (type === "p2p:message") return { type: STATE, senderId: this.hostPeerId, data: Object.fromEntries(this.peers) }
    return null
  }
}

/**
 * @template {object} T
 * @param {string} method
 * @param {T} options
 * @param {string[]} known
 * @returns {T} a message never goes to more peers than its sender meant
 */
function checkOptions(method, options, known) {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return options
  throw new P2pError("bad_request", { message: `${method}() doesn't know the option "${unknown}".`, hint: `It knows ${known.join(", ")}.` })
}

/**
 * @param {unknown} to
 * @returns {string[] | undefined}
 */
function readTo(to) {
  const list = typeof to === "string" ? [to] : to
  if (list === undefined) return undefined
  if (Array.isArray(list) && list.length > 0 && list.every((peerId) => typeof peerId === "string" && peerId !== "")) return [...new Set(list)]
  throw new P2pError("bad_request", { message: "The option to is the id of a peer, or a list of ids.", hint: "Leave it out to reach everyone." })
}

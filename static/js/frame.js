import { systemClock } from "./clock.js"
import { Connection } from "./connection.js"
import { P2pError } from "./errors.js"
import { STATE } from "./messages.js"
import { readOptions } from "./options.js"
import { Peer } from "./peer.js"
import { Renewal } from "./renewal.js"
import { Signaling } from "./signaling.js"

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
  #peerId = ""
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
    return this.#peer?.state ?? "new"
  }

  /** Everybody in the session and their states, this peer included. @returns {Map<string, PeerState>} */
  get peers() {
    return this.#peer?.peers ?? new Map()
  }

  // What the app says

  /**
   * Sends a message to everyone in the session, this peer included.
   * @param {any} data any value that JSON can hold
   * @param {object} [options] none is known yet; a message never goes to more peers than its sender meant
   * @returns {Promise<void>} resolves when the message is stable: shown here, and kept by another peer, if there is one, besides the host
   * @throws {P2pError} as a rejection: `not_joined`, `unsupported`, `too_large`, `rate_limited`
   */
  async send(data, options = {}) {
    const [unknown] = Object.keys(options)
    if (unknown) throw new P2pError("unsupported", { message: `send() doesn't know the option "${unknown}".` })
    if (!this.#peer) throw new P2pError("not_joined", { message: "The frame is not in the page." })
    return this.#peer.send(data)
  }

  /**
   * Makes another peer the host; this one becomes its client.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts
   * @throws {P2pError} as a rejection: `forbidden` (this peer isn't the host), `no_such_peer`, `unavailable`
   */
  async handOver(peerId) {
    if (!this.#peer) throw new P2pError("not_joined", { message: "The frame is not in the page." })
    return this.#peer.handOver(peerId)
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
    if (!this.#peer) this.#enter()
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
    if (listener && type.startsWith("p2p:")) this.#replay(type, listener, options)
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
    this.#dispatch("p2p:error", error)
  }

  /** @param {{ type: "Data", senderId: string, data: any }} message */
  peerReceived(message) {
    this.#dispatch("p2p:message", message)
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

  #enter() {
    const options = readOptions(this)
    this.#peerId = options.peerId
    this.#lastError = null
    this.#renewal = new Renewal({ ...options, clock: systemClock })
    const token = () => this.#renewal?.token ?? options.token
    this.#peer = new Peer({
      ...options,
      clock: systemClock,
      delegate: this,
      createSignaling: (delegate) => new Signaling({ ...options, token, delegate }),
      createConnection: (setup, iceServers) => new Connection({ ...setup, ...options, peerId: setup.peerId, iceServers: options.iceServers ?? iceServers, clock: systemClock }),
    })
    this.#renewal.start()
    this.#listen()
    this.#start()
  }

  #start() {
    if ("RTCPeerConnection" in globalThis) this.#peer?.start()
    else this.#peer?.refuse(new P2pError("unsupported", { message: "This browser has no WebRTC.", hint: "Use a browser with RTCPeerConnection." }))
  }

  #exit() {
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
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }))
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

  /**
   * Tells one listener what it has missed, unless that happens anew before its turn comes.
   * @param {string} type
   * @param {any} listener
   * @param {boolean | AddEventListenerOptions | undefined} options
   */
  #replay(type, listener, options) {
    if (this.#present(type) === null) return
    const heard = new AbortController()
    super.addEventListener(type, () => heard.abort(), { once: true, signal: heard.signal })
    queueMicrotask(() => {
      const detail = this.#present(type)
      const { once, signal } = typeof options === "object" ? options : {}
      if (heard.signal.aborted || signal?.aborted || detail === null) return
      heard.abort()
      this.#call(listener, new CustomEvent(type, { detail }))
      if (once) this.removeEventListener(type, listener, options)
    })
  }

  /**
   * @param {any} listener
   * @param {CustomEvent} event
   */
  #call(listener, event) {
    Object.defineProperties(event, { target: { value: this }, currentTarget: { value: this } })
    try {
      if (typeof listener === "function") listener.call(this, event)
      else listener.handleEvent(event)
    } catch (error) {
      reportError(error) // as the browser does for any listener
    }
  }
}

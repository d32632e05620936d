// The p2p:* events of the element.
import { systemClock } from "../base/clock.js"
import { STATE } from "../wire/frames.js"
import { LateListeners } from "./late_listeners.js"
import { Unheard } from "./unheard.js"

/**
 * The `p2p:*` events of an element, which tell its listeners the news of its session. Listeners that are added late are told the present state.
 *
 * @typedef {import("../wire/frames.js").PeerState} PeerState
 * @typedef {import("../base/errors.js").P2pError} P2pError
 */
export class FrameEvents {
  #frame
  #reflection
  /** @type {P2pError | null} */
  #lastError = null
  #unheard

  /**
   * @param {import("./p2p_frame.js").P2pFrame} frame
   * @param {import("./reflection.js").Reflection} reflection
   */
  constructor(frame, reflection) {
    this.#frame = frame
    this.#reflection = reflection
    this.listeners = new LateListeners(frame, (type) => this.#present(type))
    this.#unheard = new Unheard(systemClock, () => this.listeners.has("p2p:error"))
  }

  // News from the element's life

  lifeSettled() {
    this.#reflection.update()
  }

  /** @param {P2pError} error */
  lifeRefused(error) {
    this.#reflection.update()
    this.sessionErrored(error)
  }

  // News from the session

  /** @param {PeerState} state */
  sessionStateChanged(state) {
    this.#lastError = null // an error that explains the new state follows it
    this.#reflection.update()
    if (state !== "new" && state !== "failed") this.#dispatch(`p2p:${state}`, {})
  }

  /** @param {P2pError} error */
  sessionErrored(error) {
    this.#lastError = error
    this.#frame.dispatchEvent(this.#unheard.watch(new CustomEvent("p2p:error", { detail: error, bubbles: true, composed: true })))
  }

  /** @param {{ type: "Data", senderId: string, data: any }} message */
  messageReceived(message) {
    this.#dispatch("p2p:message", message)
  }

  /**
   * @param {import("../files/receiving/incoming_file.js").IncomingFile} file
   * @returns {boolean} whether the app will answer later. An app that has answered already needn't say so
   */
  fileOffered(file) {
    return !this.#dispatch("p2p:file", file)
  }

  /** @param {import("../files/progress.js").Progress} progress */
  fileProgressed(progress) {
    this.#dispatch("p2p:progress", progress)
  }

  /** @param {{ senderId: string, from: number, to: number }} gap */
  messagesMissed(gap) {
    this.#dispatch("p2p:gap", gap)
  }

  messagesForked() {
    this.#dispatch("p2p:forked", { hostPeerId: this.#frame.hostPeerId, epoch: this.#frame.epoch })
  }

  /** @param {Map<string, PeerState>} peers */
  sessionPeersChanged(peers) {
    const data = Object.fromEntries(peers)
    this.#dispatch("p2p:peers", data)
    this.#dispatch("p2p:message", { type: STATE, senderId: this.#frame.hostPeerId, data })
  }

  /** @param {{ hostPeerId: string, epoch: number }} host */
  sessionHostChanged(host) {
    this.#reflection.update()
    this.#dispatch("p2p:host-changed", host)
  }

  /**
   * @param {string} peerId
   * @param {import("../wire/link.js").Route | null} path
   */
  sessionPathChanged(peerId, path) {
    this.#reflection.update()
    this.#dispatch("p2p:path", { peerId, path })
  }

  /**
   * @param {string} peerId
   * @param {import("../wire/link.js").Quality} quality
   */
  sessionQualityChanged(peerId, quality) {
    this.#dispatch("p2p:quality", { peerId, quality })
  }

  // Private

  /**
   * @param {string} type
   * @param {any} detail
   */
  #dispatch(type, detail) {
    return this.#frame.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: type === "p2p:file" }))
  }

  /** The detail of an event of this type if it were sent now; null if there is nothing to tell. @param {string} type */
  #present(type) {
    const { state, hostPeerId, epoch, peers, path } = this.#frame
    if (type === `p2p:${state}`) return {}
    if (type === "p2p:error" && (state === "failed" || state === "closed")) return this.#lastError
    if (type === "p2p:host-changed" && hostPeerId !== null) return { hostPeerId, epoch }
    if (type === "p2p:path" && path !== null) return { peerId: hostPeerId, path }
    if (peers.size === 0) return null
    if (type === "p2p:peers") return Object.fromEntries(peers)
    if (type === "p2p:message") return { type: STATE, senderId: hostPeerId, data: Object.fromEntries(peers) }
    return null
  }
}

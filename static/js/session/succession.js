// How a host hands the session over to one of its clients: both ends of it.
import { Deadline } from "../base/deadline.js"
import { P2pError } from "../base/errors.js"

/** Milliseconds that a client waits for its host's offer before it tells the server that it can't reach the host. */
export const OFFER_PATIENCE_MS = 3_000
/** Milliseconds that a peer which is to be the next host has to become it. */
export const HANDOVER_TIMEOUT_MS = 10_000

/** A change of host that the host asks for: the client that it has appointed connects to the server, and then the host gives its seat (the host's place) back. */
export class Succession {
  /** Whether the host wants this client to be the next one. */
  isAppointed = false
  #signaling
  #patience
  #keepSignaling
  /** The client that this host wants to have as the next host, and the promise of it. @type {{ peerId: string, resolve: () => void, reject: (error: P2pError) => void } | null} */
  #wish = null
  #term

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("../signaling/signaling.js").Signaling} options.signaling
   * @param {import("../base/clock.js").Timer} options.patience runs out if nobody becomes the host, or if the host makes no offer
   * @param {boolean} options.keepSignaling whether a client keeps its connection to the server while it is connected to the host
   */
  constructor({ clock, signaling, patience, keepSignaling }) {
    this.#term = new Deadline(clock)
    this.#signaling = signaling
    this.#patience = patience
    this.#keepSignaling = keepSignaling
  }

  // As the host

  /** Whether another peer is to be the host. */
  get isWished() {
    return this.#wish !== null
  }

  /**
   * A client was asked to be the next host.
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that client is the host; rejects with a P2pError if it doesn't become so
   */
  wish(peerId) {
    this.giveUp(new P2pError("unavailable", { message: "Another peer is to be the host now." }))
    const late = new P2pError("unavailable", { message: `${peerId} did not become the host in time.`, hint: "It may not be allowed to host, or not reach the server." })
    this.#term.start(HANDOVER_TIMEOUT_MS, () => this.giveUp(late))
    return new Promise((resolve, reject) => { this.#wish = { peerId, resolve, reject } })
  }

  /** This host gives its seat back, because a client is ready to take it. If nobody takes it, this host can still use its proof to get it back. */
  yield() {
    this.#signaling.leave("closed", this.#wish?.peerId)
    this.#patience.start(OFFER_PATIENCE_MS, () => this.#signaling.join())
  }

  /** The server has named a host. @param {string | null} hostPeerId */
  hostChanged(hostPeerId) {
    if (hostPeerId !== this.#wish?.peerId) return
    this.#wish?.resolve()
    this.#wish = null
    this.#term.stop()
  }

  /** @param {P2pError} error why the client doesn't become the host */
  giveUp(error) {
    this.#wish?.reject(error)
    this.#wish = null
    this.#term.stop()
  }

  // As a client

  /** The host wants this client to be the next host, so this client connects to the server. */
  prepare() {
    this.isAppointed = true
    this.#signaling.join()
  }

  /**
   * The server names a host, or says that there is none. A connected client stays with its own host until that one steps down, or gets its seat back.
   * @param {string | null} hostPeerId
   * @param {string | null} ownHostPeerId
   */
  hear(hostPeerId, ownHostPeerId) {
    if (hostPeerId === null && this.isAppointed) return this.#signaling.join()
    if (this.isAppointed) this.decline()
    if (hostPeerId === ownHostPeerId) this.#patience.stop()
    else if (hostPeerId !== null) this.#patience.start(OFFER_PATIENCE_MS, () => this.#signaling.join())
  }

  /** This client doesn't become the next host, although it was appointed. */
  decline() {
    this.isAppointed = false
    if (!this.#keepSignaling) this.#signaling.leave("connected")
  }
}

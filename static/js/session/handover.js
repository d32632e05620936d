import { Deadline } from "../base/deadline.js"
import { P2pError } from "../base/errors.js"

/** Milliseconds that the other peer has to become the host. */
export const HANDOVER_TIMEOUT_MLS = 10_000

/** A host's wish that another peer be the host: it ends when there is a new host, or when its time is over. */
export class Handover {
  #timer
  /** @type {{ peerId: string, resolve: () => void, reject: (error: P2pError) => void } | null} */
  #pending = null

  /** @param {import("../base/clock.js").Clock} clock */
  constructor(clock) {
    this.#timer = new Deadline(clock)
  }

  /**
   * @param {string} peerId
   * @returns {Promise<void>} resolves when that peer hosts; rejects with a P2pError if it doesn't
   */
  begin(peerId) {
    this.end(new P2pError("unavailable", { message: "Another peer is to be the host now." }))
    const late = new P2pError("unavailable", { message: `${peerId} did not become the host in time.`, hint: "It may not be allowed to host, or not reach the server." })
    this.#timer.start(HANDOVER_TIMEOUT_MLS, () => this.end(late))
    return new Promise((resolve, reject) => { this.#pending = { peerId, resolve, reject } })
  }

  /**
   * Somebody hosts.
   * @param {string | null} hostPeerId
   */
  hostChanged(hostPeerId) {
    if (hostPeerId !== this.#pending?.peerId) return
    this.#pending?.resolve()
    this.#pending = null
    this.#timer.stop()
  }

  /** @param {P2pError} error */
  end(error) {
    this.#pending?.reject(error)
    this.#pending = null
    this.#timer.stop()
  }
}

import { MAX_EARLY_CHARACTERS } from "../base/limits.js"

/** @typedef {import("../wire/sdp.js").Signal} Signal */

/** Signals that have come before the offer that they belong to. */
export class EarlySignals {
  /** @type {{ negotiationId: string, signal: Signal, size: number }[]} */
  #waiting = []
  #characters = 0

  /**
   * @param {string} negotiationId
   * @param {Signal} signal
   */
  add(negotiationId, signal) {
    const size = JSON.stringify(signal).length
    this.#waiting.push({ negotiationId, signal, size })
    this.#characters += size
    // The oldest is of an attempt that is over.
    while (this.#characters > MAX_EARLY_CHARACTERS) this.#characters -= this.#waiting.shift()?.size ?? 0
  }

  /**
   * Takes those of this negotiation; what was of others is forgotten.
   * @param {string} negotiationId
   */
  take(negotiationId) {
    this.#characters = 0
    return this.#waiting.splice(0).filter((entry) => entry.negotiationId === negotiationId).map(({ signal }) => signal)
  }
}

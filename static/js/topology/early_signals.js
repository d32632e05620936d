// Keeps signals that arrive before their offer.
import { MAX_EARLY_CHARACTERS } from "../base/limits.js"

/** @typedef {import("../wire/sdp.js").Signal} Signal */

/** Signals that have arrived before the offer that they belong to. */
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
    // The oldest signals go first, because they belong to attempts that are over.
    while (this.#characters > MAX_EARLY_CHARACTERS) this.#characters -= this.#waiting.shift()?.size ?? 0
  }

  /**
   * Takes out the signals of this negotiation, and forgets those of all others.
   * @param {string} negotiationId
   */
  take(negotiationId) {
    this.#characters = 0
    return this.#waiting.splice(0).filter((entry) => entry.negotiationId === negotiationId).map(({ signal }) => signal)
  }
}

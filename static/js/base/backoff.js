/**
 * Milliseconds to wait before each attempt to come back; the last one repeats. Those who lost one host together shall not come at once, and a host that
 * said goodbye to them needs a moment to say so to the server.
 */
export const REJOIN_DELAYS_MS = Object.freeze([50, 300, 1_000, 2_000, 4_000, 5_000])
/** How many attempts without a calm time between them are enough. */
export const MAX_REJOINS = 100

/** When to try again: soon at first, then slower, never in step with the others. */
export class Backoff {
  #random
  #attempts = 0

  /** @param {() => number} [random] from 0 to 1 */
  constructor(random = Math.random) {
    this.#random = random
  }

  /** @returns {number} milliseconds to wait before the next attempt: half to one and a half times its step */
  next() {
    const step = REJOIN_DELAYS_MS[Math.min(this.#attempts++, REJOIN_DELAYS_MS.length - 1)]
    return step * (0.5 + this.#random())
  }

  reset() {
    this.#attempts = 0
  }
}

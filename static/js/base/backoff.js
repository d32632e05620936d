// How long a peer waits before it tries again.
/**
 * Milliseconds to wait before each attempt to come back; the last value repeats. The first one isn't 0, because clients that have lost their host together must not
 * all come at once, and because a host that has said goodbye to them needs a moment to tell the server, too.
 */
export const REJOIN_DELAYS_MS = Object.freeze([50, 300, 1_000, 2_000, 4_000, 5_000])
/** The most attempts without a calm time between them. */
export const MAX_REJOINS = 100

/** The pauses between attempts: short at first, then longer, and with a random part, so that peers don't try at the same moment. */
export class Backoff {
  #random
  #delays
  #attempts = 0

  /**
   * @param {() => number} [random] from 0 to 1
   * @param {readonly number[]} [delays] milliseconds; the last value repeats
   */
  constructor(random = Math.random, delays = REJOIN_DELAYS_MS) {
    this.#random = random
    this.#delays = delays
  }

  /** @returns {number} milliseconds to wait before the next attempt: half to one and a half times its step */
  next() {
    const step = this.#delays[Math.min(this.#attempts++, this.#delays.length - 1)]
    return step * (0.5 + this.#random())
  }

  reset() {
    this.#attempts = 0
  }
}

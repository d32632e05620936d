import { BLOCK_BYTES, LEAST_WINDOW_BYTES, WINDOW_BYTES } from "./limits.js"

/** Milliseconds that a credit may take longer than twice the least without a queue being to blame. */
const SLACK_MLS = 10
/** By how much the least grows with each look, so that another path is noticed. */
const AGING = 1.01

/**
 * How far a sender goes beyond what a receiver has written: as far as the way takes without a queue, in which all that comes behind would wait. The sign of one is
 * that credits take longer than they have to, as in LEDBAT (RFC 6817, section 2.4.2).
 */
export class Window {
  size = (LEAST_WINDOW_BYTES + WINDOW_BYTES) / 2
  #clock
  #least = Infinity
  /** The block whose credit is waited for. */
  #mark = -1
  #markedAt = 0

  /** @param {import("../clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /** @param {number} position up to which all has been sent */
  sent(position) {
    if (this.#mark >= 0 || position % BLOCK_BYTES !== 0) return
    this.#mark = position
    this.#markedAt = this.#clock.now()
  }

  /** @param {number} offset up to which all is written */
  credited(offset) {
    if (this.#mark < 0 || offset < this.#mark) return
    this.#mark = -1
    const delay = this.#clock.now() - this.#markedAt
    this.#least = Math.min(this.#least * AGING, delay)
    const isQueued = delay > 2 * this.#least + SLACK_MLS
    this.size = isQueued ? Math.max(LEAST_WINDOW_BYTES, this.size * 7 / 8) : Math.min(WINDOW_BYTES, this.size + BLOCK_BYTES / 4)
  }

  /** What was on its way is lost. */
  reset() {
    this.#mark = -1
  }
}

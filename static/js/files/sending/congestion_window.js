// How many bytes may be on their way to a recipient.
import { CREDIT_BYTES, LEAST_WINDOW_BYTES, PROBE_MS, WINDOW_BYTES } from "../limits.js"

/** How many times what the way holds is sent ahead: more than once, so that it shows when it holds more. */
const GAIN = 1.25
/** By how much the fastest rate shrinks with each look, so that a slower way is noticed. */
const AGING = 0.95

/**
 * How far a sender goes beyond what has come to a recipient. While nobody talks, it is far enough that the way is never empty. While somebody does, it is as much as
 * the way holds: all that is more would wait in a queue, and with it all that comes behind. What a way holds is its rate times its delay without a queue, both
 * measured: the model of BBR (Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14, 2016).
 */
export class CongestionWindow {
  #yielding
  #modest = LEAST_WINDOW_BYTES
  #credited = 0
  /** In bytes per millisecond. */
  #fastest = 0
  #shortest = Infinity
  #shortestAt = 0
  /** What is being measured: when it was sent up to which position, what had come then, and whether there may have been a queue. @type {{ position: number, at: number, credited: number, isQueued: boolean } | null} */
  #mark = null

  /** @param {import("./yielding.js").Yielding} yielding */
  constructor(yielding) {
    this.#yielding = yielding
  }

  get size() {
    return this.#yielding.isOn ? this.#modest : WINDOW_BYTES
  }

  /** @param {number} position up to which all has been sent */
  sent(position) {
    this.#mark ??= { position, at: this.#yielding.clock.now(), credited: this.#credited, isQueued: !this.#yielding.isOn }
  }

  /** @param {number} offset up to which all has come */
  credited(offset) {
    this.#credited = offset
    if (!this.#mark || offset < this.#mark.position) return
    const { at, credited, isQueued } = this.#mark
    this.#mark = null
    const now = this.#yielding.clock.now()
    const delay = Math.max(1, now - at)
    this.#fastest = Math.max(this.#fastest * AGING, (offset - credited) / delay)
    if (delay <= this.#shortest) {
      this.#shortest = delay
      this.#shortestAt = now
    }
    if (isQueued || now - this.#shortestAt > PROBE_MS) this.#measureAnew()
    else this.#modest = Math.min(WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, GAIN * this.#fastest * this.#shortest + CREDIT_BYTES)) // which waits for its credit
  }

  /** What was on its way is lost. */
  reset() {
    this.#mark = null
  }

  // Private

  /** With little under way there is no queue when the next is sent. */
  #measureAnew() {
    this.#shortest = Infinity
    this.#modest = LEAST_WINDOW_BYTES
  }
}

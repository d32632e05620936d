// The congestion window: how many bytes may be on their way to a recipient.
import { CHUNK_BYTES, CHUNK_MS, CREDIT_BYTES, LEAST_CHUNK_BYTES, LEAST_WINDOW_BYTES, PROBE_MS, SMALL_CHUNK_BYTES, WINDOW_BYTES } from "../limits.js"

/** How many times the capacity of the path is sent ahead: a little more than once, so that a growing capacity is noticed. */
const GAIN = 1.25
/** The factor by which the fastest rate shrinks with each measurement, so that a slower path is noticed. */
const AGING = 0.95

/**
 * How many bytes a sender sends beyond those that have arrived. While no messages are sent, it is enough to keep the path always full. While messages are sent, it is
 * the capacity of the path: anything more would wait in a queue, and the messages would wait behind it. The capacity is the path's rate times its delay without a
 * queue, both measured: the model of BBR (Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14, 2016).
 */
export class CongestionWindow {
  #yielding
  #modest = LEAST_WINDOW_BYTES
  #credited = 0
  /** The latest rate, and the fastest rate, in bytes per millisecond. */
  #rate = 0
  #fastest = 0
  #shortest = Infinity
  #shortestAt = 0
  /** The present measurement: up to which position was sent, when, what had arrived then, and whether there may have been a queue. @type {{ position: number, at: number, credited: number, isQueued: boolean } | null} */
  #mark = null

  /** @param {import("./yielding.js").Yielding} yielding */
  constructor(yielding) {
    this.#yielding = yielding
  }

  get size() {
    return this.#yielding.isOn ? this.#modest : WINDOW_BYTES
  }

  /** How large a chunk may be. While messages are sent, it is what the path carries in a moment: browsers take a message of each channel in turn, so that one message waits for one chunk. */
  get chunkBytes() {
    if (!this.#yielding.isOn) return CHUNK_BYTES
    let bytes = SMALL_CHUNK_BYTES
    while (bytes > LEAST_CHUNK_BYTES && bytes > this.#rate * CHUNK_MS) bytes /= 2
    return bytes
  }

  /** @param {number} position up to which everything has been sent */
  sent(position) {
    this.#mark ??= { position, at: this.#yielding.clock.now(), credited: this.#credited, isQueued: !this.#yielding.isOn }
  }

  /** @param {number} offset up to which everything has arrived */
  credited(offset) {
    this.#credited = offset
    if (!this.#mark || offset < this.#mark.position) return
    const { at, credited, isQueued } = this.#mark
    this.#mark = null
    const now = this.#yielding.clock.now()
    const delay = Math.max(1, now - at)
    this.#rate = (offset - credited) / delay
    this.#fastest = Math.max(this.#fastest * AGING, this.#rate)
    if (delay <= this.#shortest) {
      this.#shortest = delay
      this.#shortestAt = now
    }
    if (isQueued || now - this.#shortestAt > PROBE_MS) this.#measureAnew()
    else this.#modest = Math.min(WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, GAIN * this.#fastest * this.#shortest + CREDIT_BYTES)) // so much may arrive before a credit is sent
  }

  /** Measures anew, because what was on its way is lost. */
  reset() {
    this.#mark = null
  }

  // Private

  /** Sends little for a moment, so that the delay can be measured without a queue. */
  #measureAnew() {
    this.#shortest = Infinity
    this.#modest = LEAST_WINDOW_BYTES
  }
}

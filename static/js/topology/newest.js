import { Timer } from "../base/clock.js"
import { MAX_WAITING_NEWS } from "../base/limits.js"

/** Limits the rate of things of which only the newest of each kind counts: a new one that comes too fast waits, in place of the one that waited before. */
export class Newest {
  #bucket
  #timer
  /** @type {Map<string, () => void>} */
  #waiting = new Map()

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {import("../base/token_bucket.js").Bucket} options.bucket
   */
  constructor({ clock, bucket }) {
    this.#bucket = bucket
    this.#timer = new Timer(clock)
  }

  /**
   * @param {string} kind
   * @param {() => void} deliver
   */
  pass(kind, deliver) {
    if (this.#waiting.size >= MAX_WAITING_NEWS && !this.#waiting.has(kind)) return
    this.#waiting.set(kind, deliver)
    this.#drain()
  }

  stop() {
    this.#timer.stop()
    this.#waiting.clear()
  }

  // Private

  #drain() {
    for (const [kind, deliver] of this.#waiting) {
      if (this.#bucket.wait(1) > 0) break
      this.#bucket.take(1)
      this.#waiting.delete(kind)
      deliver()
    }
    if (this.#waiting.size > 0 && !this.#timer.isRunning) this.#timer.start(this.#bucket.wait(1), () => this.#drain())
  }
}

import { Bucket } from "../base/token_bucket.js"
import { Timer } from "../base/clock.js"

/**
 * Tells about something that changes often: once for all the changes of a turn of the event loop, and before anything else that this turn has to tell. Where that
 * would still be too often, it tells at the given rate.
 */
export class News {
  #bucket
  #timer
  #tell
  #isDue = false

  /**
   * @param {object} options
   * @param {import("../base/limits.js").Rate} options.rate how often it may be told
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => void} options.tell
   */
  constructor({ rate, clock, tell }) {
    this.#bucket = new Bucket({ ...rate, clock })
    this.#timer = new Timer(clock)
    this.#tell = tell
  }

  /** There is a change to tell. */
  add() {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => this.flush())
  }

  /** Something else is told next. The change is told first, so that the order is right. */
  flush() {
    if (!this.#isDue || this.#timer.isRunning) return
    if (!this.#bucket.tryTake(1)) return this.#timer.start(this.#bucket.wait(1), () => this.flush())
    this.#isDue = false
    this.#tell()
  }

  /** Tells the change at once, whatever the rate, because something that can't wait depends on it. */
  tellNow() {
    this.stop()
    this.#bucket.tryTake(1)
    this.#tell()
  }

  stop() {
    this.#isDue = false
    this.#timer.stop()
  }
}

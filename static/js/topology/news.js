import { Bucket } from "../base/token_bucket.js"
import { Timer } from "../base/clock.js"

/**
 * Something that changes often, and is told once for all the changes of a turn, before whatever else that turn has to tell. Where that would be too often, it is
 * told now and then.
 */
export class News {
  #bucket
  #timer
  #tell
  #isDue = false

  /**
   * @param {object} options
   * @param {import("../base/limits.js").Rate} options.rate how often it is told
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => void} options.tell
   */
  constructor({ rate, clock, tell }) {
    this.#bucket = new Bucket({ ...rate, clock })
    this.#timer = new Timer(clock)
    this.#tell = tell
  }

  /** It has changed. */
  add() {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => this.flush())
  }

  /** Something else is to be told, which comes after it. */
  flush() {
    if (!this.#isDue || this.#timer.isRunning) return
    if (!this.#bucket.tryTake(1)) return this.#timer.start(this.#bucket.wait(1), () => this.flush())
    this.#isDue = false
    this.#tell()
  }

  /** Something depends on it that can't wait, however often it has been told. */
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

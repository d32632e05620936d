import { Bucket } from "./bucket.js"
import { Timer } from "./clock.js"

/** What one client may make its host relay: messages and characters a second, and in a burst. */
export const MESSAGE_RATE = 500
export const MESSAGE_BURST = 2_000
export const CHARACTER_RATE = 4 * 1024 * 1024
export const CHARACTER_BURST = 4 * CHARACTER_RATE
/** How much of what comes faster may wait: more than an honest client has under way to all, to single peers, and in acknowledgements. */
export const MAX_WAITING_MESSAGES = 3_000
export const MAX_WAITING_CHARACTERS = 12 * 1024 * 1024

/** Slows a client that floods, in the order of what it sends, and then gives it up. */
export class FloodGuard {
  #messages
  #characters
  #timer
  #overflowed
  /** @type {{ size: number, deliver: () => void }[]} */
  #waiting = []
  #waitingCharacters = 0

  /**
   * @param {object} options
   * @param {import("./clock.js").Clock} options.clock
   * @param {() => void} options.overflowed called when more waits than may
   */
  constructor({ clock, overflowed }) {
    this.#messages = new Bucket({ rate: MESSAGE_RATE, burst: MESSAGE_BURST, clock })
    this.#characters = new Bucket({ rate: CHARACTER_RATE, burst: CHARACTER_BURST, clock })
    this.#timer = new Timer(clock)
    this.#overflowed = overflowed
  }

  /**
   * Delivers a message at once, or when its time has come.
   * @param {number} size in characters
   * @param {() => void} deliver
   */
  pass(size, deliver) {
    if (this.#waiting.length === 0 && this.#wait(size) === 0) return this.#deliver(size, deliver)
    this.#waiting.push({ size, deliver })
    this.#waitingCharacters += size
    if (this.#waiting.length > MAX_WAITING_MESSAGES || this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.#overflowed()
    else this.#schedule()
  }

  stop() {
    this.#timer.stop()
    this.#waiting = []
  }

  // Private

  /** @param {number} size */
  #wait(size) {
    return Math.max(this.#messages.wait(1), this.#characters.wait(size))
  }

  /**
   * @param {number} size
   * @param {() => void} deliver
   */
  #deliver(size, deliver) {
    this.#messages.take(1)
    this.#characters.take(size)
    deliver()
  }

  #schedule() {
    const [next] = this.#waiting
    if (next && !this.#timer.isRunning) this.#timer.start(this.#wait(next.size), () => this.#drain())
  }

  #drain() {
    while (this.#waiting.length > 0 && this.#wait(this.#waiting[0].size) === 0) {
      const [{ size, deliver }] = this.#waiting.splice(0, 1)
      this.#waitingCharacters -= size
      this.#deliver(size, deliver)
    }
    this.#schedule()
  }
}

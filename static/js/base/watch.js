import { Timer } from "./clock.js"
import { LOOK_MS } from "./limits.js"

/** Looks at regular intervals, as long as there is something to watch. The time in which a page was frozen counts against nobody: a late look counts as two at most. */
export class Watch {
  /** The time that was watched, in milliseconds. */
  now = 0
  #clock
  #timer
  #look
  #lookedAt = 0

  /**
   * @param {object} options
   * @param {import("./clock.js").Clock} options.clock
   * @param {() => boolean} options.look returns whether there is more to watch
   */
  constructor({ clock, look }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#look = look
  }

  start() {
    if (this.#timer.isRunning) return
    this.#lookedAt = this.#clock.now()
    this.#timer.start(LOOK_MS, () => this.#tick())
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  #tick() {
    const ms = Math.min(this.#clock.now() - this.#lookedAt, 2 * LOOK_MS)
    this.now += ms
    if (this.#look()) this.start()
  }
}

import { Timer } from "./clock.js"
import { LOOK_MS } from "./limits.js"

/** Looks now and then, for as long as there is something to look after. A page that was frozen holds none of that time against anybody: a late look counts as two at most. */
export class Watch {
  /** Milliseconds, as far as they were watched. */
  now = 0
  #clock
  #timer
  #look
  #lookedAt = 0

  /**
   * @param {object} options
   * @param {import("./clock.js").Clock} options.clock
   * @param {() => boolean} options.look returns whether there is more to look after
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

// A time limit for something to happen, which allows for pages that are frozen or asleep.
import { Timer } from "./clock.js"

/** Milliseconds by which a timer may be late in a page that runs, because browsers delay the timers of hidden pages by up to a second. */
export const LATE_MS = 2_000

/**
 * A limited time for something to happen. Nothing can happen while a page is frozen or asleep, so if the timer is late for that reason, the whole time is given once
 * more, but only once.
 */
export class Deadline extends Timer {
  #clock

  /** @param {import("./clock.js").Clock} clock */
  constructor(clock) {
    super(clock)
    this.#clock = clock
  }

  /**
   * @override
   * @param {number} ms
   * @param {() => void} missed
   */
  start(ms, missed) {
    const due = this.#clock.now() + ms
    super.start(ms, () => {
      if (this.#clock.now() - due > LATE_MS) super.start(ms, missed)
      else missed()
    })
  }
}

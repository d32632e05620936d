import { Timer } from "./clock.js"

/** Milliseconds by which a timer may be late in a page that runs: browsers hold back those of hidden pages for up to a second. */
export const LATE_MS = 2_000

/** The time that something has to happen. In a page that is frozen or asleep nothing can: if that is why its end comes late, it has all of the time once more, and no more than that. */
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

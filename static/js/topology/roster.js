import { Timer } from "../base/clock.js"

/** Milliseconds between two rosters to the server at the least, and at the most. A client that the server hasn't been told of can't say that it has lost its host. */
export const ROSTER_PAUSE_MLS = 300
export const ROSTER_INTERVAL_MLS = 30_000

/** When a host tells the server who is there: soon after a change, and now and then. */
export class Roster {
  #clock
  #timer
  #report
  #due = Infinity

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => void} options.report
   */
  constructor({ clock, report }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#report = report
    this.changed()
  }

  /** Somebody has come, gone or got on. */
  changed() {
    this.#schedule(ROSTER_PAUSE_MLS)
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  /** @param {number} mls */
  #schedule(mls) {
    const due = this.#clock.now() + mls
    if (due >= this.#due) return
    this.#due = due
    this.#timer.start(mls, () => this.#tell())
  }

  #tell() {
    this.#report()
    this.#due = Infinity
    this.#schedule(ROSTER_INTERVAL_MLS)
  }
}

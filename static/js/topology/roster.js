import { Timer } from "../base/clock.js"

/** Milliseconds between two rosters to the server at the least, and at the most. A client that the server hasn't been told of can't say that it has lost its host. */
export const ROSTER_PAUSE_MS = 300
export const ROSTER_INTERVAL_MS = 30_000

/** When a host tells the server who is there: soon after a change, and now and then. */
export class Roster {
  #timer
  #report
  /** Whether it is told soon. */
  #isDue = false

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => void} options.report
   */
  constructor({ clock, report }) {
    this.#timer = new Timer(clock)
    this.#report = report
    this.changed()
  }

  /** Somebody has come, gone or got on. */
  changed() {
    if (!this.#isDue) this.#timer.start(ROSTER_PAUSE_MS, () => this.#tell())
    this.#isDue = true
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  #tell() {
    this.#isDue = false
    this.#report()
    if (!this.#isDue) this.#timer.start(ROSTER_INTERVAL_MS, () => this.#tell())
  }
}

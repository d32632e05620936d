// Decides when a host sends its roster to the server.
import { Timer } from "../base/clock.js"

/**
 * The shortest and the longest time between two rosters to the server, in milliseconds. Not too long: a client can report the loss of its host only if the server
 * has been told of that client.
 */
export const ROSTER_PAUSE_MS = 300
export const ROSTER_INTERVAL_MS = 30_000

/** Decides when a host sends the server its roster (who is there): soon after a change, and otherwise at regular intervals. */
export class Roster {
  #timer
  #report
  /** Whether a roster is scheduled. */
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

  /** Somebody has come, has gone, or is in a new state. */
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

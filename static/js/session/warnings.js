// What the app is told of that may not matter, and that may come again and again.

/** Milliseconds in which the app is told once of each kind. */
export const WARNING_PAUSE_MS = 60_000

/** Tells the app of what is wrong without ending anything: once a minute for each code, because each link and each attempt may meet with the same. */
export class Warnings {
  #clock
  #tell
  /** When the app was told of each code. @type {Map<string, number>} */
  #told = new Map()

  /**
   * @param {import("../base/clock.js").Clock} clock
   * @param {(error: import("../base/errors.js").P2pError) => void} tell
   */
  constructor(clock, tell) {
    this.#clock = clock
    this.#tell = tell
  }

  /** @param {import("../base/errors.js").P2pError} error */
  add(error) {
    const now = this.#clock.now()
    if (now - (this.#told.get(error.code) ?? -Infinity) < WARNING_PAUSE_MS) return
    this.#told.set(error.code, now)
    this.#tell(error)
  }
}

/**
 * Time as the client sees it: monotonic, in milliseconds, and replaceable in tests.
 *
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {(callback: () => void, mls: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  setTimeout: (callback, mls) => setTimeout(callback, mls),
  clearTimeout: (timer) => clearTimeout(timer),
}

/** One thing to do later, or not at all. */
export class Timer {
  #clock
  /** @type {any} */
  #handle = null

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  get isRunning() {
    return this.#handle !== null
  }

  /**
   * Runs `callback` after `mls` milliseconds, in place of what was to run before.
   * @param {number} mls
   * @param {() => void} callback
   */
  start(mls, callback) {
    this.stop()
    this.#handle = this.#clock.setTimeout(() => {
      this.#handle = null
      callback()
    }, mls)
  }

  stop() {
    if (this.#handle !== null) this.#clock.clearTimeout(this.#handle)
    this.#handle = null
  }
}

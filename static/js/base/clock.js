/**
 * Time as the client sees it: but for `wall` monotonic, in milliseconds, and replaceable in tests.
 *
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {() => number} wall the time of day, which is wrong at times, but goes on while the machine sleeps
 * @property {(callback: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(callback: () => void) => void} soon in the next turn of the event loop, also in a hidden page
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  soon: (callback) => {
    // Browsers hold back the timers of hidden pages for up to a second, messages they don't.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      callback()
    }
    port2.postMessage(null)
  },
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
   * Runs `callback` after `ms` milliseconds, in place of what was to run before.
   * @param {number} ms
   * @param {() => void} callback
   */
  start(ms, callback) {
    this.stop()
    this.#handle = this.#clock.setTimeout(() => {
      this.#handle = null
      callback()
    }, ms)
  }

  stop() {
    if (this.#handle !== null) this.#clock.clearTimeout(this.#handle)
    this.#handle = null
  }
}

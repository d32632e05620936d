/**
 * The clock that all of the client uses, in milliseconds, so that tests can replace it. All of it is monotonic except `wall`.
 *
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {() => number} wall the time of day, which may be set wrong, but goes on while the machine sleeps
 * @property {(callback: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(callback: () => void) => void} soon calls back in the next turn of the event loop, even in a hidden page
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  soon: (callback) => {
    // A message, and not a timer, because browsers delay the timers of hidden pages by up to a second.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      callback()
    }
    port2.postMessage(null)
  },
}

/** Calls a function later, unless it is stopped before. */
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
   * Runs `callback` after `ms` milliseconds. It replaces a callback that hasn't run yet.
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

import { Timer } from "../base/clock.js"

/**
 * Sends heartbeats, and notices when nothing arrives from the other side any more.
 *
 * Silence is counted from what was heard last, at the heartbeat's own ticks, and a late tick counts as two at most. So a page that was throttled, frozen or
 * asleep doesn't mistake its own pause for the loss of the other side (browsers run the timers of hidden pages about once a second:
 * https://developer.chrome.com/blog/timer-throttling-in-chrome-88).
 */
export class Heartbeat {
  #interval
  #idleTimeout
  #clock
  #beat
  #isExcused
  #missed
  #lost
  #timer
  #silence = 0
  #lastTick = 0
  #heardAt = 0

  /**
   * @param {object} options
   * @param {number} options.interval milliseconds between two beats
   * @param {number} options.idleTimeout milliseconds of silence after which the other side counts as lost
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {() => void} options.beat sends one beat
   * @param {() => void} options.missed called after each tick at which nothing has arrived lately
   * @param {() => boolean} [options.isExcused] whether the silence has another cause than the other side, so that it doesn't count for now
   * @param {() => void} options.lost called once when the other side is lost
   */
  constructor({ interval, idleTimeout, clock, beat, missed, isExcused = () => false, lost }) {
    this.#interval = interval
    this.#idleTimeout = idleTimeout
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#beat = beat
    this.#missed = missed
    this.#isExcused = isExcused
    this.#lost = lost
  }

  /** Whether something has arrived from the other side lately. It has if the other page runs and can be reached. */
  get isHeard() {
    return this.#silence < 2 * this.#interval
  }

  start() {
    if (this.#timer.isRunning) return
    this.heard()
    this.#lastTick = this.#clock.now()
    this.#schedule()
  }

  stop() {
    this.#timer.stop()
  }

  /** Must be called for everything that arrives from the other side. */
  heard() {
    this.#silence = 0
    this.#heardAt = this.#clock.now()
  }

  // Private

  #schedule() {
    this.#timer.start(this.#interval, () => this.#tick())
  }

  #tick() {
    const now = this.#clock.now()
    // After a pause of this page's own, what has arrived meanwhile is read first.
    const wasAsleep = now - this.#lastTick >= 2 * this.#interval
    this.#silence += Math.min(now - Math.max(this.#lastTick, this.#heardAt), 2 * this.#interval)
    this.#lastTick = now
    if (this.#isExcused()) this.#silence = Math.min(this.#silence, 2 * this.#interval)
    else if (this.#silence >= this.#idleTimeout) {
      this.stop()
      this.#lost()
      return
    }
    this.#schedule()
    this.#beat()
    if (!this.isHeard && !wasAsleep) this.#missed()
  }
}

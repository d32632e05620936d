import { Timer } from "./clock.js"
import { MAX_LOG_CHARACTERS, MAX_LOG_MESSAGES } from "./message_log.js"

/** Milliseconds that the senders of messages have to come back and send these themselves, before others' word for them is taken. */
export const SETTLE_MLS = 2_000
/** Milliseconds of a host's life in which it takes messages from others than their senders. */
export const FILL_WINDOW_MLS = 10_000

/**
 * Messages that a former host has passed on to some only, and whose senders may be gone: those who have them give them to the new host.
 *
 * @typedef {{ message: import("./conversation.js").Message, size: number, saidUnder: number }} Orphan
 */
export class Orphans {
  #clock
  #timer
  #adopt
  #begunAt
  /** @type {Orphan[]} */
  #waiting = []
  #characters = 0

  /**
   * @param {object} options
   * @param {import("./clock.js").Clock} options.clock
   * @param {(orphans: Orphan[]) => void} options.adopt called with those whose time has come, each sender's in its order
   */
  constructor({ clock, adopt }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#adopt = adopt
    this.#begunAt = clock.now()
  }

  /** Another host came between: there may be messages that only it has passed on. */
  resume() {
    this.#begunAt = this.#clock.now()
  }

  /** @param {Orphan} orphan */
  add(orphan) {
    if (this.#clock.now() - this.#begunAt > FILL_WINDOW_MLS) return
    if (this.#waiting.length >= MAX_LOG_MESSAGES || this.#characters + orphan.size > MAX_LOG_CHARACTERS) return
    this.#waiting.push(orphan)
    this.#characters += orphan.size
    if (!this.#timer.isRunning) this.#timer.start(SETTLE_MLS, () => this.#release())
  }

  stop() {
    this.#timer.stop()
    this.#waiting = []
  }

  #release() {
    const orphans = [...this.#waiting].sort((one, other) => one.message.id - other.message.id)
    this.#waiting = []
    this.#characters = 0
    this.#adopt(orphans)
  }
}

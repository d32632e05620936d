// Recovers messages of absent senders after a change of host.
import { Timer } from "../base/clock.js"
import { MAX_LOG_CHARACTERS, MAX_LOG_MESSAGES } from "./message_log.js"
import { Shares } from "../base/shares.js"

/** Milliseconds that senders have to come back and send their messages themselves, before copies from others are taken. */
export const SETTLE_MS = 2_000
/** Milliseconds after its start during which a host takes messages from peers that aren't their senders. */
export const FILL_WINDOW_MS = 10_000

/**
 * Recovers messages that a former host has passed on to some clients only, and whose senders may be gone: clients that have them give them to the new host. If there
 * is no room for all, the client that has given the most loses its last one.
 *
 * @typedef {{ message: import("./broadcast.js").Message, size: number, saidUnder: number, giver: string }} Orphan
 */
export class Recovery {
  #clock
  #timer
  #adopt
  #begunAt
  /** The messages by their names, in the order in which they were given. @type {Map<string, Orphan>} */
  #waiting = new Map()
  #shares = new Shares()

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(orphans: Orphan[]) => void} options.adopt called with the messages whose time has come, each sender's in its order
   */
  constructor({ clock, adopt }) {
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#adopt = adopt
    this.#begunAt = clock.now()
  }

  /** Another host was there in between, and may have passed on messages that this one lacks. */
  resume() {
    this.#begunAt = this.#clock.now()
  }

  /** @param {Orphan} orphan */
  add(orphan) {
    if (this.#clock.now() - this.#begunAt > FILL_WINDOW_MS) return
    const { senderId, inc, id } = orphan.message
    const name = JSON.stringify([senderId, inc, id])
    if (this.#waiting.has(name)) return
    this.#waiting.set(name, orphan)
    this.#shares.add(orphan.giver, orphan.size)
    if (this.#shares.count > MAX_LOG_MESSAGES) this.#lose(this.#shares.greatest("count"))
    while (this.#shares.size > MAX_LOG_CHARACTERS) this.#lose(this.#shares.greatest("size"))
    if (!this.#timer.isRunning) this.#timer.start(SETTLE_MS, () => this.#release())
  }

  stop() {
    this.#timer.stop()
    this.#waiting.clear()
    this.#shares = new Shares()
  }

  /** Drops the last message that a client has given. @param {string} giver */
  #lose(giver) {
    const [name, { size }] = /** @type {[string, Orphan]} */ ([...this.#waiting].reverse().find(([, orphan]) => orphan.giver === giver))
    this.#waiting.delete(name)
    this.#shares.remove(giver, size)
  }

  #release() {
    const orphans = [...this.#waiting.values()].sort((one, other) => one.message.id - other.message.id)
    this.#waiting.clear()
    this.#shares = new Shares()
    this.#adopt(orphans)
  }
}

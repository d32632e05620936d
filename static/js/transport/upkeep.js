// What each side of a link does to get it connected, and to keep it so.
import { Timer } from "../base/clock.js"

/** Milliseconds after which a client asks its host again to mend their link. */
export const ASK_AGAIN_MS = 3_000
/** Milliseconds after which a host tries again to reach a client directly; the last one is repeated. */
export const ATTEMPTS_MS = Object.freeze([5_000, 15_000, 30_000, 60_000])
/** Milliseconds that the server has to carry a link, where it is to do so first, before the host looks for a direct path: that keeps both pages busy. */
export const HEAD_START_MS = 50
/** Milliseconds between two attempts that a client asks for. */
export const ATTEMPT_PAUSE_MS = 1_000

/**
 * What a client does: it goes over the server if there is no direct path soon, and asks its host for another path if the present one is silent.
 *
 * @typedef {object} ClientTasks
 * @property {() => void} callOverServer opens a path over the server, if there may be one
 * @property {() => void} ask has the host asked to mend the link
 */
export class ClientUpkeep {
  /** Whether nothing is heard from the host, so that another path is needed. */
  isRepairing = false
  /** Whether the server is needed, as long as no direct path carries the link. */
  #wantsServer = false
  #tasks
  #timer

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {ClientTasks} options.tasks
   */
  constructor({ clock, tasks }) {
    this.#tasks = tasks
    this.#timer = new Timer(clock)
  }

  /** The host has begun the link. @param {number} relayAfterMs how long the host's paths have before another one is tried, in milliseconds */
  begin(relayAfterMs) {
    this.#timer.start(relayAfterMs, () => this.failed())
  }

  /** There is no direct path, and perhaps there will be none. */
  failed() {
    this.#wantsServer = true
    this.#tasks.callOverServer()
  }

  /**
   * Nothing is heard from the host, or nothing may be.
   * @param {number} patienceMs milliseconds that the host has to be heard before it is asked
   */
  suspect(patienceMs) {
    if (this.isRepairing) return
    this.isRepairing = patienceMs === 0
    if (this.isRepairing) this.#ask()
    else this.#timer.start(patienceMs, () => this.suspect(0))
  }

  /** This peer is connected to the server. */
  serverReached() {
    if (this.isRepairing || this.#wantsServer) this.failed()
  }

  /** A path carries the link. @param {boolean} isDirect */
  settled(isDirect) {
    this.isRepairing = false
    this.#wantsServer = !isDirect
    this.#timer.stop()
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  #ask() {
    this.#tasks.ask()
    this.#timer.start(ASK_AGAIN_MS, () => this.#ask())
  }
}

/** What a host does: it tries again and again to reach a client directly. */
export class HostUpkeep {
  #clock
  #attempt
  #timer
  /** How many attempts were made, or waited for, since a direct path has carried the link. */
  #count = 0
  #triedAt = -Infinity
  #restartedAt = -Infinity

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(isFirst: boolean) => void} options.attempt
   */
  constructor({ clock, attempt }) {
    this.#clock = clock
    this.#attempt = attempt
    this.#timer = new Timer(clock)
  }

  /** Whether it is going to try again. */
  get isTrying() {
    return this.#timer.isRunning
  }

  /** The server is to carry the link first. */
  hold() {
    this.#timer.start(HEAD_START_MS, () => this.repair())
  }

  /** The client asks for another path. */
  repair() {
    const now = this.#clock.now()
    if (now - this.#triedAt < ATTEMPT_PAUSE_MS) return
    const isFirst = this.#triedAt === -Infinity
    this.#triedAt = now
    this.#attempt(isFirst)
    this.#schedule()
  }

  /** A direct path is to be negotiated anew, although it carries the link. */
  restart() {
    const now = this.#clock.now()
    if (now - this.#restartedAt < ATTEMPT_PAUSE_MS) return
    this.#restartedAt = now
    this.#attempt(true)
  }

  /** The other side was heard over a direct path, with an answer to what this side has said at a time. @param {number} at */
  heard(at) {
    if (at >= this.#triedAt && this.#triedAt > -Infinity) this.settled()
  }

  /** No direct path carries the link. */
  lacksPath() {
    if (!this.#timer.isRunning) this.#schedule()
  }

  /** A direct path carries the link. */
  settled() {
    this.#count = 0
    this.#triedAt = -Infinity
    this.#timer.stop()
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  #schedule() {
    const ms = ATTEMPTS_MS[Math.min(this.#count++, ATTEMPTS_MS.length - 1)]
    this.#timer.start(ms, () => this.repair())
  }
}

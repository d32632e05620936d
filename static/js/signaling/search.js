// Looking for a server that couldn't be reached, until it is there again.
import { Backoff } from "../base/backoff.js"
import { Timer } from "../base/clock.js"

/** Milliseconds before each look for the server; the last value repeats, and each pause is half to one and a half times as long. So a page asks every 30 s in the end. */
export const LOOK_DELAYS_MS = Object.freeze([2_000, 4_000, 8_000, 15_000, 30_000])

/** Looks for the server again and again, gently, and not while the page is hidden. */
export class Search {
  #look
  #timer
  #backoff
  /** What to do when the server is there; null if nobody looks for it. @type {(() => void) | null} */
  #found = null
  /** Ends the wait for a hidden page to be shown. */
  #shown = new AbortController()

  /**
   * @param {object} options
   * @param {() => Promise<boolean>} options.look
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Backoff} [options.backoff]
   */
  constructor({ look, clock, backoff = new Backoff(Math.random, LOOK_DELAYS_MS) }) {
    this.#look = look
    this.#timer = new Timer(clock)
    this.#backoff = backoff
  }

  /** @param {() => void} found called once, when the server is there */
  start(found) {
    this.stop()
    this.#found = found
    this.#wait()
  }

  stop() {
    this.#found = null
    this.#timer.stop()
    this.#shown.abort()
  }

  /** A join has succeeded: the next search begins with short pauses again. A server that only seems to be there is asked as rarely as one that is away. */
  succeed() {
    this.#backoff.reset()
  }

  // Private

  #wait() {
    this.#timer.start(this.#backoff.next(), () => this.#lookWhenShown())
  }

  #lookWhenShown() {
    if (globalThis.document?.hidden) this.#whenShown(() => this.#lookWhenShown())
    else void this.#lookNow()
  }

  /** @param {() => void} act */
  #whenShown(act) {
    this.#shown = new AbortController()
    document.addEventListener("visibilitychange", act, { signal: this.#shown.signal, once: true })
  }

  async #lookNow() {
    const found = this.#found
    const isThere = await this.#look().catch(() => false)
    if (found !== this.#found) return // It was stopped, or begun anew, meanwhile.
    if (isThere) this.#find()
    else this.#wait()
  }

  #find() {
    const found = this.#found
    this.stop()
    found?.()
  }
}

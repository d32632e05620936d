/** The longest time between two peers that is believed, in milliseconds. */
const MAX_RTT_MS = 60_000
/** How much a new measurement counts. */
const WEIGHT = 0.25

/**
 * Measures the time to the other side and back by the heartbeats: each tells its sender's clock, and repeats what the other side's last one told, and for how long
 * that has been known (as RTCP's reports do, RFC 3550, section 6.4.1).
 */
export class RoundTrip {
  /** Milliseconds to the other side and back; null before it is known. @type {number | null} */
  ms = null
  #clock
  /** What the other side's last heartbeat has told, and when that was. @type {{ at: number, now: number } | null} */
  #heard = null

  /** @param {import("../base/clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /** What the next heartbeat tells. */
  stamp() {
    const now = this.#clock.now()
    return { at: Math.round(now), ...(this.#heard && { echo: this.#heard.at, held: Math.round(now - this.#heard.now) }) }
  }

  /** @param {{ at?: number, echo?: number, held?: number }} heartbeat of the other side */
  take({ at, echo, held }) {
    const now = this.#clock.now()
    // A path that was dead delivers at last what a better one has overtaken. That says nothing of the link's time.
    if (at !== undefined && this.#heard && at < this.#heard.at) return
    if (at !== undefined) this.#heard = { at, now }
    if (echo === undefined || held === undefined) return
    const ms = now - echo - held
    // The other side may say anything.
    if (ms > -2 && ms < MAX_RTT_MS) this.ms = this.ms === null ? Math.max(0, ms) : this.ms + WEIGHT * (Math.max(0, ms) - this.ms)
  }
}

// How a link is felt to live: its heartbeats, the time there and back, and how good it is.
import { Heartbeat } from "./heartbeat.js"
import { RoundTrip } from "./round_trip.js"
import { qualityOf } from "./stats.js"

/**
 * The pulse of a link: it beats, hears the other side's beats, and judges by them.
 *
 * @typedef {object} PulseOptions
 * @property {{ intervalMs: number, idleTimeoutMs: number }} heartbeat
 * @property {import("../base/clock.js").Clock} clock
 * @property {() => void} beat sends one heartbeat
 * @property {() => void} missed called again and again while nothing is heard
 * @property {() => boolean} isExcused whether a silence has another cause than the other side
 * @property {() => void} lost called once when the other side has been silent for too long
 * @property {() => void} judged called when the quality has changed
 */
export class Pulse {
  /** @type {import("../wire/link.js").Quality} */
  quality = "good"
  #heartbeat
  #roundTrip
  #judged

  /** @param {PulseOptions} options */
  constructor({ heartbeat, missed, judged, ...options }) {
    this.#judged = judged
    this.#roundTrip = new RoundTrip(options.clock)
    this.#heartbeat = new Heartbeat({
      ...options,
      interval: heartbeat.intervalMs,
      idleTimeout: heartbeat.idleTimeoutMs,
      missed: () => {
        this.#judge()
        missed()
      },
    })
  }

  /** Whether something has arrived from the other side lately. */
  get isHeard() {
    return this.#heartbeat.isHeard
  }

  /** Milliseconds to the other side and back; null before it is known. */
  get rttMs() {
    return this.#roundTrip.ms
  }

  start() {
    this.#heartbeat.start()
  }

  stop() {
    this.#heartbeat.stop()
  }

  /** Must be called for everything that arrives from the other side. */
  heard() {
    this.#heartbeat.heard()
  }

  /** What the next heartbeat tells of the clocks. */
  stamp() {
    return this.#roundTrip.stamp()
  }

  /** @param {import("../wire/frames.js").HeartbeatFrame} frame of the other side */
  take(frame) {
    this.#roundTrip.take(frame)
    this.#judge()
  }

  // Private

  #judge() {
    const quality = qualityOf(this)
    if (quality === this.quality) return
    this.quality = quality
    this.#judged()
  }
}

// What the server has said of this peer's place in the session, and what this peer tells it when it joins.
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"

/** The longest that a browser's timer waits, in milliseconds (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
export const MAX_TERM_MS = 2 ** 31 - 1

/**
 * What the server has said of this peer's place in the session, and what this peer says to it when it joins.
 *
 * @typedef {object} RegistrationDelegate
 * @property {() => void} registrationLapsed the server wasn't reached again for too long
 * @property {() => void} registrationExpired the session's time is over
 */
export class Registration {
  /** Whether this peer may send messages. */
  canSend = true
  /** The server's proof that this peer hosts. @type {string | undefined} */
  seat
  /** The epoch whose host this peer has lost. @type {number | undefined} */
  #lostEpoch
  /** For how long this page may stand still, as the server is told for the case that it hosts. @type {{ idle_timeout_ms?: number }} */
  #ownTimeout
  #delegate
  /** Runs out with the session. */
  #term
  /** Runs out when the server isn't reached again. */
  #outage
  #outageMs

  /**
   * @param {object} options
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {{ idleTimeoutMs: number }} [options.heartbeat]
   * @param {number} options.connectTimeoutMs
   * @param {RegistrationDelegate} options.delegate
   */
  constructor({ clock, heartbeat, connectTimeoutMs, delegate }) {
    this.#ownTimeout = heartbeat ? { idle_timeout_ms: Math.round(heartbeat.idleTimeoutMs) } : {}
    this.#delegate = delegate
    this.#term = new Timer(clock)
    this.#outage = new Deadline(clock)
    this.#outageMs = connectTimeoutMs
  }

  /**
   * What a join says besides the token.
   * @param {number | null} connectedEpoch the epoch of the host that this peer is connected to
   */
  claims(connectedEpoch) {
    if (this.seat) return { ...this.#ownTimeout, seat: this.seat }
    if (connectedEpoch !== null) return { ...this.#ownTimeout, connected_epoch: connectedEpoch }
    return { ...this.#ownTimeout, ...(this.#lostEpoch !== undefined && { lost_epoch: this.#lostEpoch }) }
  }

  /** @param {import("../signaling/signaling.js").Ready} ready the server has taken this peer in */
  learn({ can_send = true, ends_in_ms = Infinity }) {
    this.canSend = can_send
    this.#outage.stop()
    // Who stays longer than a timer can wait joins again before that, and learns it anew.
    if (ends_in_ms <= MAX_TERM_MS) this.#term.start(ends_in_ms, () => this.#delegate.registrationExpired())
  }

  /** The host of this epoch is lost. @param {number} epoch */
  lose(epoch) {
    this.#lostEpoch = epoch
  }

  /** This peer is connected again. */
  found() {
    this.#lostEpoch = undefined
  }

  /** The way to the server is lost. A session that runs doesn't need the server; but nobody can come in, and its app may want to know. */
  dropped() {
    this.#outage.start(this.#outageMs, () => this.#delegate.registrationLapsed())
  }

  /** The server was reached, whatever it has said. */
  answered() {
    this.#outage.stop()
  }

  /** This peer gives its place back. */
  end() {
    this.#term.stop()
    this.#outage.stop()
    this.seat = undefined
  }
}

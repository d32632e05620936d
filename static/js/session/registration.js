// Registration with the server: this peer's place in the session.
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"

/** The longest time that a browser's timer can wait, in milliseconds (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
export const MAX_TERM_MS = 2 ** 31 - 1

/**
 * What the server has said about this peer's place in the session, and what this peer tells the server when it joins.
 *
 * @typedef {object} RegistrationDelegate
 * @property {() => void} registrationLapsed the server couldn't be reached for too long
 * @property {() => void} registrationExpired the session's time is over
 */
export class Registration {
  /** Whether this peer may send messages. */
  canSend = true
  /** The server's proof that this peer is the host. @type {string | undefined} */
  seat
  /** The epoch whose host this peer has lost. @type {number | undefined} */
  #lostEpoch
  /** The epoch to whose host this peer has found no path. @type {number | undefined} */
  #unreachedEpoch
  /** For how long this page may stand still without counting as lost. The server is told this for the case that this peer becomes the host. @type {{ idle_timeout_ms?: number }} */
  #ownTimeout
  #delegate
  /** Runs out when the session ends. */
  #term
  /** Runs out if the server isn't reached again in time. */
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
   * What a join tells the server besides the token.
   * @param {number | null} connectedEpoch the epoch of the host that this peer is connected to
   * @param {string} [link] the link to that host, if the host is to mend it
   */
  claims(connectedEpoch, link) {
    if (this.seat) return { ...this.#ownTimeout, seat: this.seat }
    if (connectedEpoch !== null) return { ...this.#ownTimeout, connected_epoch: connectedEpoch, ...(link !== undefined && { link }) }
    const epochs = { lost_epoch: this.#lostEpoch, unreached_epoch: this.#unreachedEpoch }
    return { ...this.#ownTimeout, ...Object.fromEntries(Object.entries(epochs).filter(([, epoch]) => epoch !== undefined)) }
  }

  /** @param {import("../signaling/signaling.js").Ready} ready the server has taken this peer in */
  learn({ can_send = true, ends_in_ms = Infinity }) {
    this.canSend = can_send
    this.#outage.stop()
    // A longer time than a timer can wait needs none: this peer joins again before that, and learns the time anew.
    if (ends_in_ms <= MAX_TERM_MS) this.#term.start(ends_in_ms, () => this.#delegate.registrationExpired())
  }

  /** The host of this epoch is lost. @param {number} epoch */
  lose(epoch) {
    this.#lostEpoch = epoch
  }

  /** Whether this peer has lost the host of this epoch, and isn't connected again. @param {number} epoch */
  hasLost(epoch) {
    return epoch === this.#lostEpoch
  }

  /** There is no path to the host of this epoch. The server is told, so that another peer can be the host. @param {number | undefined} epoch undefined if there may be one now */
  miss(epoch) {
    this.#unreachedEpoch = epoch
  }

  /** This peer is connected again. */
  found() {
    this.#lostEpoch = this.#unreachedEpoch = undefined
  }

  /** The connection to the server is lost. A session that runs doesn't need the server. But nobody can come in without it, and the app may want to know. */
  dropped() {
    this.#outage.start(this.#outageMs, () => this.#delegate.registrationLapsed())
  }

  /** The server was reached, whatever it has answered. */
  answered() {
    this.#outage.stop()
  }

  /** This peer gives its place in the session back. */
  end() {
    this.#term.stop()
    this.#outage.stop()
    this.seat = undefined
  }
}

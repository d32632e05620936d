// When a peer tries again to get connected, and when it gives up.
import { Backoff, MAX_REJOINS } from "../base/backoff.js"
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"

/** Milliseconds without an attempt after which attempts are counted from 0 again. */
export const CALM_MS = 60_000
/** How often in a row the server may ask a peer in a running session to wait, before its app is told. */
export const PATIENT_TRIES = 5

/**
 * A peer's attempts to get connected: each has a limited time, and after one that has failed, the next one begins after a pause.
 *
 * @typedef {import("../base/errors.js").P2pError} P2pError
 */
export class Reconnection {
  #timeoutMs
  #autoReconnect
  #backoff
  #clock
  #attempt
  #pause
  /** Why the server asked this peer to come again later, within the present attempt. @type {P2pError | null} */
  #refusal = null
  /** Whether an attempt has succeeded since the app last asked for a connection. */
  #wasConnected = false
  /** When the last repeated attempt was begun. */
  #triedAt = -Infinity
  /** The number of repeated attempts since the last calm time (see CALM_MS), successful or not. */
  #tries = 0

  /**
   * @param {object} options
   * @param {number} options.connectTimeoutMs
   * @param {boolean} options.autoReconnect
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Backoff} [options.backoff]
   */
  constructor({ connectTimeoutMs, autoReconnect, clock, backoff = new Backoff() }) {
    this.#timeoutMs = connectTimeoutMs
    this.#autoReconnect = autoReconnect
    this.#backoff = backoff
    this.#clock = clock
    this.#attempt = new Deadline(clock)
    this.#pause = new Timer(clock)
  }

  /** Whether an attempt is under way. */
  get isRunning() {
    return this.#attempt.isRunning
  }

  /** Whether the next step waits for its time to come. */
  get isWaiting() {
    return this.#pause.isRunning
  }

  /** Why the session can't be joined now, if the server has said it; otherwise null. */
  get refusal() {
    return this.#refusal
  }

  /**
   * Begins an attempt, unless one is under way. It ends with the time-out at the latest.
   * @param {() => void} timedOut
   */
  begin(timedOut) {
    if (this.isRunning) return
    this.#pause.stop()
    this.#refusal = null
    this.#attempt.start(this.#timeoutMs, timedOut)
  }

  /** The attempt has succeeded, so the next one needn't wait long. It still counts as one: there may be a host that all can connect to, and none can stay with. */
  succeed() {
    this.stop()
    this.#backoff.reset()
    this.#wasConnected = true
  }

  /** Ends what is under way. */
  stop() {
    this.#attempt.stop()
    this.#pause.stop()
  }

  /** Counts from 0 again, because the app has asked for a connection. */
  reset() {
    this.stop()
    this.#forgetTries()
    this.#wasConnected = false
  }

  /**
   * Joins a little later, as the server wants it. The attempt's time goes on running.
   * @param {P2pError} refusal
   * @param {number} ms
   * @param {() => void} join
   */
  comeAgain(refusal, ms, join) {
    this.#refusal = refusal
    this.#pause.start(ms, join)
  }

  /**
   * Whether another attempt can help, and there haven't been too many.
   * @param {P2pError} error
   */
  mayTryAgain(error) {
    return error.retry && (this.#tries < MAX_REJOINS || this.#isCalm)
  }

  /**
   * Whether a loss, or a failed attempt to come back from one, is followed by another attempt.
   * @param {P2pError} error
   */
  mayRecover(error) {
    return this.#wasConnected && this.#autoReconnect && this.mayTryAgain(error)
  }

  /**
   * Whether the app should be told that the server doesn't take back a peer in a running session. If the server only asks it to wait a little, that is no trouble.
   * @param {P2pError} error
   */
  isNews({ retryAfterMls }) {
    return retryAfterMls === undefined || this.#tries === PATIENT_TRIES
  }

  /**
   * Tries again after a pause. If there were too many attempts, and there is nothing else to do, the pause is as long as a calm time (see CALM_MS).
   * @param {() => void} attempt
   * @param {number} [least] milliseconds that the server wants this peer to wait
   */
  tryAgain(attempt, least = 0) {
    if (this.#isCalm) this.#forgetTries()
    const most = this.#tries < MAX_REJOINS ? 0 : CALM_MS + 1
    this.#tries += 1
    this.#triedAt = this.#clock.now()
    this.#pause.start(Math.max(this.#backoff.next(), least, most), attempt)
  }

  get #isCalm() {
    return this.#clock.now() - this.#triedAt > CALM_MS
  }

  #forgetTries() {
    this.#tries = 0
    this.#backoff.reset()
  }

  /**
   * The state of a peer that gives up.
   * @param {P2pError} error
   * @returns {"closed" | "disconnected" | "failed"} "closed" if this peer has no place in the session any more
   */
  stateAfter(error) {
    if (error.code === "peer_replaced") return "closed"
    if (!this.#wasConnected) return "failed"
    if (isExpulsion(error)) return "closed"
    return error.retry ? "disconnected" : "failed"
  }
}

/**
 * Whether the error says that this peer, or the session, is over for good.
 * @param {P2pError} error
 */
export function isExpulsion({ code }) {
  return code === "peer_replaced" || code === "forbidden" || code === "session_expired"
}

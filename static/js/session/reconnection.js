// When a peer tries again to get connected, and when it gives up.
import { Backoff, MAX_REJOINS } from "../base/backoff.js"
import { Timer } from "../base/clock.js"
import { Deadline } from "../base/deadline.js"
import { P2pError } from "../base/errors.js"

/** Milliseconds without another attempt after which counting them begins anew. */
export const CALM_MS = 60_000
/** How often a peer in a running session is asked for patience, one time after the other, before its app is told. */
export const PATIENT_TRIES = 5

/** A peer's attempts to get connected: each has its time, and after one that failed the next one waits its turn. */
export class Reconnection {
  #timeoutMs
  #autoReconnect
  #backoff
  #clock
  #attempt
  #pause
  /** Why the server has this peer come again, within the present attempt. @type {P2pError | null} */
  #refusal = null
  /** Whether one has succeeded since the app last asked for it. */
  #wasConnected = false
  /** When it was last tried again. */
  #triedAt = -Infinity
  /** How often since there was a calm time, whether it succeeded or not. */
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

  /** Whether the next step waits for its time. */
  get isWaiting() {
    return this.#pause.isRunning
  }

  /** Why the server can't be joined, as far as it said. */
  get refusal() {
    return this.#refusal ?? new P2pError("signaling_lost")
  }

  /**
   * Begins an attempt, unless one is under way; it is over by the time-out at the latest.
   * @param {() => void} timedOut
   */
  begin(timedOut) {
    if (this.isRunning) return
    this.#pause.stop()
    this.#refusal = null
    this.#attempt.start(this.#timeoutMs, timedOut)
  }

  /** The attempt has succeeded: the next one comes soon. It counts all the same, as a host may be one that everybody gets connected to and nobody can stay with. */
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

  /** Counts from the beginning: the app asks anew. */
  reset() {
    this.stop()
    this.#forgetTries()
    this.#wasConnected = false
  }

  /**
   * Joins a little later, as the server wants it; the attempt's time goes on.
   * @param {P2pError} refusal
   * @param {number} ms
   * @param {() => void} join
   */
  comeAgain(refusal, ms, join) {
    this.#refusal = refusal
    this.#pause.start(ms, join)
  }

  /**
   * Whether it can help to try again, and hasn't been tried too often.
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
   * Whether it is worth a word that the server doesn't take back who is in a running session: to be asked for a little patience is no trouble.
   * @param {P2pError} error
   */
  isNews({ retryAfterMls }) {
    return retryAfterMls === undefined || this.#tries === PATIENT_TRIES
  }

  /**
   * Tries again when its time has come. What is tried too often, as there is nothing else to do, waits until that counts as calm.
   * @param {() => void} attempt
   * @param {number} [least] milliseconds that the server wants it to wait
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
   * @returns {"closed" | "disconnected" | "failed"} closed where this peer has no place in the session any more
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

// Renews a page's token before it expires.
import { Timer } from "../base/clock.js"
import { ERRORS, P2pError } from "../base/errors.js"
import { isRecord } from "../base/fields.js"
import { MAX_RENEWAL_CHARACTERS, MAX_TOKEN_CHARACTERS, RENEWAL_PAUSE_MS, RENEWAL_TIMEOUT_MS } from "../base/limits.js"

/** The fraction of a token's life after which it is renewed. */
export const RENEWAL_PART = 0.75
/** The same of the ICE servers' credentials. */
export const ICE_RENEWAL_PART = 0.8
/** The longest pause before a failed renewal is tried again, in milliseconds. */
export const RENEWAL_RETRY_MS = 30_000
/** The fraction of the rest of a token's life that one attempt, or the pause after it, may take. So there is time for several attempts, however short the rest is. */
export const ATTEMPT_PART = 1 / 3
/** The longest time that a browser's timer can wait, in milliseconds (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
const MAX_TIMER_MS = 2 ** 31 - 1
/** Milliseconds between two looks at the clock. A timer alone isn't enough: on some systems, the page's timers and clock stand still while the machine sleeps (https://github.com/w3c/hr-time/issues/115). */
export const RENEWAL_LOOK_MS = 30_000

const HINT = "Let POST requests to the address in token-url pass whatever stands before it, such as CSRF protection or a login: the signed token in the body is the proof."

/** Renews a page's token in time, so that a session can last longer than one token. */
export class TokenRenewal {
  /** The present token. @type {string} */
  token
  /** How many milliseconds the token lasts from its arrival. @type {number} */
  expiresInMs
  #url
  /** When the present token arrived, by both clocks. */
  #came = { now: 0, wall: 0 }
  #clock
  #fetch
  #renewed
  #failed
  /** The reason that the app was told last, since the last successful renewal. */
  #told = ""
  #timer
  #look
  #iceRenewed
  /** The token's age at which other ICE servers are needed. */
  #iceDue = Infinity
  #isAsking = false
  #hasEnded = false

  /**
   * @param {object} options
   * @param {string} options.token
   * @param {number} options.tokenExpiresInMs how long the token lasts; 0 if it isn't to be renewed
   * @param {string} options.tokenUrl where the server renews it, on the page's own origin
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {(renewal: TokenRenewal) => void} [options.renewed] the server has given a newer token
   * @param {(iceServers: RTCIceServer[]) => void} [options.iceRenewed] the server has given other ICE servers with it
   * @param {(error: P2pError) => void} options.failed called once for each reason why the token can't be renewed; a session that is joined already goes on
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({ token, tokenExpiresInMs, tokenUrl, clock, renewed = () => undefined, iceRenewed = () => undefined, failed, fetch = (...request) => globalThis.fetch(...request) }) {
    this.token = token
    this.expiresInMs = tokenExpiresInMs
    this.#url = tokenUrl
    this.#fetch = fetch
    this.#renewed = renewed
    this.#iceRenewed = iceRenewed
    this.#failed = failed
    this.#clock = clock
    this.#timer = new Timer(clock)
    this.#look = new Timer(clock)
  }

  start() {
    this.#came = { now: this.#clock.now(), wall: this.#clock.wall() }
    this.#iceDue = Infinity
    this.#plan(0)
  }

  /** The credentials of the ICE servers end, too. @param {number} ms how long they last from now */
  renewIceWithin(ms) {
    this.#iceDue = this.#age + Math.max(ms * ICE_RENEWAL_PART, RENEWAL_PAUSE_MS)
    if (!this.#isAsking && !this.#hasEnded) this.#plan(this.#age)
  }

  /**
   * Goes on with another token, because the page was rendered anew and has a new one.
   * @param {{ token: string, tokenExpiresInMs: number, tokenUrl: string }} options
   * @returns {boolean} whether the token is a different one
   */
  take({ token, tokenExpiresInMs, tokenUrl }) {
    if (token === this.token && tokenUrl === this.#url) return false
    this.#url = tokenUrl
    this.#timer.stop()
    this.#look.stop()
    this.#begin(token, tokenExpiresInMs)
    return true
  }

  stop() {
    this.#hasEnded = true
    this.#timer.stop()
    this.#look.stop()
  }

  // Private

  /** For how long this page has had its token: the longer of what the two clocks say. */
  get #age() {
    return Math.max(this.#clock.now() - this.#came.now, this.#clock.wall() - this.#came.wall)
  }

  /** Waits until the token has to be renewed, or the ICE servers. @param {number} age the token's */
  #plan(age) {
    const tokenDue = this.expiresInMs > 0 ? Math.max(this.expiresInMs * RENEWAL_PART, RENEWAL_PAUSE_MS) : Infinity
    const due = Math.min(tokenDue, this.#iceDue)
    if (due < Infinity && this.#url) this.#schedule(Math.max(0, due - age))
  }

  /** @param {number} ms */
  #schedule(ms) {
    this.#timer.start(Math.min(ms, MAX_TIMER_MS), () => void this.#renew())
    this.#watch(this.#age + ms)
  }

  /** Looks whether the machine has slept. @param {number} due the token's age at which it is renewed */
  #watch(due) {
    this.#look.start(RENEWAL_LOOK_MS, () => {
      if (this.#age < due) this.#watch(due)
      else void this.#renew()
    })
  }

  async #renew() {
    this.#look.stop()
    const patience = new AbortController()
    this.#timer.start(this.#partOfRest(RENEWAL_TIMEOUT_MS), () => patience.abort())
    const { token } = this
    this.#isAsking = true
    const answer = await this.#request(patience.signal)
    this.#isAsking = false
    if (this.#hasEnded || token !== this.token) return
    this.#timer.stop()
    if (isGood(answer)) this.#accept(answer)
    else this.#miss(answer instanceof P2pError ? answer : null)
  }

  /** @param {{ token: string, expires_in_ms: number, ice_servers?: unknown, ice_expires_in_ms?: unknown }} answer */
  #accept({ token, expires_in_ms, ice_servers, ice_expires_in_ms }) {
    this.#begin(token, expires_in_ms)
    if (typeof ice_expires_in_ms === "number") this.renewIceWithin(ice_expires_in_ms)
    this.#renewed(this)
    if (Array.isArray(ice_servers)) this.#iceRenewed(ice_servers)
  }

  /**
   * @param {string} token
   * @param {number} expiresInMs
   */
  #begin(token, expiresInMs) {
    this.token = token
    this.expiresInMs = expiresInMs
    this.#told = ""
    this.start()
  }

  /**
   * A renewal has failed. The app is told early, because otherwise it would notice only when it has to join again.
   * @param {P2pError | null} refusal null if another attempt may succeed
   */
  #miss(refusal) {
    // Measured by the page's own clock, because the time of day may have been set wrong.
    const isOver = this.#clock.now() - this.#came.now >= this.expiresInMs
    const error = refusal ?? (isOver ? new P2pError("token_expired", { message: "The token of this page could not be renewed in time." }) : null)
    if (refusal?.retry !== false) this.#schedule(this.#partOfRest(RENEWAL_RETRY_MS))
    if (!error || error.code === this.#told) return
    this.#told = error.code
    this.#failed(error)
  }

  /**
   * A time that leaves room for more attempts before the token expires. Once it has expired, there is no hurry.
   * @param {number} most milliseconds
   */
  #partOfRest(most) {
    const rest = this.expiresInMs - this.#age
    return rest > 0 ? Math.min(most, Math.max(rest * ATTEMPT_PART, RENEWAL_PAUSE_MS)) : most
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<any>} the server's answer; a P2pError if it refuses; null if it can't be reached, or can't renew the token at the moment
   */
  async #request(signal) {
    try {
      const response = await this.#fetch(this.#url, {
        method: "POST",
        mode: "same-origin",
        credentials: "same-origin",
        redirect: "manual", // a redirect may lead anywhere
        referrerPolicy: "same-origin",
        cache: "no-store",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: this.token }),
        signal,
      })
      const answer = parsed(await readText(response))
      return isGood(answer) ? answer : refusalIn(answer, response)
    } catch {
      return null
    }
  }
}

/**
 * @param {any} answer
 * @param {Response} response
 * @returns {P2pError | null}
 */
function refusalIn(answer, { status, type }) {
  const code = answer?.ok === false && isRecord(answer.error) ? answer.error.code : undefined
  if (typeof code === "string" && Object.hasOwn(ERRORS, code)) return answer.error.retry === false ? P2pError.fromPayload(answer.error) : null
  // Something else has answered in place of the server's own view.
  const isRefused = type === "opaqueredirect" || (status >= 400 && status < 500 && status !== 408 && status !== 429)
  return isRefused ? new P2pError("unauthorized", { message: `The token of this page isn't renewed: the server answers with ${status === 0 ? "a redirect" : `status ${status}`}.`, hint: HINT, retry: true }) : null
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null // an answer that isn't from the server's own view is HTML, as a rule
  }
}

/** @param {any} answer */
function isGood(answer) {
  if (answer?.ok !== true) return false
  const { token, expires_in_ms } = answer
  return typeof token === "string" && token !== "" && token.length <= MAX_TOKEN_CHARACTERS && typeof expires_in_ms === "number" && expires_in_ms >= 1
}

/**
 * @param {Response} response
 * @throws {RangeError} if the text is too long, or never ends
 */
async function readText(response) {
  const decoder = new TextDecoder()
  if (!response.body) return ""
  const reader = response.body.getReader()
  for (let text = ""; ;) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    if (done) return text
    if (text.length > MAX_RENEWAL_CHARACTERS) {
      void reader.cancel()
      throw new RangeError("The answer is too long.")
    }
  }
}

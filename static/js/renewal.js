import { Timer } from "./clock.js"
import { MAX_RENEWAL_CHARACTERS, MAX_TOKEN_CHARACTERS, RENEWAL_PAUSE_MLS, RENEWAL_TIMEOUT_MLS } from "./limits.js"

/** The part of a token's life after which it is renewed. */
export const RENEWAL_PART = 0.75
/** Milliseconds before a renewal that failed is tried again, at most. */
export const RENEWAL_RETRY_MLS = 30_000
/** The part of what is left of a token's life that one attempt, or the pause after it, may take: there is time for several, however short it is. */
export const ATTEMPT_PART = 1 / 3
/** The longest that a browser's timer waits (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
const MAX_TIMER_MLS = 2 ** 31 - 1

/** Keeps a page's token fresh, so that a long session doesn't end with its first one. */
export class Renewal {
  /** The present token. @type {string} */
  token
  /** Milliseconds that it lasts from when it came. @type {number} */
  expiresInMls
  #url
  /** When the present token expires, after the page's clock. */
  #expiresAt = 0
  #clock
  #fetch
  #renewed
  #timer
  #hasEnded = false

  /**
   * @param {object} options
   * @param {string} options.token
   * @param {number} options.tokenExpiresInMls how long it lasts; 0 where it is not to be renewed
   * @param {string} options.tokenUrl where the server renews it, on the page's own origin
   * @param {import("./clock.js").Clock} options.clock
   * @param {(renewal: Renewal) => void} [options.renewed] the server has given a newer token
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({ token, tokenExpiresInMls, tokenUrl, clock, renewed = () => undefined, fetch = (...request) => globalThis.fetch(...request) }) {
    this.token = token
    this.expiresInMls = tokenExpiresInMls
    this.#url = tokenUrl
    this.#fetch = fetch
    this.#renewed = renewed
    this.#clock = clock
    this.#timer = new Timer(clock)
  }

  start() {
    this.#expiresAt = this.#clock.now() + this.expiresInMls
    if (this.expiresInMls > 0 && this.#url) this.#schedule(Math.max(this.expiresInMls * RENEWAL_PART, RENEWAL_PAUSE_MLS))
  }

  /**
   * Goes on with another token, as a page that was rendered anew has it.
   * @param {{ token: string, tokenExpiresInMls: number, tokenUrl: string }} options
   * @returns {boolean} whether it is another one
   */
  take({ token, tokenExpiresInMls, tokenUrl }) {
    if (token === this.token && tokenUrl === this.#url) return false
    this.token = token
    this.expiresInMls = tokenExpiresInMls
    this.#url = tokenUrl
    this.#timer.stop()
    this.start()
    return true
  }

  stop() {
    this.#hasEnded = true
    this.#timer.stop()
  }

  // Private

  /** @param {number} mls */
  #schedule(mls) {
    this.#timer.start(Math.min(mls, MAX_TIMER_MLS), () => void this.#renew())
  }

  async #renew() {
    const patience = new AbortController()
    this.#timer.start(this.#partOfRest(RENEWAL_TIMEOUT_MLS), () => patience.abort())
    const { token } = this
    const answer = await this.#request(patience.signal)
    if (this.#hasEnded || token !== this.token) return
    this.#timer.stop()
    if (isGood(answer)) {
      this.token = answer.token
      this.expiresInMls = answer.expires_in_ms
      this.start()
      this.#renewed(this)
    } else if (answer?.error?.retry !== false) {
      this.#schedule(this.#partOfRest(RENEWAL_RETRY_MLS))
    }
    // Else it is final: this peer hears of it when it has to join again.
  }

  /**
   * So long that others fit in before the token expires; once it has, there is no hurry.
   * @param {number} most milliseconds
   */
  #partOfRest(most) {
    const rest = this.#expiresAt - this.#clock.now()
    return rest > 0 ? Math.min(most, Math.max(rest * ATTEMPT_PART, RENEWAL_PAUSE_MLS)) : most
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<any>} null where the server can't be reached, or says what can't be read
   */
  async #request(signal) {
    try {
      const response = await this.#fetch(this.#url, {
        method: "POST",
        mode: "same-origin",
        credentials: "same-origin",
        redirect: "error", // which may lead anywhere
        referrerPolicy: "same-origin",
        cache: "no-store",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: this.token }),
        signal,
      })
      return JSON.parse(await readText(response))
    } catch {
      return null
    }
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
 * @throws {RangeError} if it is too long, or never ends
 */
async function readText(response) {
  const decoder = new TextDecoder()
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).getReader()
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

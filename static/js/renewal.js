import { Timer } from "./clock.js"

/** The part of a token's life after which it is renewed. */
export const RENEWAL_PART = 0.75
/** Milliseconds before a renewal that failed is tried again. */
export const RENEWAL_RETRY_MLS = 30_000
/** The longest that a browser's timer waits (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
const MAX_TIMER_MLS = 2 ** 31 - 1

/** Keeps a page's token fresh, so that a long session doesn't end with its first one. */
export class Renewal {
  /** The present token. @type {string} */
  token
  #url
  #expiresInMls
  #fetch
  #timer

  /**
   * @param {object} options
   * @param {string} options.token
   * @param {number} options.tokenExpiresInMls how long it lasts; 0 where it is not to be renewed
   * @param {string} options.tokenUrl where the server renews it
   * @param {import("./clock.js").Clock} options.clock
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({ token, tokenExpiresInMls, tokenUrl, clock, fetch = (...request) => globalThis.fetch(...request) }) {
    this.token = token
    this.#expiresInMls = tokenExpiresInMls
    this.#url = tokenUrl
    this.#fetch = fetch
    this.#timer = new Timer(clock)
  }

  start() {
    if (this.#expiresInMls > 0 && this.#url) this.#schedule(this.#expiresInMls * RENEWAL_PART)
  }

  stop() {
    this.#timer.stop()
  }

  // Private

  /** @param {number} mls */
  #schedule(mls) {
    this.#timer.start(Math.min(mls, MAX_TIMER_MLS), () => void this.#renew())
  }

  async #renew() {
    const answer = await this.#request()
    if (answer?.ok) {
      this.token = answer.token
      this.#expiresInMls = answer.expires_in_ms
      this.start()
    } else if (answer?.error?.retry !== false) {
      this.#schedule(RENEWAL_RETRY_MLS)
    }
    // Else it is final: this peer hears of it when it has to join again.
  }

  /** @returns {Promise<any>} null where the server can't be reached */
  async #request() {
    try {
      const body = JSON.stringify({ token: this.token })
      const response = await this.#fetch(this.#url, { method: "POST", headers: { "Content-Type": "application/json" }, body })
      return await response.json()
    } catch {
      return null
    }
  }
}

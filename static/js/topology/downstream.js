import { Allowance } from "./allowance.js"
import { failureOf, P2pError } from "../base/errors.js"
import { RateLimiter } from "./rate_limiter.js"
import { Newest } from "./newest.js"

/** A client as its host sees it: the link to it, and how much the host passes on for it, at which rate. */
export class Downstream {
  #limiter
  #letterLimiter
  #news

  /**
   * @param {object} options
   * @param {import("../wire/link.js").Link} options.link
   * @param {boolean} options.canSend
   * @param {boolean} [options.canHost]
   * @param {import("../base/clock.js").Clock} options.clock
   * @param {Allowance} [options.allowance] what the client's earlier connections have left of its allowance
   */
  constructor({ link, canSend, canHost = true, clock, allowance = new Allowance(clock) }) {
    this.link = link
    this.canSend = canSend
    this.canHost = canHost
    /** When the client had taken the offer, so that the two browsers looked for a path, on the clock. */
    this.triedAt = Infinity
    this.allowance = allowance
    const overflowed = () => link.dismiss(new P2pError("rate_limited", { message: "This peer sends more than its host can pass on." }))
    this.#limiter = new RateLimiter({ clock, allowance, overflowed })
    this.#letterLimiter = new RateLimiter({ clock, allowance: allowance.letters, overflowed })
    this.#news = new Newest({ clock, bucket: allowance.news })
  }

  get peerId() {
    return this.link.peerId
  }

  get isConnected() {
    return this.link.state === "connected"
  }

  // What the client says

  /**
   * Passes on something that is for everyone, at the client's rate.
   * @param {number} size in characters
   * @param {() => void} deliver
   * @param {number} [copies] to how many it goes
   */
  pass(size, deliver, copies) {
    this.#limiter.pass(size, deliver, copies)
  }

  /**
   * Passes on something that is for one other peer. It doesn't wait behind what is for everyone, which costs so much more: an honest client paces it by the
   * clock, and not by what has been passed on.
   * @param {number} size in characters
   * @param {() => void} route
   */
  post(size, route) {
    this.#letterLimiter.pass(size, route)
  }

  /**
   * Passes on something of which only the newest counts: while it waits, something newer of its kind replaces it.
   * @param {string} kind
   * @param {() => void} pass
   */
  tell(kind, pass) {
    this.#news.pass(kind, pass)
  }

  /**
   * Whether a message that may be lost is passed on.
   * @param {number} size in characters
   */
  admitsFast(size) {
    return this.allowance.fastMessages.tryTake(1) && this.allowance.fastCharacters.tryTake(size)
  }

  /**
   * Does something for this client. If a message can't be passed on, that is the fault of its sender, and nobody else must suffer for it.
   * @param {() => void} act
   */
  attend(act) {
    const error = failureOf(act)
    if (error) this.link.dismiss(error)
  }

  /** @param {P2pError} [reason] */
  close(reason) {
    this.#rest()
    this.link.close(reason)
  }

  abort() {
    this.#rest()
    this.link.abort()
  }

  #rest() {
    this.#limiter.stop()
    this.#letterLimiter.stop()
    this.#news.stop()
  }
}

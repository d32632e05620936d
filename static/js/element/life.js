// The life of an element: keeps it in the session that its attributes name, as long as it is in a page.
import { systemClock } from "../base/clock.js"
import { ownOrigin } from "./attribute_parsing.js"
import { checkIceServers } from "../transport/peer_connection.js"
import { P2pError } from "../base/errors.js"
import { readAttributes } from "./attributes.js"
import { Page } from "./page.js"
import { Stay } from "./stay.js"

/**
 * Keeps an element in the session that its attributes name, as long as it is in a page that people see. settle() reads from the element which session it should be
 * in, and joins or leaves accordingly, whatever has happened to the element before.
 *
 * @typedef {import("./attributes.js").Attributes} Attributes
 *
 * @typedef {object} LifeDelegate
 * @property {() => void} lifeSettled
 * @property {(error: P2pError) => void} lifeRefused the attributes are invalid
 */
export class Life {
  #element
  #topics
  #delegate
  #page = new Page(this)
  /** The present stay; one that has ended is kept until there is another. @type {Stay | null} */
  #stay = null
  /** Why the attributes are invalid. @type {P2pError | null} */
  #refusal = null
  /** How often the element was taken out of the page in this turn of the event loop. It may be back before the turn ends. */
  #moves = 0
  #isDue = false
  /** Whether the element was in the session when its page went into the browser's cache, so that it has to join again when the page comes back. */
  #comesBack = false

  /**
   * @param {Element} element
   * @param {import("../messaging/topics.js").Topics} topics
   * @param {LifeDelegate & import("../session/session.js").SessionOptions["delegate"]} delegate
   */
  constructor(element, topics, delegate) {
    this.#element = element
    this.#topics = topics
    this.#delegate = delegate
  }

  get session() {
    return this.#stay?.session ?? null
  }

  get peerId() {
    return this.#stay?.peerId ?? ""
  }

  get isRefused() {
    return this.#refusal !== null
  }

  /**
   * The peer of the session that the attributes name now, even if they have changed only a moment ago.
   * @throws {P2pError} `not_joined`
   */
  get joined() {
    if (this.#isDue) this.settle()
    const { isRefused } = this
    if (!isRefused && this.#stay && !this.#stay.hasEnded) return this.#stay.session
    throw new P2pError("not_joined", { message: isRefused ? "This peer is failed." : "The frame is not in the page." })
  }

  /** The element has changed, or has come into the page. Calls settle() once the change is complete. */
  changed() {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => { if (this.#isDue) this.settle() })
  }

  /** The element has left the page. If it is only being moved, it is back in the next turn of the event loop. A microtask would be too early for Turbo. */
  removed() {
    this.#moves += 1
    systemClock.soon(() => {
      this.#moves -= 1
      this.settle()
    })
  }

  /** Leaves and joins again, whatever the state. */
  reconnect() {
    const stay = this.#stay
    this.#refusal = null
    this.settle()
    if (stay === this.#stay) stay?.reconnect()
  }

  /** Makes the stay fit the element. The app is told of it, and may change everything while it is told. @returns {void} */
  settle() {
    this.#isDue = false
    const wanted = this.#isWanted ? this.#read() : null
    const options = wanted instanceof P2pError ? null : wanted
    if (this.#stay && !this.#stay.hasEnded && !this.#stay.isFor(options)) {
      this.#stay.end()
      return this.settle()
    }
    if (wanted instanceof P2pError) this.#refuse(wanted)
    else this.#stayIn(options)
    this.#delegate.lifeSettled()
  }

  // News from the page

  pageReady() {
    this.settle()
  }

  windowGone() {
    this.removed()
  }

  pageHidden() {
    this.#comesBack = this.#stay?.isLive ?? false
    if (this.#comesBack) this.session?.abort()
  }

  pageShown() {
    if (this.#comesBack) this.session?.reconnect()
    else this.pageOnline()
  }

  pageOnline() {
    this.session?.hurry()
  }

  // News from the stay

  /** There is a newer token. It is written into the element, so that a copy of the element, or the element put back into the page, has a valid one. @param {import("../signaling/token_renewal.js").TokenRenewal} renewal */
  stayRenewed({ token, expiresInMs }) {
    this.#rewrite("token", token)
    this.#rewrite("token-expires-in-ms", `${Math.floor(expiresInMs)}`)
  }

  // Private

  /**
   * @param {string} name
   * @param {string} value
   */
  #rewrite(name, value) {
    if (this.#element.hasAttribute(name)) this.#element.setAttribute(name, value)
  }

  get #isWanted() {
    const { isConnected, ownerDocument } = this.#element
    return (isConnected && ownerDocument.defaultView !== null) || this.#moves > 0
  }

  #read() {
    try {
      const options = readAttributes(this.#element, ownOrigin(), this.#stay?.token)
      if (options.iceServers && !this.#stay?.hasServersOf(options)) checkIceServers(options.iceServers)
      return options
    } catch (error) {
      return error instanceof P2pError ? error : new P2pError("internal", { cause: error })
    }
  }

  /** @param {P2pError} error only the app is told, and only once */
  #refuse(error) {
    if (this.#refusal?.message === error.message) return
    this.#refusal = error
    this.#stay = null
    this.#topics.forget()
    this.#delegate.lifeRefused(error)
  }

  /** @param {Attributes | null} options */
  #stayIn(options) {
    this.#refusal = null
    if (!options) return this.#page.stop()
    const view = this.#element.ownerDocument.defaultView
    if (view) this.#page.start(view)
    if (this.#stay && !this.#stay.hasEnded) this.#stay.renew(options)
    else this.#enter(options)
    if (this.#page.isReady && this.#element.isConnected) this.#stay?.start()
  }

  /** @param {Attributes} options */
  #enter(options) {
    if (this.#stay && !this.#stay.isFor(options)) this.#topics.forget()
    this.#stay = new Stay(options, this.#topics, this.#delegate, (renewal) => this.stayRenewed(renewal))
  }
}

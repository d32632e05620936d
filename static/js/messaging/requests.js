// Requests to single peers, and the answers to them.
import { Content } from "../wire/content.js"
import { guarded, P2pError } from "../base/errors.js"
import { Deadline } from "../base/deadline.js"
import { isBlob } from "../base/kinds.js"
import { ANSWER_TERM_MS, MAX_REQUESTS, MAX_REQUESTS_OF_PAIR } from "../base/limits.js"
import { Shares } from "../base/shares.js"

/** Milliseconds that a peer has to answer a request, if the app doesn't say. */
export const REQUEST_TIMEOUT_MS = 10_000
/** The longest time that a browser's timer can wait, in milliseconds (https://html.spec.whatwg.org/#timers: a signed 32-bit number). */
const MAX_TERM_MS = 2 ** 31 - 1

/**
 * @typedef {import("./unicast.js").Letter} Letter
 * @typedef {{ peerId: string, resolve: (value: any) => void, reject: (error: unknown) => void }} Pending
 */

/**
 * @typedef {object} RequestsOptions
 * @property {import("../base/clock.js").Clock} clock
 * @property {Pick<import("./messenger.js").Uplink, "reaches">} uplink
 * @property {Pick<import("./topics.js").Topics, "responder">} topics
 * @property {{ tell: (peerId: string, letter: Letter, size: number) => Promise<void> }} messenger
 */

/** Asks single peers, and answers what they ask. */
export class Requests {
  #clock
  #uplink
  #topics
  #messenger
  #lastId = 0
  /** @type {Map<number, Pending>} */
  #pending = new Map()
  /** How many requests to each peer wait for an answer, and how many of each peer's requests are being answered. */
  #asking = new Shares()
  #answering = new Shares()
  /** The other peers' requests that are being answered, in the order in which they came. @type {Set<{ senderId: string, at: number }>} */
  #places = new Set()

  /** @param {RequestsOptions} options */
  constructor({ clock, uplink, topics, messenger }) {
    this.#clock = clock
    this.#uplink = uplink
    this.#topics = topics
    this.#messenger = messenger
  }

  /**
   * @param {string} peerId
   * @param {Content} content with the topic
   * @param {{ timeout?: number, signal?: AbortSignal }} options
   * @returns {Promise<any>} the answer; rejects with a P2pError, or with the signal's reason
   */
  async ask(peerId, content, { timeout = REQUEST_TIMEOUT_MS, signal }) {
    signal?.throwIfAborted()
    if (!(timeout > 0 && timeout <= MAX_TERM_MS)) throw new P2pError("bad_request", { message: "The option timeout is a number of milliseconds.", hint: "Give more than 0, and at most 2147483647, which are 24 days." })
    if (isFull(this.#asking, peerId)) throw new P2pError("rate_limited", { message: `${this.#asking.of(peerId)} requests to ${peerId} are under way, and ${this.#asking.count} in all.` })
    const id = ++this.#lastId
    const timer = new Deadline(this.#clock)
    const abort = () => this.#take(id)?.reject(signal?.reason)
    signal?.addEventListener("abort", abort)
    this.#asking.add(peerId, 0)
    timer.start(timeout, () => this.#take(id)?.reject(this.#timeoutError(peerId, timeout)))
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { peerId, resolve, reject })
        this.#messenger.tell(peerId, { ...content.fields, ask: id }, content.size).catch((error) => this.#take(id)?.reject(error))
      })
    } finally {
      this.#pending.delete(id)
      this.#asking.remove(peerId, 0)
      timer.stop()
      signal?.removeEventListener("abort", abort)
    }
  }

  /**
   * Answers another peer's request.
   * @param {string} senderId
   * @param {number} id
   * @param {{ topic?: string, data: any }} question
   */
  async asked(senderId, id, { topic = "", data }) {
    if (isFull(this.#answering, senderId)) this.#releaseOld()
    const { letter, size } = isFull(this.#answering, senderId) ? failure(new P2pError("rate_limited")) : await this.#answer(senderId, topic, data)
    this.#messenger.tell(senderId, { ...letter, answer: id }, size).catch(() => undefined) // a peer that the answer doesn't reach no longer waits for it
  }

  /**
   * @param {string} senderId
   * @param {number} id
   * @param {Letter} letter
   * @param {() => any} read
   */
  answered(senderId, id, { error }, read) {
    if (this.#pending.get(id)?.peerId !== senderId) return
    const pending = this.#take(id)
    if (error) pending?.reject(P2pError.fromPayload(error))
    else pending?.resolve(read())
  }

  /** @param {P2pError} error */
  leave(error) {
    for (const id of this.#pending.keys()) this.#take(id)?.reject(error)
  }

  // Private

  /**
   * @param {string} peerId
   * @param {number} timeout
   */
  #timeoutError(peerId, timeout) {
    if (!this.#uplink.reaches(peerId)) return new P2pError("no_such_peer", { message: `${peerId} did not come within ${timeout} ms.` })
    return new P2pError("no_answer", { message: `${peerId} did not answer within ${timeout} ms.` })
  }

  /** @param {number} id */
  #take(id) {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  /**
   * @param {string} senderId
   * @param {string} topic
   * @param {any} data
   * @returns {Promise<{ letter: Letter, size: number }>}
   */
  async #answer(senderId, topic, data) {
    const respond = this.#topics.responder(topic)
    if (!respond) return failure(new P2pError("no_handler", { message: `Nobody answers requests on "${topic}" there.` }))
    const place = { senderId, at: this.#clock.now() }
    this.#places.add(place)
    this.#answering.add(senderId, 0)
    try {
      const value = (await respond(data, { senderId, topic, direct: true })) ?? null
      return await encodeAnswer(value)
    } catch (error) {
      if (error instanceof P2pError) return failure(error) // thrown on purpose
      guarded(() => { throw error })
      return failure(new P2pError("handler_failed"))
    } finally {
      this.#release(place)
    }
  }

  /** Frees the places of requests that take too long, because a responder may never end. */
  #releaseOld() {
    for (const place of this.#places) if (this.#clock.now() - place.at > ANSWER_TERM_MS) this.#release(place)
  }

  /** @param {{ senderId: string, at: number }} place */
  #release(place) {
    if (this.#places.delete(place)) this.#answering.remove(place.senderId, 0)
  }
}

/** @param {Shares} shares @param {string} peerId */
function isFull(shares, peerId) {
  return shares.of(peerId) >= MAX_REQUESTS_OF_PAIR || shares.count >= MAX_REQUESTS
}

/**
 * @param {any} value
 * @throws {TypeError} as a rejection, if the app gave an answer that can't be sent. It is for the developer, in the console
 */
async function encodeAnswer(value) {
  try {
    const { fields, size } = isBlob(value) ? await Content.ofBlob(value) : Content.of(value)
    return { letter: fields, size }
  } catch (cause) {
    throw new TypeError(`The answer can't be sent: ${/** @type {P2pError} */ (cause).message}`, { cause })
  }
}

/** @param {P2pError} error */
function failure(error) {
  return { letter: { error: error.toPayload() }, size: 0 }
}

// The handlers and responders of an app, by topic.
import { isLabel, MAX_LABEL_CHARACTERS } from "../wire/content.js"
import { guarded, P2pError } from "../base/errors.js"
import { binaryKind, isBlob } from "../base/kinds.js"
import { MAX_REPORTED, MAX_REPORTED_OF_SENDER } from "../base/limits.js"
import { Shares } from "../base/shares.js"

/** How many messages, and how many characters of them, may wait in all for a first handler of their topic. Beyond that, the sender with the most loses its oldest. */
export const MAX_HELD_MESSAGES = 1_000
export const MAX_HELD_CHARACTERS = 4 * 1024 * 1024

/**
 * @typedef {{ senderId: string, topic: string, direct: boolean }} Origin where a message comes from
 * @typedef {(data: any, origin: Origin) => void} Handler
 * @typedef {(data: any, origin: Origin) => any} Responder
 * @typedef {{ senderId: string, topic?: string, data: any, direct?: boolean }} Shown
 */

/** The app's handlers and responders, by topic. They outlive the connections, and the stays in a session. */
export class Topics {
  /** @type {Map<string, Set<{ handler: Handler }>>} */
  #handlers = new Map()
  /** @type {Map<string, { responder: Responder }>} */
  #responders = new Map()
  /** The messages that have arrived before their topic had a handler, in order. @type {{ message: Shown, size: number }[]} */
  #held = []
  #shares = new Shares()
  /** The topics without a handler that have been reported, by sender. @type {Map<string, Set<string>>} */
  #reported = new Map()
  #failed

  /** @param {(error: P2pError) => void} [failed] called when messages are lost because nobody handles them */
  constructor(failed = () => undefined) {
    this.#failed = failed
  }

  /**
   * @param {string} topic
   * @param {Handler} handler
   * @returns {() => void} removes the handler; a handler that was given twice is called once for each message, until both are removed
   * @throws {P2pError} `bad_request`
   */
  on(topic, handler) {
    checkTopic(topic)
    checkFunction("handler", handler)
    const entry = { handler }
    const handlers = this.#handlers.get(topic) ?? new Set()
    this.#handlers.set(topic, handlers.add(entry))
    // Waiting messages are shown a moment later, so that the caller already has the function that removes the handler.
    queueMicrotask(() => this.#release(topic))
    return () => {
      handlers.delete(entry)
      if (handlers.size === 0 && this.#handlers.get(topic) === handlers) this.#handlers.delete(topic)
    }
  }

  /**
   * @param {string} topic
   * @param {Responder} responder
   * @returns {() => void} removes the responder
   */
  respond(topic, responder) {
    checkTopic(topic)
    checkFunction("responder", responder)
    if (this.#responders.has(topic)) throw new P2pError("bad_request", { message: `Requests on "${topic}" are answered already.`, hint: "End the other responder first: respond() returns a function for that." })
    const entry = { responder }
    this.#responders.set(topic, entry)
    return () => { if (this.#responders.get(topic) === entry) this.#responders.delete(topic) }
  }

  /** @param {string} topic */
  responder(topic) {
    return this.#responders.get(topic)?.responder
  }

  /**
   * Calls the topic's handlers. If it has none, the message waits for the first one.
   * @param {Shown} message
   * @param {boolean} [mayWait]
   */
  show(message, mayWait = true) {
    const { topic = "" } = message
    if (this.#handlers.has(topic) && !this.#find(topic)) this.#hand(message)
    else if (mayWait) this.#hold(message)
  }

  /** Forgets the messages that wait, because they are from a session that is over. */
  forget() {
    this.#held = []
    this.#shares = new Shares()
  }

  // Private

  /** @param {Shown} message */
  #hand({ senderId, topic = "", data, direct = false }) {
    const handlers = this.#handlers.get(topic) ?? new Set()
    const entries = [...handlers] // a copy, because a handler may add or remove handlers
    const called = new Set()
    for (const entry of entries) {
      if (called.has(entry.handler) || !handlers.has(entry)) continue
      called.add(entry.handler)
      guarded(() => entry.handler(data, { senderId, topic, direct }))
    }
  }

  /** The oldest waiting message of a topic. @param {string} topic */
  #find(topic) {
    return this.#held.find(({ message }) => message.topic === topic)
  }

  /** Shows the waiting messages one by one, so that those that arrive meanwhile come after them. @param {string} topic */
  #release(topic) {
    for (let next = this.#find(topic); next && this.#handlers.has(topic); next = this.#find(topic)) {
      this.#drop(next)
      this.#hand(next.message)
    }
  }

  /** @param {Shown} message */
  #hold(message) {
    const size = sizeOfData(message.data)
    this.#held.push({ message, size })
    this.#shares.add(message.senderId, size)
    if (this.#shares.count > MAX_HELD_MESSAGES) this.#lose(this.#shares.greatest("count"))
    while (this.#shares.size > MAX_HELD_CHARACTERS) this.#lose(this.#shares.greatest("size"))
  }

  /** @param {{ message: Shown, size: number }} held */
  #drop(held) {
    this.#held.splice(this.#held.indexOf(held), 1)
    this.#shares.remove(held.message.senderId, held.size)
  }

  /** Drops the oldest waiting message of a sender. @param {string} senderId */
  #lose(senderId) {
    const oldest = /** @type {{ message: Shown, size: number }} */ (this.#held.find(({ message }) => message.senderId === senderId))
    this.#drop(oldest)
    this.#report(senderId, oldest.message.topic ?? "")
  }

  /**
   * Reports a topic that has no handler. The number of reports is limited, because a sender may make up thousands of topics.
   * @param {string} senderId
   * @param {string} topic
   */
  #report(senderId, topic) {
    const topics = this.#reported.get(senderId) ?? new Set()
    const count = [...this.#reported.values()].reduce((sum, { size }) => sum + size, 0)
    if (topics.has(topic) || topics.size >= MAX_REPORTED_OF_SENDER || count >= MAX_REPORTED) return
    this.#reported.set(senderId, topics.add(topic))
    const isLast = topics.size === MAX_REPORTED_OF_SENDER
    this.#failed(new P2pError("no_handler", { message: `Messages of ${senderId} on "${topic}" are lost, as nobody handles them.${isLast ? ` Of this sender it is the last of ${MAX_REPORTED_OF_SENDER} topics that are reported.` : ""}` }))
  }
}

/** @param {any} data */
function sizeOfData(data) {
  if (isBlob(data)) return data.size
  return binaryKind(data) ? data.byteLength : JSON.stringify(data).length
}

/**
 * @param {any} topic
 * @returns {string} the same
 * @throws {P2pError} `bad_request`
 */
export function checkTopic(topic) {
  if (isLabel(topic)) return topic
  throw new P2pError("bad_request", { message: "A topic is a string.", hint: `Give it 1 to ${MAX_LABEL_CHARACTERS} characters.` })
}

/** @param {string} name @param {unknown} given */
function checkFunction(name, given) {
  if (typeof given !== "function") throw new P2pError("bad_request", { message: `The ${name} of a topic is a function, not ${typeof given}.`, hint: "Give it as the second argument." })
}

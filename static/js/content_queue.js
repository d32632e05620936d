import { Content } from "./contents.js"
import { P2pError } from "./errors.js"

/** How many messages may wait for a Blob before them to be read. */
export const MAX_READING = 100

/** Takes in what an app sends, in its order: a Blob takes a while to be read, and what is sent after it waits. */
export class ContentQueue {
  #waiting = 0
  /** @type {Promise<unknown>} */
  #last = Promise.resolve()

  /**
   * @param {any} data
   * @param {string} [topic]
   * @returns {Content | Promise<Content>}
   * @throws {P2pError} see Content
   */
  take(data, topic) {
    if (!(data instanceof Blob) && this.#waiting === 0) return Content.of(data, topic)
    if (this.#waiting >= MAX_READING) throw new P2pError("rate_limited", { message: `${MAX_READING} messages wait for a Blob to be read.` })
    const content = data instanceof Blob ? Content.ofBlob(data, topic) : Content.of(data, topic)
    const turn = Promise.allSettled([this.#last, content]).then(() => content)
    this.#waiting += 1
    this.#last = turn.catch(() => undefined).finally(() => { this.#waiting -= 1 })
    return turn
  }
}

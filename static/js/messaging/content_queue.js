import { Deadline } from "../base/deadline.js"
import { Content } from "../wire/content.js"
import { P2pError } from "../base/errors.js"
import { isBlob } from "../base/kinds.js"
import { READ_TERM_MLS } from "../base/limits.js"

/** How many messages may wait for a Blob before them to be read. */
export const MAX_READING = 100

/** Takes in what an app sends, in its order: a Blob takes a while to be read, and what is sent after it waits. */
export class ContentQueue {
  #clock
  #waiting = 0
  /** @type {Promise<unknown>} */
  #last = Promise.resolve()

  /** @param {import("../base/clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /**
   * @param {any} data
   * @param {string} [topic]
   * @returns {Content | Promise<Content>}
   * @throws {P2pError} see Content
   */
  take(data, topic) {
    const isRead = isBlob(data)
    if (!isRead && this.#waiting === 0) return Content.of(data, topic)
    if (this.#waiting >= MAX_READING) throw new P2pError("rate_limited", { message: `${MAX_READING} messages wait for a Blob to be read.` })
    const content = isRead ? this.#read(data, topic) : Content.of(data, topic)
    const turn = Promise.allSettled([this.#last, content]).then(() => content)
    this.#waiting += 1
    this.#last = turn.catch(() => undefined).finally(() => { this.#waiting -= 1 })
    return turn
  }

  /**
   * One that can't be read, such as a file on a drive that doesn't answer, doesn't hold up the rest for ever.
   * @param {Blob} blob
   * @param {string} [topic]
   * @returns {Promise<Content>}
   */
  #read(blob, topic) {
    const timer = new Deadline(this.#clock)
    return new Promise((resolve, reject) => {
      timer.start(READ_TERM_MLS, () => reject(new P2pError("file_changed", { message: `The Blob could not be read within ${READ_TERM_MLS} ms.` })))
      Content.ofBlob(blob, topic).then(resolve, reject)
    }).finally(() => timer.stop())
  }
}

// Unreliable messages: they may be lost, and only the newest one counts.
import { failureOf, P2pError } from "../base/errors.js"
import { MAX_FAST_BYTES, MAX_STREAMS_OF_SENDER } from "../base/limits.js"
import { readContent } from "../wire/content.js"
import { DATA, FAST } from "../wire/frames.js"
import { Shares } from "../base/shares.js"

/** How many topics of senders are remembered, in all and for one sender. Beyond that, the one that has been quiet for the longest time is forgotten. */
export const MAX_STREAMS = 10_000

/** Sends and receives messages that may be lost, and of which only the newest counts: a message that arrives after a newer one of its sender and topic is dropped. */
export class Unreliable {
  #uplink
  #stay
  #reader
  #lastId = 0
  /** The newest of each sender's topic. @type {Map<string, { senderId: string, inc: string, id: number }>} */
  #seen = new Map()
  #shares = new Shares()

  /**
   * @param {object} options
   * @param {Pick<import("./messenger.js").Uplink, "route">} options.uplink
   * @param {{ inc: string }} options.stay names this page's stay in the session
   * @param {import("./broadcast.js").Reader} options.reader
   */
  constructor({ uplink, stay, reader }) {
    this.#uplink = uplink
    this.#stay = stay
    this.#reader = reader
  }

  /**
   * @param {import("../wire/content.js").Content} content
   * @param {string[]} [to] everyone if undefined
   * @throws {P2pError} `too_large`. If anything else prevents sending, the message is lost without an error
   */
  send(content, to) {
    if (content.byteLength > MAX_FAST_BYTES) throw new P2pError("too_large", { message: `The message has ${content.byteLength} bytes; one that may be lost has ${MAX_FAST_BYTES} at most.`, hint: "Send it reliably, or in parts." })
    failureOf(() => this.#uplink.route({ type: FAST, ...(to && { to }), inc: this.#stay.inc, id: ++this.#lastId, ...content.fields }))
  }

  /** @param {import("../wire/frames.js").FastFrame} frame */
  receive(frame) {
    const { senderId = "", inc, id, topic = "" } = frame
    const stream = JSON.stringify([senderId, topic])
    const newest = this.#seen.get(stream)
    if (newest?.inc === inc && id <= newest.id) return
    if (!this.#seen.delete(stream)) this.#makeRoom(senderId)
    this.#seen.set(stream, { senderId, inc, id })
    this.#reader.messageShown({ type: DATA, senderId, ...readContent(frame) }, false)
  }

  /** Makes room for one more topic of a sender. @param {string} senderId */
  #makeRoom(senderId) {
    this.#shares.add(senderId, 1)
    const isHis = this.#shares.of(senderId) > MAX_STREAMS_OF_SENDER
    if (!isHis && this.#shares.count <= MAX_STREAMS) return
    for (const [stream, seen] of this.#seen) {
      if (isHis && seen.senderId !== senderId) continue
      this.#seen.delete(stream)
      return this.#shares.remove(seen.senderId, 1)
    }
  }
}

// What arrives over a path over the server: batches, and the packets in them.
import { fromBase64 } from "../../base/base64.js"

/** The longest packet, in characters: the largest frame in base64. */
export const MAX_PACKET_CHARACTERS = 400_000
/** After so many bytes from the other peer, it is told that they have arrived. */
export const CONFIRM_BYTES = 32 * 1024

/**
 * Batches of the other peer: counts them, and reads the packets that they hold.
 *
 * @typedef {import("../../wire/link.js").Lane} Lane
 * @typedef {import("../../wire/link.js").Batch} Batch
 * @typedef {Pick<import("../packet_reader.js").PacketReader, "read" | "refuse" | "stop">} Reader
 */
export class IncomingBatches {
  /** How many characters of packets have arrived. */
  receivedBytes = 0
  /** Whether it is time to tell the other peer how much has arrived. */
  owesWord = false
  #last = 0
  /** What has arrived since this side confirmed something the last time. */
  #owedBytes = 0
  /** The pieces of a packet that isn't whole yet, of each lane. @type {Record<Lane, string>} */
  #parts = { messages: "", fast: "", bulk: "" }
  #readers
  #isStopped = false

  /** @param {Record<Lane, Reader>} readers what reads the packets of each lane */
  constructor(readers) {
    this.#readers = readers
  }

  /** Whether none has arrived. */
  get isEmpty() {
    return this.#last === 0
  }

  /** Whether one is lost that was sent before this one. @param {Batch} batch */
  misses({ n }) {
    return n > this.#last + 1
  }

  /** Takes in a batch, unless it has arrived before. @param {Batch} batch */
  take({ n, lane = "messages", packets = [], part = false }) {
    if (n !== this.#last + 1) return
    this.#last = n
    packets.forEach((text, index) => this.#read(lane, text, part && index === packets.length - 1))
  }

  /** Tells how much has arrived. @returns {Batch} */
  word() {
    this.owesWord = false
    this.#owedBytes = 0
    return { n: 0, ack: this.#last }
  }

  stop() {
    this.#isStopped = true
    for (const reader of Object.values(this.#readers)) reader.stop()
  }

  // Private

  /**
   * @param {Lane} lane
   * @param {string} text
   * @param {boolean} isPart whether the packet goes on in the next batch
   */
  #read(lane, text, isPart) {
    this.receivedBytes += text.length
    this.#owedBytes += text.length
    if (this.#owedBytes >= CONFIRM_BYTES) this.owesWord = true
    const whole = this.#parts[lane] + text
    this.#parts[lane] = isPart ? whole : ""
    if (whole.length > MAX_PACKET_CHARACTERS) {
      this.#parts[lane] = ""
      return this.#readers[lane].refuse()
    }
    if (isPart || this.#isStopped) return
    const packet = whole.startsWith("b") ? fromBase64(whole.slice(1)) : whole
    if (packet === null) this.#readers[lane].refuse()
    else this.#readers[lane].read(packet)
  }
}

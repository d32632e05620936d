// What a path over the server sends: packets that wait, and batches that are made of them.
import { toBase64 } from "../../base/base64.js"
import { P2pError } from "../../base/errors.js"

/** The most that one batch holds: packets, and their bytes in UTF-8. The server has the same bounds. */
export const MAX_BATCH_PACKETS = 64
export const MAX_BATCH_BYTES = 32_768
/** The longest piece of a frame in a batch, in UTF-16 code units, of which each takes three bytes at the most. */
export const PIECE_CHARACTERS = 8_192
/** How many bytes may be on their way to the other peer. */
export const WINDOW_BYTES = 128 * 1024
/** How many bytes may wait to be sent. */
export const MAX_WAITING_BYTES = 12 * 1024 * 1024
/** When no more than so many bytes wait, there is room again. */
export const LOW_BYTES = 64 * 1024
/** How many unreliable messages may wait. Of one sender and topic, only the newest waits. */
const MAX_FRESHEST = 1_000

export const LANES = /** @type {const} */ (["messages", "fast", "bulk"])
const utf8 = new TextEncoder()

/**
 * Packets on their way out: those that wait, cut into pieces that fit into a batch, and those that the other peer hasn't confirmed.
 *
 * @typedef {import("../../wire/content.js").Packet} Packet
 * @typedef {import("../../wire/link.js").Lane} Lane
 * @typedef {Omit<import("../../wire/link.js").Batch, "ack">} Outgoing a batch that doesn't say yet how much has arrived
 */
export class OutgoingBatches {
  /** How many bytes of packets were sent. */
  sentBytes = 0
  #drained
  /** The pieces that wait, of each lane; the last piece of a packet has no `part`. @type {Record<Lane, { text: string, bytes: number, part?: true }[]>} */
  #waiting = { messages: [], fast: [], bulk: [] }
  #waitingBytes = 0
  /** The unreliable messages that wait, and of which only the newest of each kind counts. @type {Map<string, Packet>} */
  #freshest = new Map()
  #lastSent = 0
  /** The batches that the other peer hasn't confirmed. @type {{ n: number, bytes: number }[]} */
  #unconfirmed = []
  #unconfirmedBytes = 0
  /** Whether the last piece that was sent of a lane isn't the end of a packet. @type {Record<Lane, boolean>} */
  #isWithin = { messages: false, fast: false, bulk: false }

  /** @param {() => void} drained called when there is room again */
  constructor(drained) {
    this.#drained = drained
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#waiting.bulk.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Whether messages wait. */
  get hasMessages() {
    return this.#waiting.messages.length > 0
  }

  /**
   * @param {Packet} packet
   * @param {Lane} lane
   * @throws {P2pError} `rate_limited` when too much waits
   */
  add(packet, lane) {
    if (this.#waitingBytes + sizeOf(packet) > MAX_WAITING_BYTES) throw new P2pError("rate_limited", { message: `More than ${MAX_WAITING_BYTES} bytes wait for the server.` })
    this.#enqueue(packet, lane)
  }

  /**
   * @param {string} kind
   * @param {Packet} packet
   */
  addFreshest(kind, packet) {
    if (this.#freshest.has(kind) || this.#freshest.size < MAX_FRESHEST) this.#freshest.set(kind, packet)
  }

  /** Adds a last packet, in place of all that waits. @param {Packet} packet */
  addLast(packet) {
    this.clear()
    // It isn't added to a packet of which only some pieces have gone.
    this.#enqueue(packet, LANES.find((lane) => !this.#isWithin[lane]) ?? "messages")
  }

  /** The next batch that may be sent. @returns {Outgoing | null} null if there is none now */
  next() {
    if (this.#unconfirmedBytes >= WINDOW_BYTES) return null
    if (this.#waiting.fast.length === 0) for (const [kind, packet] of this.#freshest) {
      this.#freshest.delete(kind)
      this.#enqueue(packet, "fast")
      if (this.#waiting.fast.length >= MAX_BATCH_PACKETS) break
    }
    return this.take()
  }

  /** The next batch of what waits, even if the other peer has still much to confirm. @returns {Outgoing | null} */
  take() {
    const lane = LANES.find((each) => this.#waiting[each].length > 0)
    return lane ? this.#batchOf(lane) : null
  }

  /**
   * @param {number} ack the last batch that has arrived
   * @returns {boolean} whether that is news
   */
  confirmed(ack) {
    const first = this.#unconfirmed.findIndex(({ n }) => n > ack)
    const done = this.#unconfirmed.splice(0, first < 0 ? this.#unconfirmed.length : first)
    for (const { bytes } of done) this.#unconfirmedBytes -= bytes
    return done.length > 0
  }

  /** Nothing waits any more. */
  clear() {
    this.#waiting = { messages: [], fast: [], bulk: [] }
    this.#waitingBytes = 0
    this.#freshest.clear()
  }

  // Private

  /**
   * @param {Packet} packet
   * @param {Lane} lane
   */
  #enqueue(packet, lane) {
    const text = typeof packet === "string" ? packet : `b${toBase64(packet)}`
    for (let start = 0; start < text.length;) {
      const end = pieceEnd(text, start)
      const piece = text.slice(start, end)
      const bytes = utf8.encode(piece).length
      this.#waiting[lane].push({ text: piece, bytes, ...(end < text.length && { part: true }) })
      this.#waitingBytes += bytes
      start = end
    }
  }

  /** @param {Lane} lane @returns {Outgoing} */
  #batchOf(lane) {
    const pieces = this.#waiting[lane]
    let count = 0
    let bytes = 0
    let isPart = false
    while (count < Math.min(pieces.length, MAX_BATCH_PACKETS) && bytes + pieces[count].bytes <= MAX_BATCH_BYTES && !isPart) {
      bytes += pieces[count].bytes
      isPart = pieces[count++].part === true
    }
    const taken = pieces.splice(0, count)
    this.#isWithin[lane] = isPart
    this.#count(bytes)
    return { n: this.#lastSent, ...(lane !== "messages" && { lane }), packets: taken.map(({ text }) => text), ...(isPart && { part: true }) }
  }

  /** @param {number} bytes of the batch that goes out now */
  #count(bytes) {
    const wasFull = this.#waitingBytes > LOW_BYTES
    this.#waitingBytes -= bytes
    this.#unconfirmed.push({ n: ++this.#lastSent, bytes })
    this.#unconfirmedBytes += bytes
    this.sentBytes += bytes
    if (wasFull && this.#waitingBytes <= LOW_BYTES) this.#drained()
  }
}

/** @param {Packet} packet */
function sizeOf(packet) {
  return typeof packet === "string" ? packet.length : packet.byteLength
}

/**
 * Where a piece of a text ends: not within a character of two code units.
 * @param {string} text
 * @param {number} start
 */
function pieceEnd(text, start) {
  const end = start + PIECE_CHARACTERS
  if (end >= text.length) return text.length
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}

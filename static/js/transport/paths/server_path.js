// A path over the server, for two peers whose browsers find no other one. This file is loaded when it is needed.
import { fromBase64, toBase64 } from "../../base/base64.js"
import { P2pError } from "../../base/errors.js"

/** The most that one batch holds: packets, and their bytes in UTF-8. The server has the same bounds. */
export const MAX_BATCH_PACKETS = 64
export const MAX_BATCH_BYTES = 32_768
/** The longest packet, in characters: the largest frame in base64. */
export const MAX_PACKET_CHARACTERS = 400_000

/** The longest piece of a frame in a batch, in UTF-16 code units, of which each takes three bytes at the most. */
export const PIECE_CHARACTERS = 8_192
/** How many bytes may be on their way to the other peer. */
export const WINDOW_BYTES = 128 * 1024
/** After so many bytes from the other peer, it is told that they have arrived. */
export const CONFIRM_BYTES = 32 * 1024
/** How many bytes may wait to be sent. */
export const MAX_WAITING_BYTES = 12 * 1024 * 1024
/** When no more than so many bytes wait, there is room again. */
export const LOW_BYTES = 64 * 1024
/** Milliseconds between two batches at least: what is sent in between travels together. */
export const BATCH_MS = 10
/** Milliseconds after which the other peer is called again, and after which a batch is sent again to one that isn't there. */
export const CALL_AGAIN_MS = 1_000
/** Milliseconds for which the server has refused a batch, or says that it will, before the app is told. */
export const FULL_MS = 2_000
/** How many batches a path that closes sends at once. */
const MAX_LAST_BATCHES = 8
/** How many unreliable messages may wait. Of one sender and topic, only the newest waits. */
const MAX_FRESHEST = 1_000

const LANES = /** @type {const} */ (["messages", "fast", "bulk"])
const utf8 = new TextEncoder()

/**
 * A path over the server, which passes batches of packets on to the other peer. They are sent one after the other: the next one when the server has taken the last.
 * If one is lost, the path ends, and the link goes on over another one.
 *
 * @typedef {import("../path.js").Path} Path
 * @typedef {import("../../wire/content.js").Packet} Packet
 * @typedef {import("../../wire/link.js").Lane} Lane
 * @typedef {import("../../wire/link.js").Batch} Batch
 *
 * @typedef {Pick<import("../packet_reader.js").PacketReader, "read" | "refuse" | "stop">} Reader
 *
 * @implements {Path}
 */
export class ServerPath {
  route = /** @type {const} */ ("server")
  /** Whether something has arrived from the other peer, so that it knows of this path. */
  isOpen = false
  /** How many bytes of packets were sent and received. */
  sentBytes = 0
  receivedBytes = 0
  #options
  /** The timer that is set. @type {any} */
  #timer = null
  /** The pieces that wait, of each lane; the last piece of a packet has no `part`. @type {Record<Lane, { text: string, bytes: number, part?: true }[]>} */
  #waiting = { messages: [], fast: [], bulk: [] }
  #waitingBytes = 0
  /** The unreliable messages that wait, and of which only the newest of each kind counts. @type {Map<string, Packet>} */
  #freshest = new Map()
  /** The batch that the server hasn't taken yet. @type {Batch | null} */
  #pending = null
  #sentAt = -Infinity
  /** Since when the server has refused the present batch. */
  #refusedAt = Infinity
  #lastSent = 0
  #lastReceived = 0
  /** The batches that the other peer hasn't confirmed. @type {{ n: number, bytes: number }[]} */
  #unconfirmed = []
  #unconfirmedBytes = 0
  /** What has arrived since this side confirmed something the last time. */
  #owedBytes = 0
  #owesWord = false
  /** The pieces of a packet that isn't whole yet, of each lane. @type {Record<Lane, string>} */
  #parts = { messages: "", fast: "", bulk: "" }
  /** Whether the last piece that was sent of a lane isn't the end of a packet. @type {Record<Lane, boolean>} */
  #isWithin = { messages: false, fast: false, bulk: false }
  /** What reads the packets of each lane. @type {Record<Lane, Reader>} */
  #readers
  #isOver = false

  /**
   * @param {object} options
   * @param {string} options.name both sides use the same one
   * @param {boolean} options.calls whether this side begins
   * @param {(batch: Batch, answered: (error: P2pError | null) => void) => void} options.relay gives a batch to the server
   * @param {import("../path.js").PathDelegate} options.delegate
   * @param {(path: ServerPath, lane: Lane) => Reader} options.createReader what reads the packets that arrive, and hands their frames to the delegate
   * @param {import("../../base/clock.js").Clock} options.clock
   */
  constructor(options) {
    this.#options = options
    this.#readers = /** @type {any} */ (Object.fromEntries(LANES.map((lane) => [lane, options.createReader(this, lane)])))
  }

  get name() {
    return this.#options.name
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#waiting.bulk.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Calls the other peer. It answers by any batch. */
  call() {
    if (this.#isOver || this.isOpen) return
    this.#emit({ n: 0, ack: 0 })
    this.#after(CALL_AGAIN_MS, () => this.call())
  }

  /**
   * @param {Packet} packet
   * @param {Lane} [lane]
   * @throws {P2pError} `not_joined` when the path is over, `rate_limited` when too much waits
   */
  send(packet, lane = "messages") {
    if (this.#isOver) throw new P2pError("not_joined", { message: "The path over the server is closed." })
    if (this.#waitingBytes + sizeOf(packet) > MAX_WAITING_BYTES) throw new P2pError("rate_limited", { message: `More than ${MAX_WAITING_BYTES} bytes wait for the server.` })
    this.#enqueue(packet, lane)
    this.#schedule()
  }

  /**
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    if (this.#isOver || (!this.#freshest.has(kind) && this.#freshest.size >= MAX_FRESHEST)) return
    this.#freshest.set(kind, packet)
    this.#schedule()
  }

  /** @param {Packet} packet */
  beat(packet) {
    if (!this.#isOver && this.#waiting.messages.length === 0) this.send(packet)
  }

  /** @param {Batch} batch of the other peer */
  receive({ n, ack, lane = "messages", packets = [], part = false }) {
    if (this.#isOver) return
    this.#confirmed(ack)
    if (n > this.#lastReceived + 1) return this.#end(new P2pError("host_lost", { message: "Something was lost on the way over the server." }))
    const isNew = n === this.#lastReceived + 1
    if (isNew) this.#lastReceived = n
    // The side that was called shows itself.
    if (n === 0 && this.#lastReceived === 0 && !this.#options.calls) this.#owesWord = true
    this.#open()
    if (!isNew) return this.#schedule()
    packets.forEach((text, index) => this.#take(lane, text, part && index === packets.length - 1))
    this.#schedule()
  }

  /** Gives the server what waits, without waiting for its answers or the other peer's, and closes. */
  close() {
    if (this.#isOver) return
    const refused = this.#timer !== null && this.#pending
    if (refused) this.#options.relay(refused, () => undefined) // without it, what comes after it counts as lost
    for (let count = 0; count < MAX_LAST_BATCHES; count++) {
      const lane = this.#nextLane
      if (!lane) break
      this.#options.relay(this.#batchOf(lane), () => undefined)
    }
    this.#release()
  }

  /** Closes without another word, because the link goes by another path. */
  stop() {
    if (!this.#isOver) this.#release()
  }

  /** @param {Packet} farewell the other peer sees nothing close, so it is told */
  abort(farewell) {
    if (this.#isOver) return
    this.#waiting = { messages: [], fast: [], bulk: [] }
    // It isn't added to a packet of which only some pieces have gone.
    this.#enqueue(farewell, LANES.find((lane) => !this.#isWithin[lane]) ?? "messages")
    this.close()
  }

  // Private

  #open() {
    if (this.isOpen) return
    this.isOpen = true
    // It needn't be called any more, whether the server has taken the last call or not.
    this.#stopTimer()
    this.#pending = null
    this.#refusedAt = Infinity
    this.#schedule()
    this.#options.delegate.pathOpened(this)
  }

  /**
   * @param {number} ms
   * @param {() => void} act
   */
  #after(ms, act) {
    this.#stopTimer()
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = null
      act()
    }, ms)
  }

  #stopTimer() {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = null
  }

  // Sending

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

  /** Sends the next batch as soon as it may go. */
  #schedule() {
    if (this.#isOver || !this.isOpen || this.#pending || this.#timer !== null) return
    const wait = this.#sentAt + BATCH_MS - this.#options.clock.now()
    if (wait > 0) this.#after(wait, () => this.#sendNext())
    else queueMicrotask(() => this.#sendNext()) // what is said in this turn of the event loop travels together
  }

  #sendNext() {
    if (this.#isOver || this.#pending || this.#timer !== null) return
    const batch = this.#nextBatch()
    if (batch) this.#emit(batch)
  }

  /** @returns {Batch | null} null if there is nothing to send now */
  #nextBatch() {
    if (this.#unconfirmedBytes >= WINDOW_BYTES) return this.#owesWord ? this.#word() : null
    if (this.#waiting.fast.length === 0) for (const [kind, packet] of this.#freshest) {
      this.#freshest.delete(kind)
      this.#enqueue(packet, "fast")
      if (this.#waiting.fast.length >= MAX_BATCH_PACKETS) break
    }
    const lane = this.#nextLane
    if (!lane) return this.#owesWord ? this.#word() : null
    return this.#batchOf(lane)
  }

  get #nextLane() {
    return LANES.find((each) => this.#waiting[each].length > 0)
  }

  /** @param {Lane} lane @returns {Batch} */
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
    const wasFull = this.#waitingBytes > LOW_BYTES
    this.#waitingBytes -= bytes
    const n = ++this.#lastSent
    this.#unconfirmed.push({ n, bytes })
    this.#unconfirmedBytes += bytes
    this.sentBytes += bytes
    if (wasFull && this.#waitingBytes <= LOW_BYTES) queueMicrotask(() => { if (!this.#isOver) this.#options.delegate.pathDrained(this) })
    return { ...this.#word(), n, ...(lane !== "messages" && { lane }), packets: taken.map(({ text }) => text), ...(isPart && { part: true }) }
  }

  /** Tells how much has arrived. @returns {Batch} */
  #word() {
    this.#owesWord = false
    this.#owedBytes = 0
    return { n: 0, ack: this.#lastReceived }
  }

  /** @param {Batch} batch */
  #emit(batch) {
    this.#pending = batch
    this.#sentAt = this.#options.clock.now()
    this.#options.relay(batch, (error) => { if (this.#pending === batch) this.#answered(batch, error) })
  }

  /**
   * @param {Batch} batch
   * @param {P2pError | null} error
   */
  #answered(batch, error) {
    if (this.#isOver) return
    if (error?.code === "relay_full" || error?.code === "no_such_peer") {
      this.#warn(error)
      this.#after(error.retryAfterMls ?? CALL_AGAIN_MS, () => (this.isOpen ? this.#emit(batch) : this.call()))
      return
    }
    this.#pending = null
    this.#refusedAt = Infinity
    if (error) this.#end(error)
    else this.#schedule()
  }

  /** The app is told that the server carries no more, if that lasts. @param {P2pError} error */
  #warn(error) {
    const now = this.#options.clock.now()
    this.#refusedAt = Math.min(this.#refusedAt, now)
    if (error.code !== "relay_full" || Math.max(now - this.#refusedAt, error.retryAfterMls ?? 0) < FULL_MS) return
    this.#refusedAt = Infinity
    this.#options.delegate.pathWarned(this, error)
  }

  // Receiving

  /** @param {number} ack */
  #confirmed(ack) {
    const first = this.#unconfirmed.findIndex(({ n }) => n > ack)
    const done = this.#unconfirmed.splice(0, first < 0 ? this.#unconfirmed.length : first)
    if (done.length === 0) return
    for (const { bytes } of done) this.#unconfirmedBytes -= bytes
    this.#schedule()
  }

  /**
   * @param {Lane} lane
   * @param {string} text
   * @param {boolean} isPart whether the packet goes on in the next batch
   */
  #take(lane, text, isPart) {
    this.receivedBytes += text.length
    this.#owedBytes += text.length
    if (this.#owedBytes >= CONFIRM_BYTES) this.#owesWord = true
    const whole = this.#parts[lane] + text
    this.#parts[lane] = isPart ? whole : ""
    if (whole.length > MAX_PACKET_CHARACTERS) {
      this.#parts[lane] = ""
      return this.#readers[lane].refuse()
    }
    if (isPart || this.#isOver) return
    const packet = whole.startsWith("b") ? fromBase64(whole.slice(1)) : whole
    if (packet === null) this.#readers[lane].refuse()
    else this.#readers[lane].read(packet)
  }

  /** @param {P2pError} error */
  #end(error) {
    if (this.#isOver) return
    this.#release()
    this.#options.delegate.pathEnded(this, error)
  }

  #release() {
    this.#isOver = true
    this.isOpen = false
    this.#stopTimer()
    for (const reader of Object.values(this.#readers)) reader.stop()
    this.#waiting = { messages: [], fast: [], bulk: [] }
    this.#freshest.clear()
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

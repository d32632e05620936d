// A path over the server, for two peers whose browsers find no other one. This file is loaded when it is needed.
import { P2pError } from "../../base/errors.js"
import { IncomingBatches } from "./incoming_batches.js"
import { LANES, OutgoingBatches } from "./outgoing_batches.js"

/** Milliseconds between two batches at least: what is sent in between travels together. */
export const BATCH_MS = 10
/** How many batches of a path go without that pause: those with which two peers get to know each other. */
export const EAGER_BATCHES = 3
/** Milliseconds after which the other peer is called again, and after which a batch is sent again to one that isn't there. */
export const CALL_AGAIN_MS = 1_000
/** Milliseconds for which the server has refused a batch, or says that it will, before the app is told. */
export const FULL_MS = 2_000
/** How many batches a path that closes sends at once. */
const MAX_LAST_BATCHES = 8

/**
 * A path over the server, which passes batches of packets on to the other peer. They are sent one after the other: the next one when the server has taken the last.
 * If one is lost, the path ends, and the link goes on over another one.
 *
 * @typedef {import("../path.js").Path} Path
 * @typedef {import("../../wire/content.js").Packet} Packet
 * @typedef {import("../../wire/link.js").Lane} Lane
 * @typedef {import("../../wire/link.js").Batch} Batch
 * @typedef {import("./incoming_batches.js").Reader} Reader
 *
 * @implements {Path}
 */
export class ServerPath {
  route = /** @type {const} */ ("server")
  /** Whether something has arrived from the other peer, so that it knows of this path. */
  isOpen = false
  #options
  #outgoing
  #incoming
  /** The timer that is set. @type {any} */
  #timer = null
  /** The batch that the server hasn't taken yet. @type {Batch | null} */
  #pending = null
  #sentAt = -Infinity
  #eager = EAGER_BATCHES
  /** Whether the next batch goes out in the next turn of the event loop. */
  #isDue = false
  /** Since when the server has refused the present batch. */
  #refusedAt = Infinity
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
    this.#incoming = new IncomingBatches(/** @type {any} */ (Object.fromEntries(LANES.map((lane) => [lane, options.createReader(this, lane)]))))
    this.#outgoing = new OutgoingBatches(() => queueMicrotask(() => { if (!this.#isOver) options.delegate.pathDrained(this) }))
  }

  get name() {
    return this.#options.name
  }

  /** How many bytes of files wait to be sent. */
  get buffered() {
    return this.#outgoing.buffered
  }

  /** How many bytes of packets were sent. */
  get sentBytes() {
    return this.#outgoing.sentBytes
  }

  /** How many were received. */
  get receivedBytes() {
    return this.#incoming.receivedBytes
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
    this.#outgoing.add(packet, lane)
    this.#schedule()
  }

  /**
   * @param {string} kind
   * @param {Packet} packet
   */
  sendFreshest(kind, packet) {
    if (this.#isOver) return
    this.#outgoing.addFreshest(kind, packet)
    this.#schedule()
  }

  /** @param {Packet} packet */
  beat(packet) {
    if (!this.#isOver && !this.#outgoing.hasMessages) this.send(packet)
  }

  /** @param {Batch} batch of the other peer */
  receive(batch) {
    if (this.#isOver) return
    this.#outgoing.confirmed(batch.ack)
    if (this.#incoming.misses(batch)) return this.#end(new P2pError("host_lost", { message: "Something was lost on the way over the server." }))
    // The side that was called shows itself.
    if (batch.n === 0 && this.#incoming.isEmpty && !this.#options.calls) this.#incoming.owesWord = true
    this.#open()
    this.#incoming.take(batch)
    this.#schedule()
  }

  /** Gives the server what waits, without waiting for its answers or the other peer's, and closes. */
  close() {
    if (this.#isOver) return
    const refused = this.#timer !== null && this.#pending
    if (refused) this.#options.relay(refused, () => undefined) // without it, what comes after it counts as lost
    for (let count = 0; count < MAX_LAST_BATCHES; count++) {
      const batch = this.#outgoing.take()
      if (!batch) break
      this.#options.relay({ ...this.#incoming.word(), ...batch }, () => undefined)
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
    this.#outgoing.addLast(farewell)
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

  /** Sends the next batch as soon as it may go. */
  #schedule() {
    if (this.#isOver || !this.isOpen || this.#isDue || this.#pending || this.#timer !== null) return
    const wait = this.#eager > 0 ? 0 : this.#sentAt + BATCH_MS - this.#options.clock.now()
    if (wait > 0) this.#after(wait, () => this.#sendNext())
    else this.#sendSoon()
  }

  /** What is said in this turn of the event loop travels together, and what the app says to what it was told in it. */
  #sendSoon() {
    this.#isDue = true
    this.#options.clock.soon(() => {
      this.#isDue = false
      this.#sendNext()
    })
  }

  #sendNext() {
    if (this.#isOver || this.#pending || this.#timer !== null) return
    const batch = this.#outgoing.next()
    if (!batch && !this.#incoming.owesWord) return
    this.#eager -= 1
    this.#sentAt = this.#options.clock.now()
    this.#emit({ ...this.#incoming.word(), ...batch })
  }

  /** @param {Batch} batch */
  #emit(batch) {
    this.#pending = batch
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
    this.#incoming.stop()
    this.#outgoing.clear()
  }
}

import { P2pError } from "../../base/errors.js"
import { Blocks } from "./blocks.js"
import { deferred } from "../../base/deferred.js"
import { Digest } from "../digest.js"
import { CHUNK_BYTES, HIGH_BYTES, SMALL_CHUNK_BYTES } from "../limits.js"
import { failNote, failure } from "../notes.js"
import { Receiver } from "./recipient.js"

/**
 * @typedef {import("./recipient.js").TransferState} TransferState
 * @typedef {import("../notes.js").Note} Note
 *
 * @typedef {object} OutgoingDelegate
 * @property {() => void} fileMoved something may be sent now
 * @property {(file: OutgoingFile) => void} fileAccepted
 * @property {(file: OutgoingFile, receiver: Receiver) => void} fileReported
 * @property {(file: OutgoingFile, peerId: string) => void} fileEnded for this receiver
 *
 * @typedef {object} OutgoingOptions
 * @property {string} id
 * @property {Blob} blob
 * @property {string} name
 * @property {string} type
 * @property {string[]} to
 * @property {Set<string>} reachable
 * @property {import("../transfers.js").Carrier} carrier
 * @property {import("./yielding.js").Talking} talking
 * @property {SubtleCrypto} [subtle]
 * @property {OutgoingDelegate} delegate
 */

/** A file that this peer sends to one or several others. */
export class OutgoingFile {
  /** What became of those that haven't got it. @type {Map<string, P2pError>} */
  failures = new Map()
  #carrier
  #talking
  #delegate
  #digest
  /** @type {Blocks | null} */
  #blocks
  #outcome = deferred()
  #isPaused = false
  /** @type {Map<string, Receiver>} */
  #receivers

  /** @param {OutgoingOptions} options */
  constructor({ id, blob, name, type, to, reachable, carrier, talking, subtle, delegate }) {
    this.id = id
    this.name = name
    this.type = type
    this.size = blob.size
    this.#carrier = carrier
    this.#talking = talking
    this.#delegate = delegate
    this.#digest = new Digest(subtle)
    this.#blocks = new Blocks(blob, this.#digest, { blockRead: () => delegate.fileMoved(), blockFailed: (error) => this.#failAll(error) })
    this.#receivers = new Map(to.map((peerId) => {
      const receiver = new Receiver(peerId, blob.size, reachable.has(peerId), talking, () => delegate.fileReported(this, receiver))
      return [peerId, receiver]
    }))
  }

  /** Resolves when all that accepted it have it whole; rejects with the first error when nobody has got it. @returns {Promise<void>} */
  get done() {
    return this.#outcome.promise
  }

  /** Where each receiver is. @returns {Map<string, { state: TransferState, transferred: number }>} */
  get peers() {
    return new Map(this.#all.map((receiver) => [receiver.peerId, { state: this.stateOf(receiver), transferred: receiver.credited }]))
  }

  /** How many bytes all have that it hasn't failed for. */
  get transferred() {
    return this.#least(({ credited }) => credited)
  }

  /** Bytes per second, as the slowest receiver takes them. */
  get rate() {
    return this.#least(({ meter }) => meter.rate)
  }

  /** @returns {TransferState} */
  get state() {
    const states = this.#all.map((receiver) => this.stateOf(receiver))
    return (/** @type {const} */ (["active", "paused", "offered", "done"])).find((state) => states.includes(state)) ?? "failed"
  }

  /** Stops sending until resume(). */
  pause() {
    this.#setPaused(true)
  }

  resume() {
    this.#setPaused(false)
  }

  /**
   * Ends it for all that don't have it yet.
   * @param {string} [reason] told to them
   */
  cancel(reason) {
    this.#failAll(new P2pError("cancelled", { message: reason }))
  }

  // For those who carry it

  /** @param {Receiver} receiver @returns {TransferState} */
  stateOf({ stage, isPaused }) {
    if (stage === "active") return isPaused || this.#isPaused ? "paused" : "active"
    return stage === "waiting" || stage === "accepted" ? "offered" : stage
  }

  /** @param {string} peerId */
  isFor(peerId) {
    return this.#receivers.has(peerId)
  }

  get isOver() {
    return this.#all.every(({ isOver }) => isOver)
  }

  /** @param {string} peerId */
  offer(peerId) {
    const receiver = /** @type {Receiver} */ (this.#receivers.get(peerId))
    receiver.enter("offered")
    this.#post(receiver, { kind: "offer", id: this.id, name: this.name, type: this.type, size: this.size })
    receiver.meter.report()
  }

  /**
   * @param {string} peerId
   * @param {Note} note
   */
  noted(peerId, note) {
    const receiver = this.#receivers.get(peerId)
    // It was away when it was given up.
    if (receiver?.error && note.kind === "accept") this.#tell(receiver, receiver.error)
    if (!receiver || receiver.isOver || receiver.stage === "waiting") return
    if (note.kind === "fail") this.#fail(receiver, failure(note), false)
    if (note.kind === "accept" && receiver.stage !== "active") this.#accepted(receiver, note.wait)
    if (note.kind === "pause" || note.kind === "resume") this.#pausedBy(receiver, note.kind === "pause")
    if (note.kind === "done" && receiver.stage === "active" && receiver.sent === this.size) this.#done(receiver)
  }

  /**
   * @param {string} peerId
   * @param {{ offset: number, resume?: boolean }} credit
   */
  credited(peerId, credit) {
    const receiver = this.#receivers.get(peerId)
    // What it misses may all be waiting here still, on a slow line.
    if (!receiver || (credit.resume && this.#carrier.buffered([peerId]) > receiver.position - credit.offset)) return
    if (receiver.credit(credit)) receiver.meter.moved(receiver.credited)
  }

  /**
   * Sends the next chunk to those that need it: everybody waits for the one that is furthest behind.
   * @returns {boolean} whether one was sent
   */
  sendChunk() {
    if (this.#isPaused) return false
    const served = this.#all.filter(({ isServed }) => isServed)
    const offset = Math.min(this.size, ...served.map(({ position }) => position))
    const most = this.#talking.isOn ? SMALL_CHUNK_BYTES : CHUNK_BYTES
    const length = Math.min(most - offset % most, this.size - offset)
    const due = served.filter(({ position }) => position === offset)
    if (length === 0 || !due.every((receiver) => receiver.hasRoom(length)) || !this.#send(due, offset, length)) return false
    for (const receiver of due) {
      receiver.advance(length)
      this.#endIfSent(receiver)
    }
    return true
  }

  /** @param {Set<string>} reachable */
  reach(reachable) {
    for (const receiver of this.#all) {
      const isBack = receiver.reach(reachable.has(receiver.peerId))
      // Another page may have come back, which knows nothing of the file, and says so.
      if (isBack && (receiver.stage === "active" || receiver.stage === "accepted")) this.#post(receiver, { kind: "hold", id: this.id })
    }
  }

  /** Whatever was on its way is lost. */
  goBack() {
    for (const receiver of this.#all) receiver.goBack()
  }

  /** @param {number} mls */
  pass(mls) {
    const holders = this.#holders
    for (const receiver of this.#all) {
      if (receiver.isOver) continue
      if (receiver.lag(mls, holders.includes(receiver))) this.#fail(receiver, new P2pError("stalled"))
      const code = receiver.pass(mls, this.#isPaused, this.#carrier.buffered([receiver.peerId]) > CHUNK_BYTES)
      if (code) this.#fail(receiver, new P2pError(code))
      else if (!this.#isPaused && receiver.isKeptWaiting(mls)) this.#post(receiver, { kind: "hold", id: this.id })
    }
  }

  /** @param {P2pError} error */
  leave(error) {
    for (const receiver of this.#all) this.#fail(receiver, error, false)
  }

  // Private

  /** Those that others wait for, which could take the next chunk. */
  get #holders() {
    const served = this.#all.filter(({ isServed, credited }) => isServed && credited < this.size)
    const full = served.filter((receiver) => !receiver.hasRoom(1) && this.#carrier.buffered([receiver.peerId]) <= CHUNK_BYTES)
    return full.length < served.length ? full : []
  }

  get #all() {
    return [...this.#receivers.values()]
  }

  /** @param {(receiver: Receiver) => number} amount */
  #least(amount) {
    const amounts = this.#all.filter(({ stage }) => stage !== "failed").map(amount)
    return amounts.length > 0 ? Math.min(...amounts) : 0
  }

  /**
   * @param {Receiver[]} due
   * @param {number} offset
   * @param {number} length
   */
  #send(due, offset, length) {
    const to = due.map(({ peerId }) => peerId)
    if (this.#carrier.buffered(to) + length > HIGH_BYTES) return false
    const chunk = this.#blocks?.chunk(offset)
    if (!chunk) return false
    try {
      this.#carrier.sendChunk(to, { transfer: this.id, offset }, chunk.subarray(0, length))
      return true
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
      if (error.code === "forbidden") this.#failAll(error)
      return false // it isn't connected, and goes on when it is
    }
  }

  /**
   * @param {Receiver} receiver
   * @param {boolean} [wait]
   */
  #accepted(receiver, wait) {
    receiver.enter(wait ? "accepted" : "active")
    if (wait) return
    if (this.#isPaused) this.#post(receiver, { kind: "pause", id: this.id })
    receiver.meter.report()
    this.#endIfSent(receiver)
    this.#delegate.fileAccepted(this)
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    if (isPaused === this.#isPaused || this.isOver) return
    this.#isPaused = isPaused
    for (const receiver of this.#all) {
      if (receiver.stage !== "active") continue
      this.#post(receiver, { kind: isPaused ? "pause" : "resume", id: this.id })
      receiver.meter.report()
    }
    this.#delegate.fileMoved()
  }

  /**
   * @param {Receiver} receiver
   * @param {boolean} isPaused
   */
  #pausedBy(receiver, isPaused) {
    if (isPaused === receiver.isPaused) return
    receiver.isPaused = isPaused
    receiver.meter.report()
    this.#delegate.fileMoved()
  }

  /** @param {Receiver} receiver */
  #endIfSent(receiver) {
    if (receiver.position < this.size || receiver.hasEnd) return
    receiver.hasEnd = true
    void this.#end(receiver).catch((cause) => this.#fail(receiver, cause instanceof P2pError ? cause : new P2pError("internal", { cause })))
  }

  /** @param {Receiver} receiver */
  async #end(receiver) {
    await this.#blocks?.check()
    this.#post(receiver, { kind: "end", id: this.id, digest: await this.#digest.whole() })
  }

  /** @param {Receiver} receiver */
  #done(receiver) {
    receiver.enter("done")
    receiver.credited = this.size
    receiver.meter.report()
    this.#ended(receiver)
  }

  /** @param {P2pError} error */
  #failAll(error) {
    for (const receiver of this.#all) this.#fail(receiver, error)
  }

  /**
   * @param {Receiver} receiver
   * @param {P2pError} error
   * @param {boolean} [tell]
   */
  #fail(receiver, error, tell = receiver.stage !== "waiting") {
    if (receiver.isOver) return
    receiver.enter("failed")
    receiver.error = error
    this.failures.set(receiver.peerId, error)
    if (tell) this.#tell(receiver, error)
    receiver.meter.report()
    this.#ended(receiver)
  }

  /** @param {Receiver} receiver @param {P2pError} error */
  #tell(receiver, error) {
    // A receiver needn't know why a file can't be read here, only that nothing more comes.
    const told = error.code === "file_changed" ? new P2pError("cancelled", { message: error.message }) : error
    this.#post(receiver, failNote(this.id, told))
  }

  /** @param {Receiver} receiver */
  #ended(receiver) {
    if (this.isOver) this.#settle()
    this.#delegate.fileEnded(this, receiver.peerId)
  }

  #settle() {
    this.#blocks = null // an app may keep the file, and need not keep its bytes
    const [error] = this.failures.values()
    if (error && this.failures.size === this.#receivers.size) this.#outcome.reject(error)
    else this.#outcome.resolve(undefined)
  }

  /**
   * @param {Receiver} receiver
   * @param {Note} note
   */
  #post(receiver, note) {
    this.#carrier.post(receiver.peerId, note).catch((error) => this.#fail(receiver, error, false))
  }
}

// An outgoing file, which this peer sends to one or several others.
import { P2pError } from "../../base/errors.js"
import { holdersOf, leastOf } from "./audience.js"
import { Blocks } from "./blocks.js"
import { deferred } from "../../base/deferred.js"
import { Digest } from "../digest.js"
import { CHUNK_BYTES, HIGH_BYTES } from "../limits.js"
import { failNote, failure } from "../notes.js"
import { Recipient } from "./recipient.js"

/**
 * @typedef {import("../notes.js").Note} Note
 *
 * @typedef {object} OutgoingDelegate
 * @property {() => void} pump called when something may be sent
 * @property {(file: OutgoingFile) => void} fileAccepted
 * @property {(file: OutgoingFile, recipient: Recipient) => void} fileReported
 * @property {(file: OutgoingFile, peerId: string) => void} fileEnded the transfer to this recipient is over
 *
 * @typedef {object} OutgoingOptions
 * @property {string} id
 * @property {Blob} blob
 * @property {string} name
 * @property {string} type
 * @property {string[]} to
 * @property {Set<string>} reachable
 * @property {import("../transfers.js").Carrier} carrier
 * @property {import("./yielding.js").Yielding} yielding
 * @property {SubtleCrypto} [subtle]
 * @property {OutgoingDelegate} delegate
 */

/** A file that this peer sends to one or several others. */
export class OutgoingFile {
  /** Why some recipients haven't got the file. @type {Map<string, P2pError>} */
  failures = new Map()
  /** Whether this side has paused the file, for all recipients. */
  isPaused = false
  #carrier
  #delegate
  #digest
  /** @type {Blocks | null} */
  #blocks
  #outcome = deferred()
  /** @type {Map<string, Recipient>} */
  #recipients

  /** @param {OutgoingOptions} options */
  constructor({ id, blob, name, type, to, reachable, carrier, yielding, subtle, delegate }) {
    this.id = id
    this.name = name
    this.type = type
    this.size = blob.size
    this.#carrier = carrier
    this.#delegate = delegate
    this.#digest = new Digest(subtle)
    this.#blocks = new Blocks(blob, this.#digest, { blockRead: () => delegate.pump(), blockFailed: (error) => this.fail(error) })
    this.#recipients = new Map(to.map((peerId) => {
      const recipient = new Recipient(peerId, blob.size, reachable.has(peerId), yielding, () => delegate.fileReported(this, recipient))
      return [peerId, recipient]
    }))
  }

  /** Resolves when all that have accepted the file have the whole of it; rejects with the first error if nobody has got it. @returns {Promise<void>} */
  get done() {
    return this.#outcome.promise
  }

  /** How far each recipient has come. @returns {Map<string, { state: import("./recipient.js").TransferState, transferred: number }>} */
  get peers() {
    return new Map(this.#all.map((recipient) => [recipient.peerId, { state: recipient.stateOf(this.isPaused), transferred: recipient.credited }]))
  }

  /** How many bytes all recipients have for which the transfer hasn't failed. */
  get transferred() {
    return leastOf(this.#all, ({ credited }) => credited)
  }

  /** Bytes per second of the slowest recipient. */
  get rate() {
    return leastOf(this.#all, ({ meter }) => meter.rate)
  }

  /** @returns {import("./recipient.js").TransferState} */
  get state() {
    const states = this.#all.map((recipient) => recipient.stateOf(this.isPaused))
    return (/** @type {const} */ (["active", "paused", "offered", "done"])).find((state) => states.includes(state)) ?? "failed"
  }

  /** Stops sending until resume(). */
  pause() {
    this.#setPaused(true)
  }

  resume() {
    this.#setPaused(false)
  }

  /** Ends the transfer for all that don't have the file yet. @param {string} [reason] told to them */
  cancel(reason) {
    this.fail(new P2pError("cancelled", { message: reason }))
  }

  // For the sending queue

  /** @param {string} peerId */
  isFor(peerId) {
    return this.#recipients.has(peerId)
  }

  get isOver() {
    return this.#all.every(({ isOver }) => isOver)
  }

  /** @param {string} peerId */
  offer(peerId) {
    const recipient = /** @type {Recipient} */ (this.#recipients.get(peerId))
    recipient.enter("offered")
    this.#post(recipient, { kind: "offer", id: this.id, name: this.name, type: this.type, size: this.size })
    recipient.meter.report()
  }

  /** @param {string} peerId @param {Note} note */
  noted(peerId, note) {
    const recipient = this.#recipients.get(peerId)
    // The recipient was away when its transfer was given up.
    if (recipient?.error && note.kind === "accept") this.#tell(recipient, recipient.error)
    if (!recipient || recipient.isOver || recipient.stage === "waiting") return
    if (note.kind === "fail") this.#fail(recipient, failure(note), false)
    if (note.kind === "accept" && recipient.stage !== "active") this.#accepted(recipient, note.wait)
    if (note.kind === "pause" || note.kind === "resume") this.#pausedBy(recipient, note.kind === "pause")
    if (note.kind === "done" && recipient.stage === "active" && recipient.sent === this.size) this.#done(recipient)
  }

  /** @param {string} peerId @param {{ offset: number, resume?: boolean }} credit */
  credited(peerId, credit) {
    const recipient = this.#recipients.get(peerId)
    // On a slow connection, the bytes that it misses may still be waiting here.
    if (!recipient || (credit.resume && this.#carrier.buffered([peerId]) > recipient.position - credit.offset)) return
    if (recipient.credit(credit)) recipient.meter.moved(recipient.credited)
  }

  /** Sends the next chunk to those that need it. All of them wait for the one that is furthest behind. @returns {boolean} whether a chunk was sent */
  sendChunk() {
    if (this.isPaused) return false
    const served = this.#all.filter(({ isServed }) => isServed)
    const offset = Math.min(this.size, ...served.map(({ position }) => position))
    const most = Math.min(CHUNK_BYTES, ...served.map(({ chunkBytes }) => chunkBytes))
    const length = Math.min(most - offset % most, this.size - offset)
    const due = served.filter(({ position }) => position === offset)
    if (length === 0 || !due.every((recipient) => recipient.hasRoom(length)) || !this.#send(due, offset, length)) return false
    for (const recipient of due) {
      recipient.advance(length)
      this.#endIfSent(recipient)
    }
    return true
  }

  /** @param {Set<string>} reachable */
  reach(reachable) {
    for (const recipient of this.#all) {
      const isBack = recipient.reach(reachable.has(recipient.peerId))
      // If another page of the recipient has come back, it knows nothing of the file, and says so now.
      if (isBack && (recipient.stage === "active" || recipient.stage === "accepted")) this.#post(recipient, { kind: "hold", id: this.id })
    }
  }

  /** Sends again what was on its way, because it is lost. */
  goBack() {
    for (const recipient of this.#all) recipient.goBack()
  }

  /** @param {number} ms */
  pass(ms) {
    const holders = holdersOf(this.#all, this.#carrier)
    for (const recipient of this.#all) {
      if (recipient.isOver) continue
      if (recipient.lag(ms, holders.includes(recipient))) this.#fail(recipient, new P2pError("stalled"))
      const code = recipient.pass(ms, this.isPaused, this.#carrier.buffered([recipient.peerId]) > CHUNK_BYTES)
      if (code) this.#fail(recipient, new P2pError(code))
      else if (!this.isPaused && recipient.isKeptWaiting(ms)) this.#post(recipient, { kind: "hold", id: this.id })
    }
  }

  /** @param {P2pError} error @param {boolean} [tell] whether to tell the recipients */
  fail(error, tell) {
    for (const recipient of this.#all) this.#fail(recipient, error, tell)
  }

  // Private

  get #all() {
    return [...this.#recipients.values()]
  }

  /** @param {Recipient[]} due @param {number} offset @param {number} length */
  #send(due, offset, length) {
    const to = due.map(({ peerId }) => peerId)
    if (this.#carrier.buffered(to) + length > HIGH_BYTES) return false
    const chunk = this.#blocks?.chunk(offset)
    if (!chunk) return false
    try {
      this.#carrier.route({ type: "Chunk", to, transfer: this.id, offset, bytes: chunk.subarray(0, length) })
      return true
    } catch (error) {
      if (!(error instanceof P2pError)) throw error
      if (error.code === "forbidden") this.fail(error)
      return false // this peer isn't connected, and goes on when it is
    }
  }

  /** @param {Recipient} recipient @param {boolean} [wait] */
  #accepted(recipient, wait) {
    recipient.enter(wait ? "accepted" : "active")
    if (wait) return
    if (this.isPaused) this.#post(recipient, { kind: "pause", id: this.id })
    recipient.meter.report()
    this.#endIfSent(recipient)
    this.#delegate.fileAccepted(this)
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    if (isPaused === this.isPaused || this.isOver) return
    this.isPaused = isPaused
    for (const recipient of this.#all) {
      if (recipient.stage !== "active") continue
      this.#post(recipient, { kind: isPaused ? "pause" : "resume", id: this.id })
      recipient.meter.report()
    }
    this.#delegate.pump()
  }

  /** @param {Recipient} recipient @param {boolean} isPaused */
  #pausedBy(recipient, isPaused) {
    if (isPaused === recipient.isPaused) return
    recipient.isPaused = isPaused
    recipient.meter.report()
    this.#delegate.pump()
  }

  /** @param {Recipient} recipient */
  #endIfSent(recipient) {
    if (recipient.position < this.size || recipient.hasEnd) return
    recipient.hasEnd = true
    void this.#end(recipient).catch((cause) => this.#fail(recipient, cause instanceof P2pError ? cause : new P2pError("internal", { cause })))
  }

  /** @param {Recipient} recipient */
  async #end(recipient) {
    await this.#blocks?.check()
    this.#post(recipient, { kind: "end", id: this.id, digest: await this.#digest.whole() })
  }

  /** @param {Recipient} recipient */
  #done(recipient) {
    recipient.enter("done")
    recipient.credited = this.size
    recipient.meter.report()
    this.#ended(recipient)
  }

  /** @param {Recipient} recipient @param {P2pError} error @param {boolean} [tell] whether to tell it */
  #fail(recipient, error, tell = recipient.stage !== "waiting") {
    if (recipient.isOver) return
    recipient.enter("failed")
    recipient.error = error
    this.failures.set(recipient.peerId, error)
    if (tell) this.#tell(recipient, error)
    recipient.meter.report()
    this.#ended(recipient)
  }

  /** @param {Recipient} recipient @param {P2pError} error */
  #tell(recipient, error) {
    // A recipient needn't know why a file can't be read here, only that nothing more comes.
    const told = error.code === "file_changed" ? new P2pError("cancelled", { message: error.message }) : error
    this.#post(recipient, failNote(this.id, told))
  }

  /** @param {Recipient} recipient */
  #ended(recipient) {
    if (this.isOver) this.#settle()
    this.#delegate.fileEnded(this, recipient.peerId)
  }

  #settle() {
    this.#blocks = null // frees the bytes, although the app may keep this object
    const [error] = this.failures.values()
    if (error && this.failures.size === this.#recipients.size) this.#outcome.reject(error)
    else this.#outcome.resolve(undefined)
  }

  /** @param {Recipient} recipient @param {Note} note */
  #post(recipient, note) {
    this.#carrier.post(recipient.peerId, note).catch((error) => this.#fail(recipient, error, false))
  }
}

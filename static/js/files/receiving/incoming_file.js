// An incoming file, which another peer offers or sends to this one.
import { P2pError } from "../../base/errors.js"
import { deferred } from "../../base/deferred.js"
import { Credits } from "./credits.js"
import { Digest } from "../digest.js"
import { OFFER_MS, PATIENCE_MS, RETURN_MS, SILENCE_MS } from "../limits.js"
import { Meter } from "../progress.js"
import { failNote, failure } from "../notes.js"
import { asP2pError, discard, problemOf } from "./acceptance.js"
import { Assembly } from "./assembly.js"

/**
 * @typedef {import("../notes.js").Note} Note
 *
 * @typedef {object} IncomingDelegate
 * @property {(file: IncomingFile) => void} fileTaken the app accepts the file
 * @property {(file: IncomingFile) => void} fileReported
 * @property {(file: IncomingFile) => void} fileRested the file takes nothing at the moment, or has ended
 *
 * @typedef {object} IncomingOptions
 * @property {import("../notes.js").OfferNote} offer
 * @property {string} senderId
 * @property {boolean} isHere whether the sender can be reached now
 * @property {import("../transfers.js").Carrier} carrier
 * @property {import("../../base/clock.js").Clock} clock
 * @property {SubtleCrypto} [subtle]
 * @property {import("./sinks.js").Sinks} sinks
 * @property {IncomingDelegate} delegate
 */

/** A file that another peer offers or sends to this one. The sender chooses its name, type and content: none of them can be trusted. */
export class IncomingFile {
  /** Whether the file's digest was compared with the sender's. */
  verified = false
  /** How many bytes are written. */
  transferred = 0
  /** @type {P2pError | undefined} */
  error
  #options
  #meter
  /** @type {ReturnType<typeof deferred<File | null>>} */
  #outcome = deferred()
  /** @type {"offered" | "accepted" | "active" | "done" | "failed"} */
  #stage = "offered"
  /** @type {WritableStream | undefined} */
  #to
  /** @type {Assembly | null} */
  #assembly = null
  /** @type {Extract<Note, { kind: "end" }> | null} */
  #end = null
  #isFinishing = false
  #isPaused = false
  #isPausedThere = false
  #isHere
  #idleMs = 0
  /** Milliseconds in which nothing was written although this side hadn't paused the file. */
  #stillMs = 0
  #credits

  /** @param {IncomingOptions} options */
  constructor(options) {
    const { id, name, type, size } = options.offer
    this.id = id
    this.senderId = options.senderId
    this.name = name
    this.type = type
    this.size = size
    this.#options = options
    this.#isHere = options.isHere
    this.#credits = new Credits(options)
    this.#meter = new Meter(options.clock, () => options.delegate.fileReported(this))
  }

  /** @returns {import("../sending/recipient.js").TransferState} */
  get state() {
    if (this.#stage === "active") return this.#isPaused || this.#isPausedThere ? "paused" : "active"
    return this.#stage === "accepted" ? "offered" : this.#stage
  }

  /** Bytes per second. */
  get rate() {
    return this.#meter.rate
  }

  /**
   * Accepts the file. It is sent when its turn comes.
   * @param {{ to?: WritableStream }} [options] `to`: the stream to which it is written; it isn't kept here then
   * @returns {Promise<File | null>} null if it was written `to` a stream
   */
  accept(options = {}) {
    const problem = problemOf(options)
    if (problem) return Promise.reject(problem)
    const { to } = options
    if (this.#stage === "offered") {
      this.#enter("accepted")
      this.#to = to
      this.#options.delegate.fileTaken(this)
    } else if (this.error) discard(to, this.error)
    return this.#outcome.promise
  }

  /** @param {string} [reason] told to the sender */
  decline(reason) {
    if (this.#stage === "offered") this.fail(new P2pError("declined", { message: reason }))
  }

  /** Takes nothing more until resume(). */
  pause() {
    this.#setPaused(true)
  }

  resume() {
    this.#setPaused(false)
  }

  /** @param {string} [reason] told to the sender */
  cancel(reason) {
    this.fail(new P2pError("cancelled", { message: reason }))
  }

  // For the receiving queue

  get isOver() {
    return this.#stage === "done" || this.#stage === "failed"
  }

  /** How many bytes of the file may be on their way here, or wait to be written; at most `most`. @param {number} most */
  load(most) {
    return this.state === "active" ? Math.min(this.size, most) : 0
  }

  /** Whether the sender has to send something now. */
  get isAwaited() {
    return this.state === "active" && !this.#isExcused
  }

  /** Tells the sender that the file is accepted; or, as long as others come first, that it has to wait. */
  confirm() {
    this.#post({ kind: "accept", id: this.id, ...(this.#stage === "accepted" && { wait: true }) })
  }

  /** The file's turn has come. */
  async start() {
    this.#enter("active")
    const { sinks, subtle } = this.#options
    try {
      const sink = await sinks.open(this, this.#to)
      this.#assembly = new Assembly(this.size, sink, new Digest(subtle), this)
    } catch (error) {
      this.fail(asP2pError(error))
      return
    }
    if (this.#stage === "failed") return this.#assembly.abort(/** @type {P2pError} */ (this.error))
    this.#idleMs = 0
    if (this.#isPaused) this.#post({ kind: "pause", id: this.id }) // before the confirmation, or a small file would arrive first
    this.confirm()
    this.#meter.report()
  }

  /** @param {Note} note */
  noted(note) {
    if (this.isOver) return
    if (this.#stage === "active") this.#idleMs = 0
    if (note.kind === "fail") this.fail(failure(note), false)
    if (note.kind === "pause" || note.kind === "resume") this.#setPausedThere(note.kind === "pause")
    if (note.kind === "hold") this.goBack() // the sender is back, and may have missed how far this file has come
    if (note.kind === "end") this.#ended(note)
  }

  /** @param {number} offset @param {Uint8Array} bytes @returns {boolean} whether the chunk was taken */
  chunkReceived(offset, bytes) {
    const assembly = this.#assembly
    if (this.#stage !== "active" || !assembly) return false
    this.#idleMs = 0
    const isTaken = assembly.take(offset, bytes)
    this.#credits.moved(assembly, !isTaken && offset > assembly.received)
    return isTaken
  }

  blockWritten() {
    const assembly = /** @type {Assembly} */ (this.#assembly)
    this.transferred = assembly.written
    this.#stillMs = 0
    this.#credits.grant(assembly)
    this.#meter.moved(this.transferred)
    this.#finishIfWhole()
  }

  /** @param {unknown} error */
  assemblyFailed(error) {
    this.fail(asP2pError(error))
  }

  /** Tells the sender everything again, because what was on its way is lost. */
  goBack() {
    this.#idleMs = 0
    if (this.#assembly) this.#credits.repeat(this.#assembly)
  }

  /** @param {Set<string>} reachable */
  reach(reachable) {
    const isHere = reachable.has(this.senderId)
    if (isHere === this.#isHere) return
    this.#isHere = isHere
    if (isHere) this.goBack()
    else if (this.#stage !== "offered") this.#idleMs = 0
    // If another page of the sender has come back, it knows nothing of the file, and says so now.
    if (isHere && (this.#stage === "accepted" || this.#assembly)) this.confirm()
  }

  /** @param {number} ms */
  pass(ms) {
    if (this.isOver) return
    if (this.#isExcused) this.#idleMs = 0
    else this.#idleMs += ms
    if (!this.#isPaused) this.#stillMs += ms
    if (this.#stage === "offered" && this.#idleMs >= OFFER_MS) this.fail(new P2pError("declined"))
    else if (this.#stage !== "offered" && (this.#idleMs >= RETURN_MS || this.#stillMs >= PATIENCE_MS)) this.fail(new P2pError("stalled"))
    else if (this.#assembly) this.#credits.remind(this.#assembly, this.#idleMs > 0 && this.#idleMs % SILENCE_MS === 0)
  }

  /** @param {P2pError} error @param {boolean} [tell] whether to tell the sender */
  fail(error, tell = true) {
    if (this.isOver) return
    this.error = error
    this.#enter("failed")
    if (this.#assembly) this.#assembly.abort(error)
    else discard(this.#to, error)
    if (tell) this.#post(failNote(this.id, error))
    this.#outcome.reject(error)
    this.#close()
  }

  // Private

  /** @param {"accepted" | "active" | "done" | "failed"} stage */
  #enter(stage) {
    this.#stage = stage
    this.#idleMs = 0
  }

  /** Whether the sender has nothing to do at the moment. */
  get #isExcused() {
    if (this.#stage === "offered" || !this.#isHere) return false
    return this.state !== "active" || !this.#assembly?.isIdle || this.#isFinishing
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    if (isPaused === this.#isPaused || this.isOver) return
    this.#isPaused = isPaused
    if (this.#assembly) this.#post({ kind: isPaused ? "pause" : "resume", id: this.id })
    this.#pauseChanged()
  }

  /** @param {boolean} isPaused */
  #setPausedThere(isPaused) {
    if (isPaused === this.#isPausedThere) return
    this.#isPausedThere = isPaused
    this.#pauseChanged()
  }

  #pauseChanged() {
    this.#meter.report()
    if (this.state === "paused") this.#options.delegate.fileRested(this)
  }

  /** @param {Extract<Note, { kind: "end" }>} note */
  #ended(note) {
    this.#end ??= note
    this.#finishIfWhole()
  }

  #finishIfWhole() {
    if (this.#stage !== "active" || !this.#assembly || !this.#end || this.#isFinishing || this.transferred < this.size) return
    this.#isFinishing = true
    this.#assembly.finish(this.#end.digest).then(({ file, verified }) => this.#done(file, verified), (error) => this.fail(asP2pError(error)))
  }

  /** @param {File | null} file @param {boolean} verified */
  #done(file, verified) {
    if (this.isOver) return
    this.verified = verified
    this.#enter("done")
    this.#post({ kind: "done", id: this.id })
    this.#outcome.resolve(file)
    this.#close()
  }

  #close() {
    this.#meter.report()
    this.#assembly = null
    this.#options.delegate.fileRested(this)
  }

  /** @param {Note} note */
  #post(note) {
    this.#options.carrier.post(this.senderId, note).catch((error) => this.fail(error, false))
  }
}

// The receiving queue: all files that others send to this peer, and whose turn it is.
import { P2pError } from "../../base/errors.js"
import { IncomingFile } from "./incoming_file.js"
import { AHEAD_BYTES, LEAST_PACE_BYTES, LEAST_PACE_MS, MAX_INBOUND_BYTES, MAX_INBOUND_BYTES_OF_SENDER, MAX_OFFERS, MAX_OFFERS_IN_ALL } from "../limits.js"
import { failNote } from "../notes.js"

/** All files that others offer and send to this peer, and whose turn it is. */
export class ReceivingQueue {
  #options
  /** The files by their senders, and then by the ids that the senders have given them. @type {Map<string, Map<string, IncomingFile>>} */
  #files = new Map()
  /** The accepted files that wait for room, in order. @type {Set<IncomingFile>} */
  #waiting = new Set()
  #count = 0
  /** How many bytes each sender has sent while others waited for room, and for how long. @type {Map<string, { bytes: number, ms: number }>} */
  #paces = new Map()
  /** How many chunks were dropped: of unknown files, out of order, repeated, or too long. */
  droppedChunks = 0

  /** @param {import("../transfers.js").TransfersOptions & { sinks: import("./sinks.js").Sinks }} options */
  constructor(options) {
    this.#options = options
  }

  get size() {
    return this.#files.size
  }

  /**
   * @param {import("../notes.js").OfferNote} offer
   * @param {string} senderId
   * @param {boolean} isHere
   */
  offered(offer, senderId, isHere) {
    const files = this.#files.get(senderId) ?? new Map()
    if (files.has(offer.id)) return
    if (files.size >= MAX_OFFERS || this.#count >= MAX_OFFERS_IN_ALL) return this.#refuse(offer, senderId)
    const file = new IncomingFile({ ...this.#options, offer, senderId, isHere, delegate: this })
    this.#files.set(senderId, files.set(offer.id, file))
    this.#count += 1
    if (!this.#options.delegate.fileOffered(file)) file.decline()
  }

  /**
   * @param {string} senderId
   * @param {import("../notes.js").Note} note
   */
  noted(senderId, note) {
    const file = this.find(senderId, note.id)
    if (file) file.noted(note)
    else if (note.kind === "hold" || note.kind === "end") this.#disown(senderId, note.id, "took")
    else if (note.kind === "accept") this.#disown(senderId, note.id, "sent")
  }

  /** @param {string} senderId @param {string} id */
  find(senderId, id) {
    return this.#files.get(senderId)?.get(id)
  }

  /**
   * @param {string} senderId
   * @param {{ transfer: string, offset: number }} header
   * @param {Uint8Array} bytes
   */
  chunkReceived(senderId, { transfer, offset }, bytes) {
    if (!this.find(senderId, transfer)?.chunkReceived(offset, bytes)) this.droppedChunks += 1
    else if (this.#paces.has(senderId)) this.#paceOf(senderId).bytes += bytes.length
  }

  /**
   * Time has passed. A sender that keeps others waiting, and hardly sends anything, has to make room.
   * @param {number} ms
   */
  pass(ms) {
    this.each((file) => file.pass(ms))
    for (const [senderId, files] of this.#files) {
      const awaited = [...files.values()].filter(({ isAwaited }) => isAwaited)
      if (awaited.length === 0 || !this.#holdsUp(senderId)) this.#paces.delete(senderId)
      else if (this.#lags(senderId, ms)) for (const file of awaited) file.fail(new P2pError("stalled"))
    }
  }

  /** @param {(file: IncomingFile) => void} action */
  each(action) {
    for (const files of this.#files.values()) for (const file of files.values()) action(file)
  }

  /** @param {P2pError} error */
  leave(error) {
    this.#waiting.clear()
    this.each((file) => file.fail(error, false))
  }

  // News from the files

  /** @param {IncomingFile} file */
  fileTaken(file) {
    this.#waiting.add(file)
    this.#startNext()
    if (this.#waiting.has(file)) file.confirm()
  }

  /** @param {IncomingFile} file */
  fileReported(file) {
    const { id, senderId, name, type, size, transferred, rate, state, error } = file
    this.#options.delegate.fileProgressed({ id, peerId: senderId, direction: "in", name, type, size, transferred, rate, state, ...(error && { error }) })
  }

  /** @param {IncomingFile} file */
  fileRested(file) {
    if (file.isOver) this.#forget(file)
    this.#startNext()
  }

  // Private

  /** Whether files of another sender wait for room. @param {string} senderId */
  #holdsUp(senderId) {
    return [...this.#waiting].some((file) => file.senderId !== senderId)
  }

  /** @param {string} senderId @param {number} ms */
  #lags(senderId, ms) {
    const pace = this.#paceOf(senderId)
    pace.ms += ms
    if (pace.bytes >= LEAST_PACE_BYTES) this.#paces.delete(senderId)
    return pace.bytes < LEAST_PACE_BYTES && pace.ms > LEAST_PACE_MS
  }

  /** @param {string} senderId */
  #paceOf(senderId) {
    const pace = this.#paces.get(senderId) ?? { bytes: 0, ms: 0 }
    this.#paces.set(senderId, pace)
    return pace
  }

  /** @param {IncomingFile} file */
  #forget(file) {
    this.#waiting.delete(file)
    const files = this.#files.get(file.senderId)
    if (files?.delete(file.id)) this.#count -= 1
    if (files?.size !== 0) return
    this.#files.delete(file.senderId)
    this.#paces.delete(file.senderId)
  }

  #startNext() {
    for (const file of this.#waiting) {
      let load = Math.min(file.size, AHEAD_BYTES)
      let ofSender = load
      this.each((other) => {
        load += other.load(AHEAD_BYTES)
        if (other.senderId === file.senderId) ofSender += other.load(AHEAD_BYTES)
      })
      if (load > MAX_INBOUND_BYTES) return
      if (ofSender > MAX_INBOUND_BYTES_OF_SENDER) continue
      this.#waiting.delete(file)
      void file.start()
    }
  }

  /**
   * @param {import("../notes.js").OfferNote} offer
   * @param {string} senderId
   */
  #refuse({ id }, senderId) {
    this.#tellFailure(senderId, id, new P2pError("rate_limited", { message: `More than ${MAX_OFFERS} files of one sender wait, or ${MAX_OFFERS_IN_ALL} of all.` }))
  }

  /** Says that this page doesn't know a file, because an earlier page of this peer has accepted or sent it. @param {string} peerId @param {string} id @param {"took" | "sent"} part */
  #disown(peerId, id, part) {
    this.#tellFailure(peerId, id, new P2pError("cancelled", { message: `The page that ${part} the file has gone.` }))
  }

  /** @param {string} senderId @param {string} id @param {P2pError} error */
  #tellFailure(senderId, id, error) {
    this.#options.carrier.post(senderId, failNote(id, error)).catch(() => undefined)
  }
}

// Loads the code that transfers files when the first file is sent or offered.
import { Deadline } from "../base/deadline.js"
import { asBlob } from "../base/kinds.js"
import { LOAD_TERM_MS, MAX_LOADING, MAX_LOADING_OF_SENDER } from "../base/limits.js"
import { CHUNK, CREDIT } from "../wire/frames.js"
import { P2pError } from "../base/errors.js"
import { importAgain, unloadable } from "../base/parts.js"
import { Shares } from "../base/shares.js"
import { Transfer } from "./transfer.js"

const FILE = "p2p-files.js"
const TASK = "moves files"

/**
 * Stands in for the part of the client that transfers files, and loads it when the first file is sent or offered. Most pages never need it.
 *
 * @typedef {import("./transfers.js").Transfers} Transfers
 * @typedef {object} LoaderOptions
 * @property {import("../base/clock.js").Clock} clock
 * @property {import("./transfers.js").Carrier} carrier
 * @property {import("./transfers.js").TransfersDelegate} delegate
 */
export class Loader {
  #options
  /** @type {Transfers | null} */
  #transfers = null
  /** @type {Promise<Transfers> | null} */
  #loading = null
  /** The functions to call if this peer leaves while the code is being loaded. @type {Set<(error: P2pError) => void>} */
  #waiting = new Set()
  /** How many notes of each other peer wait until the code is loaded. */
  #notes = new Shares()

  /** @param {LoaderOptions} options */
  constructor(options) {
    this.#options = options
  }

  /**
   * @param {any} file as it is now; later changes to it don't matter
   * @param {{ to?: string[], name?: string, type?: string }} options
   * @throws {P2pError} `unsupported`
   */
  send(file, options) {
    const blob = asBlob(file)
    return new Transfer(blob, options, async (id) => {
      if (this.#waiting.size - this.#notes.count >= MAX_LOADING) throw new P2pError("rate_limited")
      return (await this.#load()).sendFile(blob, { ...options, id })
    })
  }

  // News from other peers

  /**
   * @param {string} senderId
   * @param {any} note
   */
  noted(senderId, note) {
    if (this.#transfers) return this.#transfers.noted(senderId, note)
    if (this.#notes.of(senderId) >= MAX_LOADING_OF_SENDER || this.#notes.count >= MAX_LOADING) return this.#refuse(senderId, note, new P2pError("rate_limited"))
    this.#notes.add(senderId, 0)
    // The notes stay in order, because all of them wait for the same promise.
    this.#load().then((transfers) => transfers.noted(senderId, note), (error) => this.#refuse(senderId, note, error)).finally(() => this.#notes.remove(senderId, 0))
  }

  /** @param {import("../wire/frames.js").RoutedFrame} frame */
  received(frame) {
    const { senderId = "" } = frame
    if (frame.type === CHUNK) this.#transfers?.receiving.chunkReceived(senderId, frame, frame.bytes ?? new Uint8Array())
    else if (frame.type === CREDIT) this.#transfers?.creditReceived(senderId, frame)
  }

  // News from the connections

  resume() {
    this.#transfers?.reconnected()
  }

  update() {
    this.#transfers?.peersChanged()
  }

  drained() {
    this.#transfers?.sending.pump()
  }

  talked() {
    this.#transfers?.yielding.note()
  }

  /** @param {P2pError} error */
  leave(error) {
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
    this.#transfers?.leave(error)
  }

  // Private

  /**
   * Tells the sender of a note that its file can't be handled, so that it doesn't wait.
   * @param {string} senderId
   * @param {any} note
   * @param {P2pError} error
   */
  #refuse(senderId, note, { code, message }) {
    if ((code === "unavailable" || code === "rate_limited") && note?.kind !== "fail") this.#options.carrier.post(senderId, { kind: "fail", id: note?.id, code, reason: message }).catch(() => undefined)
  }

  /** @returns {Promise<Transfers>} also rejects if this peer leaves before the code is loaded */
  #load() {
    if (this.#transfers) return Promise.resolve(this.#transfers)
    const term = new Deadline(this.#options.clock)
    /** @type {(error: P2pError) => void} */
    let leave
    return new Promise((resolve, reject) => {
      this.#waiting.add(leave = reject)
      term.start(LOAD_TERM_MS, () => reject(unloadable(FILE, TASK)))
      this.#loading ??= importTransfers().then(({ Transfers }) => this.#begin(Transfers), (cause) => {
        this.#loading = null // the next file tries again
        throw unloadable(FILE, TASK, cause)
      })
      this.#loading.then(resolve, reject)
    }).finally(() => {
      term.stop()
      this.#waiting.delete(leave)
    })
  }

  /** @param {typeof import("./transfers.js").Transfers} TransfersHere */
  #begin(TransfersHere) {
    return (this.#transfers = new TransfersHere(this.#options))
  }
}

/** @returns {Promise<typeof import("./transfers.js")>} */
function importTransfers() {
  return import("./transfers.js").catch(() => importAgain(FILE))
}

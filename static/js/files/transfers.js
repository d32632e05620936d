// All files on their way from this peer and to it.
import { ReceivingQueue } from "./receiving/queue.js"
import { TICK_MS } from "./limits.js"
import { readNote } from "./notes.js"
import { SendingQueue } from "./sending/queue.js"
import { Sinks } from "./receiving/sinks.js"
import { Yielding } from "./sending/yielding.js"

/**
 * @typedef {object} Carrier what carries files: the session, which knows the channels
 * @property {string} peerId this peer
 * @property {(to: string, note: import("./notes.js").Note) => Promise<void>} post reliable, in order; resolves when received, rejects with a P2pError
 * @property {(frame: import("../wire/frames.js").RoutedFrame) => void} route chunks and credits; throws a P2pError where the frame isn't taken
 * @property {(to: string[]) => number} buffered bytes that wait in this peer's own channels to them, in the fullest one
 * @property {() => string[]} reachable the other peers that are connected now
 *
 * @typedef {object} TransfersDelegate
 * @property {(file: import("./receiving/incoming_file.js").IncomingFile) => boolean} fileOffered false when nobody looks after it: it is declined then, unless it was accepted
 * @property {(progress: import("./progress.js").Progress) => void} fileProgressed
 *
 * @typedef {object} TransfersOptions
 * @property {Carrier} carrier
 * @property {import("../base/clock.js").Clock} clock
 * @property {TransfersDelegate} delegate
 * @property {Sinks} [sinks] where files go
 * @property {SubtleCrypto} [subtle] what makes digests; none in a page that isn't a secure context
 */

/** All files on their way from this peer and to it. The rules are between the two ends: whoever passes chunks on needs none. */
export class Transfers {
  #options
  /** Set while a look at them all is due. @type {any} */
  #timer = null
  #sinks

  /** @param {TransfersOptions} options */
  constructor({ sinks = new Sinks(), subtle = globalThis.crypto?.subtle, ...options }) {
    this.#options = options
    this.#sinks = sinks
    /** Told of whatever else is said in the session, or heard: chunks make room for more of that. */
    this.yielding = new Yielding(options.clock)
    this.sending = new SendingQueue({ ...options, yielding: this.yielding, subtle })
    this.receiving = new ReceivingQueue({ ...options, subtle, sinks })
    sinks.tidy()
  }

  /** How many transfers aren't over. */
  get size() {
    return this.sending.size + this.receiving.size
  }

  /**
   * @param {Blob} blob
   * @param {import("./sending/queue.js").SendFileOptions} options without `to` it goes to all that are connected
   * @returns {import("./sending/outgoing_file.js").OutgoingFile}
   * @throws {import("../base/errors.js").P2pError} `too_large`, `no_such_peer`, `rate_limited`
   */
  sendFile(blob, options) {
    const file = this.sending.send(blob, options, this.#look())
    this.#watch()
    return file
  }

  /**
   * @param {string} senderId
   * @param {unknown} data untrusted
   */
  noted(senderId, data) {
    const note = readNote(data)
    if (note?.kind === "offer") {
      this.receiving.offered(note, senderId, this.#look().has(senderId))
      this.#watch()
    } else if (note) {
      const file = this.sending.find(note.id, senderId)
      if (file) file.noted(senderId, note)
      else this.receiving.noted(senderId, note)
    }
  }

  /**
   * @param {string} senderId
   * @param {{ transfer: string, offset: number, resume?: boolean }} credit
   */
  creditReceived(senderId, credit) {
    this.sending.find(credit.transfer, senderId)?.credited(senderId, credit)
    this.sending.pump()
  }

  /** Somebody has become reachable, or unreachable. */
  peersChanged() {
    const reachable = this.#look()
    this.sending.each((file) => file.reach(reachable))
    this.receiving.each((file) => file.reach(reachable))
    this.sending.pump()
  }

  /** This peer has a new connection: what was in flight is lost. */
  reconnected() {
    this.peersChanged()
    this.sending.each((file) => file.goBack())
    this.receiving.each((file) => file.goBack())
    this.sending.pump()
  }

  /**
   * This peer has left for good. Files that it has whole remain.
   * @param {import("../base/errors.js").P2pError} error
   */
  leave(error) {
    this.sending.leave(error)
    this.receiving.leave(error)
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = null
    void this.#sinks.dispose()
  }

  // Private

  #look() {
    return new Set(this.#options.carrier.reachable())
  }

  /** Looks after them all, now and then, for as long as there are any. */
  #watch() {
    if (this.#timer === null && this.size > 0) this.#timer = this.#options.clock.setTimeout(() => this.#tick(), TICK_MS)
  }

  #tick() {
    this.#timer = null
    this.peersChanged()
    this.sending.each((file) => file.pass(TICK_MS))
    this.receiving.pass(TICK_MS)
    this.sending.pump()
    this.#watch()
  }
}

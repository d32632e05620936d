// All file transfers of this peer, in both directions.
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
 * @property {(frame: import("../wire/frames.js").RoutedFrame) => void} route chunks and credits; throws a P2pError if the frame isn't taken
 * @property {(to: string[]) => number} buffered how many bytes wait in this peer's own channels to them; the fullest channel counts
 * @property {() => string[]} reachable the other peers that are connected now
 *
 * @typedef {object} TransfersDelegate
 * @property {(file: import("./receiving/incoming_file.js").IncomingFile) => boolean} fileOffered false if nobody handles the offer: then it is declined, unless it was accepted
 * @property {(progress: import("./progress.js").Progress) => void} fileProgressed
 *
 * @typedef {object} TransfersOptions
 * @property {Carrier} carrier
 * @property {import("../base/clock.js").Clock} clock
 * @property {TransfersDelegate} delegate
 * @property {Sinks} [sinks] where incoming files are written
 * @property {SubtleCrypto} [subtle] makes digests; undefined in a page that isn't a secure context
 */

/** All file transfers of this peer. Only the two ends know the rules of a transfer: a host that passes chunks on needn't. */
export class Transfers {
  #options
  /** Set while the next look at all transfers is scheduled. @type {any} */
  #timer = null
  #sinks

  /** @param {TransfersOptions} options */
  constructor({ sinks = new Sinks(), subtle = globalThis.crypto?.subtle, ...options }) {
    this.#options = options
    this.#sinks = sinks
    /** Must be told of each message that is sent or received, because chunks leave room for messages. */
    this.yielding = new Yielding(options.clock)
    this.sending = new SendingQueue({ ...options, yielding: this.yielding, subtle })
    this.receiving = new ReceivingQueue({ ...options, subtle, sinks })
    sinks.tidy()
  }

  /** How many transfers aren't over yet. */
  get size() {
    return this.sending.size + this.receiving.size
  }

  /**
   * @param {Blob} blob
   * @param {import("./sending/queue.js").SendFileOptions} options without `to`, the file goes to all peers that are connected
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

  /** A peer has become reachable, or unreachable. */
  peersChanged() {
    const reachable = this.#look()
    this.sending.each((file) => file.reach(reachable))
    this.receiving.each((file) => file.reach(reachable))
    this.sending.pump()
  }

  /** This peer has a new connection. What was on its way is lost. */
  reconnected() {
    this.peersChanged()
    this.sending.each((file) => file.goBack())
    this.receiving.each((file) => file.goBack())
    this.sending.pump()
  }

  /**
   * This peer has left for good. It keeps the files that are complete.
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

  /** Looks at all transfers at regular intervals, as long as there are any. */
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

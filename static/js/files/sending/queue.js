// The sending queue: all files that this peer sends, and which one's chunk is next.
import { P2pError } from "../../base/errors.js"
import { MAX_FILE_BYTES, MAX_OPEN, MAX_QUEUED, MAX_RECIPIENTS } from "../limits.js"
import { cleanName, cleanType } from "../names.js"
import { OutgoingFile } from "./outgoing_file.js"

/** @typedef {{ to?: string | string[], name?: string, type?: string, id: string }} SendFileOptions */

/** All files that this peer sends: which one is offered to whom and when, and which one's chunk is next. */
export class SendingQueue {
  #options
  /** @type {Map<string, OutgoingFile>} */
  #files = new Map()
  /** The files that a recipient takes now. The first one is the next to send. @type {Set<OutgoingFile>} */
  #flowing = new Set()
  /** The files that are being sent to each recipient, and those that are to be offered to it later. @type {Map<string, { open: Set<OutgoingFile>, waiting: Set<OutgoingFile> }>} */
  #lanes = new Map()
  #isPumping = false

  /** @param {import("../transfers.js").TransfersOptions & { yielding: import("./yielding.js").Yielding }} options */
  constructor(options) {
    this.#options = options
  }

  get size() {
    return this.#files.size
  }

  /**
   * @param {Blob} blob
   * @param {SendFileOptions} options
   * @param {Set<string>} reachable
   * @returns {OutgoingFile}
   * @throws {P2pError} `too_large`, `no_such_peer`, or `rate_limited` when MAX_QUEUED files wait already
   */
  send(blob, { to, name, type, id }, reachable) {
    if (blob.size > MAX_FILE_BYTES) throw new P2pError("too_large", { message: `A file has at most ${MAX_FILE_BYTES} bytes.` })
    const recipients = this.#audience(to, reachable)
    if (this.size >= MAX_QUEUED) throw new P2pError("rate_limited", { message: `${MAX_QUEUED} files wait already.` })
    const file = new OutgoingFile({
      ...this.#options,
      id,
      blob,
      name: cleanName(String(name ?? /** @type {File} */ (blob).name ?? "")),
      type: cleanType(String(type ?? blob.type)),
      to: recipients,
      reachable,
      delegate: this,
    })
    this.#files.set(file.id, file)
    for (const peerId of recipients) this.#line(peerId, file)
    return file
  }

  /** The file of this id, if this peer is a recipient of it. @param {string} id @param {string} peerId */
  find(id, peerId) {
    const file = this.#files.get(id)
    return file?.isFor(peerId) ? file : undefined
  }

  /** Sends as much as may be sent now, one chunk of each file in turn. */
  pump() {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (const file of this.#flowing) {
        if (!file.sendChunk()) continue
        this.#flowing.delete(file)
        this.#flowing.add(file) // goes to the end, so that the others have their turn
      }
    } finally {
      this.#isPumping = false
    }
  }

  /** @param {(file: OutgoingFile) => void} action */
  each(action) {
    for (const file of this.#files.values()) action(file)
  }

  /** @param {P2pError} error */
  leave(error) {
    this.#lanes.clear() // so that no other file is offered in place of one that ends
    this.each((file) => file.fail(error, false))
  }

  // News from the files

  /** @param {OutgoingFile} file */
  fileAccepted(file) {
    this.#flowing.add(file)
    this.pump()
  }

  /**
   * @param {OutgoingFile} file
   * @param {import("./recipient.js").Recipient} recipient
   */
  fileReported(file, recipient) {
    const { id, name, type, size } = file
    const { peerId, credited: transferred, meter: { rate }, error } = recipient
    this.#options.delegate.fileProgressed({ id, peerId, direction: "out", name, type, size, transferred, rate, state: recipient.stateOf(file.isPaused), ...(error && { error }) })
  }

  /**
   * @param {OutgoingFile} file
   * @param {string} peerId
   */
  fileEnded(file, peerId) {
    const lane = this.#lanes.get(peerId)
    lane?.waiting.delete(file)
    lane?.open.delete(file)
    if (file.isOver) {
      this.#files.delete(file.id)
      this.#flowing.delete(file)
    }
    this.#offer(peerId)
    this.pump()
  }

  // Private

  /**
   * @param {string | string[] | undefined} to
   * @param {Set<string>} reachable
   */
  #audience(to, reachable) {
    const recipients = new Set(typeof to === "string" ? [to] : (to ?? reachable))
    recipients.delete(this.#options.carrier.peerId)
    if (recipients.size === 0) throw new P2pError("no_such_peer", { message: "There is nobody to send the file to." })
    if (recipients.size > MAX_RECIPIENTS) throw new P2pError("too_large", { message: `A file goes to at most ${MAX_RECIPIENTS} peers.` })
    return [...recipients]
  }

  /**
   * @param {string} peerId
   * @param {OutgoingFile} file
   */
  #line(peerId, file) {
    const lane = this.#lanes.get(peerId) ?? { open: new Set(), waiting: new Set() }
    this.#lanes.set(peerId, lane)
    lane.waiting.add(file)
    this.#offer(peerId)
  }

  /** @param {string} peerId */
  #offer(peerId) {
    const lane = this.#lanes.get(peerId)
    if (!lane) return
    for (const file of lane.waiting) {
      if (lane.open.size >= MAX_OPEN) return
      lane.waiting.delete(file)
      lane.open.add(file)
      file.offer(peerId)
    }
    if (lane.open.size === 0) this.#lanes.delete(peerId)
  }
}

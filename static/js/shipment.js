/**
 * A file on its way to others, as its sender's app sees it. It is there at once, whatever has to be loaded first.
 *
 * @typedef {import("./files/outgoing.js").OutgoingFile} OutgoingFile
 */
export class Shipment {
  /** Resolves when every peer that has taken the file has it whole; rejects with a P2pError if none has. @type {Promise<void>} */
  done
  /** @type {OutgoingFile | null} */
  #file = null
  #begun

  /** @param {Promise<OutgoingFile>} begun */
  constructor(begun) {
    this.#begun = begun.then((file) => (this.#file = file))
    this.done = this.#begun.then((file) => file.done)
    this.done.catch(() => undefined) // an app may ignore it, and look at the progress
  }

  /** Names it in `p2p:progress`; empty before it has begun. */
  get id() {
    return this.#file?.id ?? ""
  }

  get name() {
    return this.#file?.name ?? ""
  }

  get type() {
    return this.#file?.type ?? ""
  }

  /** Bytes. */
  get size() {
    return this.#file?.size ?? 0
  }

  /** @returns {string} */
  get state() {
    return this.#file?.state ?? "offered"
  }

  /** Bytes that all its receivers have. */
  get transferred() {
    return this.#file?.transferred ?? 0
  }

  /** Bytes a second. */
  get rate() {
    return this.#file?.rate ?? 0
  }

  /** Its receivers, and how far each has come. */
  get peers() {
    return this.#file?.peers ?? new Map()
  }

  /** Why it failed for some. @returns {Map<string, import("./errors.js").P2pError>} */
  get failures() {
    return this.#file?.failures ?? new Map()
  }

  pause() {
    this.#do((file) => file.pause())
  }

  resume() {
    this.#do((file) => file.resume())
  }

  /** @param {string} [reason] told to its receivers */
  cancel(reason) {
    this.#do((file) => file.cancel(reason))
  }

  /** @param {(file: OutgoingFile) => void} act */
  #do(act) {
    if (this.#file) act(this.#file)
    else this.#begun.then(act, () => undefined) // `done` says why it couldn't begin
  }
}

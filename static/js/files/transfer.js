// A file that an app sends, as the app sees it.
/**
 * A file on its way to others, as the sender's app sees it. The app gets it at once, even if the code that sends files must be loaded first.
 *
 * @typedef {import("./sending/outgoing_file.js").OutgoingFile} OutgoingFile
 */
export class Transfer {
  /** The transfer's id in `p2p:progress` events. */
  id = newId()
  /** Resolves when it is over for all, and at least one has the whole file (`failures` tells who hasn't); rejects with a P2pError if none has. @type {Promise<void>} */
  done
  /** @type {OutgoingFile | null} */
  #file = null
  #begun
  #blob
  #options

  /**
   * @param {Blob} blob
   * @param {{ name?: string, type?: string }} options
   * @param {(id: string) => Promise<OutgoingFile>} begin
   */
  constructor(blob, options, begin) {
    this.#blob = blob
    this.#options = options
    this.#begun = begin(this.id).then((file) => (this.#file = file))
    this.done = this.#begun.then((file) => file.done)
    this.done.catch(() => undefined) // an app may ignore it, and watch the progress instead
  }

  /** @returns {string} */
  get name() {
    return this.#file?.name ?? this.#options.name ?? /** @type {File} */ (this.#blob).name ?? ""
  }

  /** @returns {string} */
  get type() {
    return this.#file?.type ?? this.#options.type ?? this.#blob.type
  }

  /** The file's size in bytes. @returns {number} */
  get size() {
    return this.#file?.size ?? this.#blob.size
  }

  /** @returns {string} */
  get state() {
    return this.#file?.state ?? "offered"
  }

  /** How many bytes all its recipients have. */
  get transferred() {
    return this.#file?.transferred ?? 0
  }

  /** Bytes per second. */
  get rate() {
    return this.#file?.rate ?? 0
  }

  /** Its recipients, and how far each has come. */
  get peers() {
    return this.#file?.peers ?? new Map()
  }

  /** Why it failed for some. @returns {Map<string, import("../base/errors.js").P2pError>} */
  get failures() {
    return this.#file?.failures ?? new Map()
  }

  pause() {
    this.#do((file) => file.pause())
  }

  resume() {
    this.#do((file) => file.resume())
  }

  /** @param {string} [reason] told to its recipients */
  cancel(reason) {
    this.#do((file) => file.cancel(reason))
  }

  /** @param {(file: OutgoingFile) => void} act */
  #do(act) {
    if (this.#file) act(this.#file)
    else this.#begun.then(act, () => undefined) // `done` tells why it couldn't begin
  }
}

/** A new id of 96 random bits. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(16).padStart(8, "0")).join("")
}

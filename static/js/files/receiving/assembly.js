// Assembles an incoming file: puts its chunks together, and writes them.
import { P2pError } from "../../base/errors.js"
import { AHEAD_BYTES, BLOCK_BYTES, UNWRITTEN_BYTES } from "../limits.js"

/**
 * @typedef {object} AssemblyDelegate
 * @property {() => void} blockWritten
 * @property {(error: P2pError) => void} assemblyFailed
 */

/** Makes blocks of the chunks that arrive, and writes them to the sink, one after the other. */
export class Assembly {
  /** How many bytes have arrived, how many of them in whole blocks, and how many of those the sink has taken. */
  received = 0
  #whole = 0
  written = 0
  #size
  #sink
  #digest
  #delegate
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #block = null
  #isAborted = false
  #last = Promise.resolve()

  /**
   * @param {number} size
   * @param {import("./sinks.js").Sink} sink
   * @param {import("../digest.js").Digest} digest
   * @param {AssemblyDelegate} delegate
   */
  constructor(size, sink, digest, delegate) {
    this.#size = size
    this.#sink = sink
    this.#digest = digest
    this.#delegate = delegate
  }

  /** The credit for the sender: the bytes that have arrived, but no more than may wait for the sink. */
  get credit() {
    return this.isIdle ? this.received : Math.min(this.received, this.written + UNWRITTEN_BYTES)
  }

  /** Whether all blocks that are whole have been written. */
  get isIdle() {
    return this.written === this.#whole
  }

  /**
   * @param {number} offset
   * @param {Uint8Array} bytes
   * @returns {boolean} whether this was the next chunk
   */
  take(offset, bytes) {
    const start = offset % BLOCK_BYTES
    const length = Math.min(BLOCK_BYTES, this.#size - (offset - start))
    if (offset !== this.received || bytes.length === 0 || start + bytes.length > length) return false
    if (offset + bytes.length - this.written > AHEAD_BYTES + BLOCK_BYTES) return false // only a sender that ignores the credit gets here
    this.#block ??= new Uint8Array(length)
    this.#block.set(bytes, start)
    this.received += bytes.length
    if (start + bytes.length === length) this.#write(offset - start, this.#block)
    return true
  }

  /**
   * Ends the file when all of it is written, and compares its digest with the sender's.
   * @param {string} [digest]
   * @returns {Promise<{ file: File | null, verified: boolean }>}
   * @throws {P2pError} `corrupt`
   */
  async finish(digest) {
    const own = await this.#digest.whole()
    const verified = digest !== undefined && own !== undefined
    if (verified && digest !== own) throw new P2pError("corrupt")
    return { file: await this.#sink.close(), verified }
  }

  /** @param {P2pError} error */
  abort(error) {
    this.#isAborted = true
    this.#block = null
    // The error of the file itself has been reported already.
    this.#sink.abort(error).catch(() => undefined)
  }

  // Private

  /**
   * @param {number} start
   * @param {Uint8Array<ArrayBuffer>} block
   */
  #write(start, block) {
    this.#block = null
    this.#whole = this.received
    this.#last = this.#last.then(() => this.#put(start, block)).catch((error) => this.#delegate.assemblyFailed(error))
  }

  /**
   * @param {number} start
   * @param {Uint8Array<ArrayBuffer>} block
   */
  async #put(start, block) {
    if (this.#isAborted) return
    const { length } = block // read before writing, because a stream may take the bytes away
    await Promise.all([this.#digest.add(start / BLOCK_BYTES, block), this.#sink.write(block)])
    if (this.#isAborted) return
    this.written += length
    this.#delegate.blockWritten()
  }
}

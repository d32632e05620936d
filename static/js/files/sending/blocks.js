// Reads a file block by block, as its chunks are needed.
import { P2pError } from "../../base/errors.js"
import { AHEAD_BLOCKS, BLOCK_BYTES, CHUNK_BYTES } from "../limits.js"
import { Source } from "./source.js"

/**
 * @typedef {object} BlocksDelegate
 * @property {() => void} blockRead
 * @property {(error: P2pError) => void} blockFailed
 */

/** Gives out a file's bytes as they are needed. Only the block that is being sent and a few after it are in memory. */
export class Blocks {
  #source
  #digest
  #delegate
  #isReading = false
  /** The block that is being sent. */
  #wanted = 0
  /** @type {Map<number, Uint8Array>} */
  #held = new Map()

  /**
   * @param {Blob} file
   * @param {import("../digest.js").Digest} digest
   * @param {BlocksDelegate} delegate
   */
  constructor(file, digest, delegate) {
    this.#source = new Source(file)
    this.#digest = digest
    this.#delegate = delegate
  }

  /**
   * The chunk that starts at an offset, without a copy.
   * @param {number} offset
   * @returns {Uint8Array | null} null while it is being read; the delegate is told when it is there
   */
  chunk(offset) {
    const index = Math.floor(offset / BLOCK_BYTES)
    for (const held of this.#held.keys()) if (held < index || held > index + AHEAD_BLOCKS) this.#held.delete(held)
    const block = this.#held.get(index)
    this.#wanted = index
    this.#readAhead()
    return block?.subarray(offset % BLOCK_BYTES, offset % BLOCK_BYTES + CHUNK_BYTES) ?? null
  }

  /**
   * Checks, after the last byte has been sent, whether the file is still the same.
   * @throws {P2pError} as a rejection: `file_changed`
   */
  async check() {
    await this.#source.check().catch((cause) => { throw asChange(cause) })
  }

  // Private

  /** Reads the first missing block, of the one that is wanted and those after it. */
  #readAhead() {
    let missing = this.#wanted
    while (this.#held.has(missing)) missing += 1
    if (missing <= this.#wanted + AHEAD_BLOCKS) this.#read(missing)
  }

  /** @param {number} index */
  #read(index) {
    if (this.#isReading || index * BLOCK_BYTES >= this.#source.size) return
    this.#isReading = true
    this.#load(index).then((block) => {
      this.#isReading = false
      this.#held.set(index, block)
      this.#readAhead()
      this.#delegate.blockRead()
    }, (cause) => this.#delegate.blockFailed(asChange(cause)))
  }

  /** @param {number} index */
  async #load(index) {
    const start = index * BLOCK_BYTES
    const block = await this.#source.read(start, Math.min(BLOCK_BYTES, this.#source.size - start))
    await this.#digest.add(index, block)
    return block
  }
}

/** @param {unknown} cause */
function asChange(cause) {
  return cause instanceof P2pError ? cause : new P2pError("file_changed", { cause })
}

// The digest (SHA-256) of a file, taken block by block.
import { P2pError } from "../base/errors.js"

/**
 * The digest of a file, taken block by block: the SHA-256 of the SHA-256 digests of its blocks. A page that isn't a secure context can't make one.
 * https://developer.mozilla.org/docs/Web/API/Crypto/subtle
 */
export class Digest {
  #subtle
  /** @type {Uint8Array[]} */
  #blocks = []

  /** @param {SubtleCrypto | undefined} subtle */
  constructor(subtle) {
    this.#subtle = subtle
  }

  /**
   * @param {number} index the block's number
   * @param {Uint8Array<ArrayBuffer>} bytes copied before this returns
   * @throws {P2pError} `file_changed` if the block was different when it was read before
   */
  async add(index, bytes) {
    const digest = await this.#sha256(bytes)
    if (!digest) return
    if (this.#blocks[index]?.some((byte, position) => byte !== digest[position])) throw new P2pError("file_changed")
    this.#blocks[index] = digest
  }

  /** @returns {Promise<string | undefined>} in hexadecimal */
  async whole() {
    const digest = await this.#sha256(await new Blob(/** @type {any} */ (this.#blocks)).arrayBuffer())
    return digest ? hexadecimal(digest) : undefined
  }

  // Private

  /** @param {BufferSource} bytes */
  async #sha256(bytes) {
    return this.#subtle && new Uint8Array(await this.#subtle.digest("SHA-256", bytes))
  }
}

/** @param {Uint8Array} bytes */
export function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

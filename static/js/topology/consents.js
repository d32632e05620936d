import { isLabel } from "../wire/content.js"
import { MAX_CONSENTS, MAX_UNCREDITED_BYTES } from "../base/limits.js"

/** The files that one client takes, and how much more of each may be sent to it: as much as it has made room for. */
export class Consents {
  /** @type {Map<string, { offset: number, room: number }>} */
  #files = new Map()

  /**
   * It takes a file, or says again that it does.
   * @param {string} senderId
   * @param {unknown} file untrusted
   */
  accept(senderId, file) {
    if (isLabel(file)) this.#remember(senderId, /** @type {string} */ (file), { offset: 0, room: MAX_UNCREDITED_BYTES })
  }

  /**
   * So much of a file has come.
   * @param {string} senderId
   * @param {string} file
   * @param {number} offset
   * @param {boolean} resume whether what came after that has to be sent again
   */
  credit(senderId, file, offset, resume) {
    const known = this.#files.get(key(senderId, file))
    const isAnew = resume || !known || offset < known.offset
    const room = isAnew ? MAX_UNCREDITED_BYTES : Math.min(MAX_UNCREDITED_BYTES, known.room + offset - known.offset)
    this.#remember(senderId, file, { offset, room })
  }

  /**
   * Takes some of the room that there is for a file.
   * @param {string} senderId
   * @param {string} file
   * @param {number} bytes
   * @returns {boolean} whether there was enough
   */
  take(senderId, file, bytes) {
    const known = this.#files.get(key(senderId, file))
    if (!known || known.room < bytes) return false
    known.room -= bytes
    return true
  }

  /**
   * @param {string} senderId
   * @param {string} file
   * @param {{ offset: number, room: number }} state
   */
  #remember(senderId, file, state) {
    const name = key(senderId, file)
    this.#files.delete(name)
    if (this.#files.size >= MAX_CONSENTS) this.#files.delete(/** @type {string} */ (this.#files.keys().next().value))
    this.#files.set(name, state)
  }
}

/** @param {string} senderId @param {string} file */
function key(senderId, file) {
  return JSON.stringify([senderId, file])
}

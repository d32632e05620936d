import { isLabel } from "../wire/content.js"
import { MAX_CONSENTS, MAX_UNCREDITED_BYTES } from "../base/limits.js"

/** The file transfers that one client has accepted, and how much more of each may be sent to it: as many bytes as it has given credit for. */
export class Consents {
  /** @type {Map<string, { offset: number, room: number }>} */
  #transfers = new Map()

  /**
   * The client accepts a transfer, or says again that it does.
   * @param {string} senderId
   * @param {unknown} transfer untrusted
   */
  accept(senderId, transfer) {
    if (isLabel(transfer)) this.#remember(senderId, /** @type {string} */ (transfer), { offset: 0, room: MAX_UNCREDITED_BYTES })
  }

  /**
   * The client says how much of a transfer has arrived.
   * @param {string} senderId
   * @param {string} transfer
   * @param {number} offset
   * @param {boolean} resume whether what came after that has to be sent again
   */
  credit(senderId, transfer, offset, resume) {
    const known = this.#transfers.get(key(senderId, transfer))
    const isAnew = resume || !known || offset < known.offset
    const room = isAnew ? MAX_UNCREDITED_BYTES : Math.min(MAX_UNCREDITED_BYTES, known.room + offset - known.offset)
    this.#remember(senderId, transfer, { offset, room })
  }

  /**
   * Uses some of the room that the client has for a transfer.
   * @param {string} senderId
   * @param {string} transfer
   * @param {number} bytes
   * @returns {boolean} whether there was enough
   */
  take(senderId, transfer, bytes) {
    const known = this.#transfers.get(key(senderId, transfer))
    if (!known || known.room < bytes) return false
    known.room -= bytes
    return true
  }

  /**
   * @param {string} senderId
   * @param {string} transfer
   * @param {{ offset: number, room: number }} state
   */
  #remember(senderId, transfer, state) {
    const name = key(senderId, transfer)
    this.#transfers.delete(name)
    if (this.#transfers.size >= MAX_CONSENTS) this.#transfers.delete(/** @type {string} */ (this.#transfers.keys().next().value))
    this.#transfers.set(name, state)
  }
}

/** @param {string} senderId @param {string} transfer */
function key(senderId, transfer) {
  return JSON.stringify([senderId, transfer])
}

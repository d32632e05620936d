// Figures about all recipients of a file together.
import { CHUNK_BYTES } from "../limits.js"

/**
 * Figures about all recipients of one file together.
 *
 * @typedef {import("./recipient.js").Recipient} Recipient
 */

/**
 * @param {Recipient[]} recipients
 * @param {(recipient: Recipient) => number} amount
 * @returns {number} the least amount of the recipients that haven't failed
 */
export function leastOf(recipients, amount) {
  const amounts = recipients.filter(({ stage }) => stage !== "failed").map(amount)
  return amounts.length > 0 ? Math.min(...amounts) : 0
}

/**
 * The recipients for which others wait that could take the next chunk.
 * @param {Recipient[]} recipients
 * @param {Pick<import("../transfers.js").Carrier, "buffered">} carrier
 */
export function holdersOf(recipients, carrier) {
  const served = recipients.filter(({ isServed, credited, size }) => isServed && credited < size)
  const full = served.filter((recipient) => !recipient.hasRoom(1) && carrier.buffered([recipient.peerId]) <= CHUNK_BYTES)
  return full.length < served.length ? full : []
}

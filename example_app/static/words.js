import { nameOf } from "./names.js"

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"]

const list = new Intl.ListFormat("en")

/**
 * A number of bytes as people read it.
 * @param {number} bytes
 */
export function sizeOf(bytes) {
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const format = new Intl.NumberFormat("en", { style: "unit", unit: SIZES[power], unitDisplay: power === 0 ? "long" : "short", maximumSignificantDigits: 3 })
  return format.format(bytes / 1000 ** power)
}

/**
 * @param {Iterable<string>} peerIds
 * @returns {string} their names: "Ben, Mei, and Zoë"
 */
export function namesOf(peerIds) {
  return list.format(Array.from(peerIds, nameOf))
}

/**
 * What went wrong, and what helps.
 * @param {{ code?: string, message: string, hint?: string }} error
 */
export function wordsFor({ code, message, hint }) {
  // What the others decide needs no advice.
  return code === "declined" || code === "cancelled" || !hint ? message : `${message} ${hint}`
}

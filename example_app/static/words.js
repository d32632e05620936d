import { named } from "./names.js"

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"]
/** How many people are named where there may be any number; the others are counted. */
const MAX_NAMED = 3

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
 * @returns {(string | Element)[]} their names: "Ben, Mei, and Zoë", or "Ben, Mei, and 28 others"
 */
export function namesOf(peerIds) {
  const all = [...peerIds]
  const some = all.length > MAX_NAMED ? all.slice(0, MAX_NAMED - 1) : all
  const items = [...some, ...(some.length < all.length ? [`${all.length - some.length} others`] : [])]
  let index = 0
  return list.formatToParts(items).map(({ type, value }) => type === "element" && index++ < some.length ? named(value) : value)
}

/**
 * What went wrong, and what helps.
 * @param {{ code?: string, message: string, hint?: string }} error
 */
export function wordsFor({ code, message, hint }) {
  // What the others decide needs no advice.
  return code === "declined" || code === "cancelled" || !hint ? message : `${message} ${hint}`
}

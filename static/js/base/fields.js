// Reads and checks the fields of untrusted data.
/** The value that stands for an invalid field, or record. */
export const BAD = Symbol("bad")

/**
 * Reads untrusted data field by field. Each field has a reader, which returns the value, or BAD. Fields without a reader are dropped.
 *
 * @typedef {(value: any) => any} Reader
 * @typedef {[name: string, reader: Reader][]} Fields
 */

/** @param {Record<string, Reader>} readers @returns {Fields} */
export function fields(readers) {
  return Object.entries(readers)
}

/**
 * @param {unknown} record
 * @param {Fields} fields
 * @returns {any} a new record with these fields only; BAD if one of them is invalid
 */
export function pick(record, fields) {
  if (!isRecord(record)) return BAD
  /** @type {any} */
  const picked = {}
  for (const [name, read] of fields) {
    const value = read(Object.hasOwn(record, name) ? record[name] : undefined)
    if (value === BAD) return BAD
    if (value !== undefined) picked[name] = value
  }
  return picked
}

/** A reader that takes a value as it is, if the check holds. @param {(value: any) => boolean} check @returns {Reader} */
export function be(check) {
  return (value) => (check(value) ? value : BAD)
}

/** A reader of a field that may be left out; null doesn't count as left out. @param {Reader} read @returns {Reader} */
export function may(read) {
  return (value) => (value === undefined ? value : read(value))
}

/** @param {any} value @returns {value is Record<string, any>} */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/**
 * A check for a text of limited length.
 * @param {number} most characters
 * @param {number} [least]
 * @returns {(value: any) => boolean}
 */
export function isText(most, least = 0) {
  return (value) => typeof value === "string" && value.length >= least && value.length <= most
}

/** The longest id of a peer, in UTF-16 code units: 128 characters. */
export const MAX_ID_CHARACTERS = 256

/** The same rule as the server's: 1 to 128 characters that UTF-8 can encode, and that HTML doesn't change in an attribute. */
export const ID = /^[^\0\r\p{Surrogate}]{1,128}$/u

/** @param {any} value @returns {value is string} */
export function isId(value) {
  return typeof value === "string" && ID.test(value)
}

/** @param {unknown} value */
export function isCount(value) {
  return Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0
}

/** @param {unknown} value */
export function isFlag(value) {
  return typeof value === "boolean"
}

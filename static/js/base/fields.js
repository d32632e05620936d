/** What stands for a field, or a record, that isn't what it has to be. */
export const BAD = Symbol("bad")

/**
 * Untrusted data, read field by field: each is taken over by a reader, which gives the value, or BAD. What has no reader is dropped.
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
 * @returns {any} a record of its own, with these fields only; BAD if one of them isn't as it has to be
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

/** Takes a value as it is, where the check holds. @param {(value: any) => boolean} check @returns {Reader} */
export function be(check) {
  return (value) => (check(value) ? value : BAD)
}

/** Takes what may be left out; null isn't left out. @param {Reader} read @returns {Reader} */
export function may(read) {
  return (value) => (value === undefined ? value : read(value))
}

/** @param {any} value @returns {value is Record<string, any>} */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/**
 * A text of limited length.
 * @param {number} most characters
 * @param {number} [least]
 * @returns {(value: any) => boolean}
 */
export function isText(most, least = 0) {
  return (value) => typeof value === "string" && value.length >= least && value.length <= most
}

/** The longest id of a peer, in UTF-16 code units: 128 characters. */
export const MAX_ID_CHARACTERS = 256

/** As the server has it: 1 to 128 characters that UTF-8 can carry, and that HTML doesn't make others of in an attribute. */
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

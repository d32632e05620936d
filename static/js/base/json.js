import { cut, P2pError } from "./errors.js"
import { isPlain } from "./kinds.js"
import { MAX_DEPTH, MAX_VALUES } from "./limits.js"

const HINT = "Send strings, finite numbers, true, false, null, and arrays and plain objects of these; bytes and Blobs as messages of their own. Await promises; a class needs toJSON()."

/**
 * An app's data as JSON which says all of it: of what JSON would make something else, nothing is written.
 * @param {unknown} data
 * @returns {string}
 * @throws {P2pError} `unsupported` with the place of what can't be sent, `too_large` for more values than any message holds
 */
export function stringify(data) {
  return toJSON(data, typeof data === "string" ? undefined : inspector())
}

/**
 * @param {unknown} data
 * @param {(this: any, key: string, value: unknown) => unknown} [replacer]
 * @returns {string}
 * @throws {P2pError} `unsupported` for what the engine can't write
 */
export function toJSON(data, replacer) {
  try {
    return JSON.stringify(data, replacer)
  } catch (cause) {
    if (cause instanceof P2pError) throw cause
    throw new P2pError("unsupported", { message: "The message can't be written as JSON.", hint: "Send values without cycles, whose getters and toJSON() don't throw.", cause })
  }
}

/** What may be a number beyond those that JSON can hold: a large exponent, or many digits. */
const LARGE = /[eE]\+?\d{3}|\D\d{309}/

/**
 * Whether JSON text can be written again as it is: the engine reads 1e999 as Infinity, and writes that as null.
 * @param {string} json
 * @param {unknown} data what was read of it
 */
export function isFinal(json, data) {
  return !LARGE.test(json) || isWritable(data)
}

// Private

/** @param {any} data @returns {boolean} */
function isWritable(data) {
  if (typeof data === "object" && data !== null) return Object.values(data).every(isWritable)
  return typeof data !== "number" || Number.isFinite(data)
}

/** What JSON.stringify() asks about each value, after its toJSON(). */
function inspector() {
  /** What the present value is in, from the outside, and under which name each is in the one before. @type {{ object: any, name: string }[]} */
  const around = []
  let count = 0
  return /** @this {any} */ function (/** @type {string} */ name, /** @type {any} */ value) {
    while (around.length > 0 && around[around.length - 1].object !== this) around.pop()
    const fault = faultOf(value, this, name, around.length === 0)
    if (fault) throw new P2pError("unsupported", { message: `${placeOf(around, name)} can't be sent (${fault}).`, hint: HINT })
    if (++count > MAX_VALUES) throw new P2pError("too_large", { message: `The message has more than ${MAX_VALUES} values.`, hint: "Send it in parts." })
    if (typeof value === "object" && value !== null) around.push({ object: value, name })
    // The engine can't write any depth, and the others read no deeper.
    if (around.length > MAX_DEPTH) throw new P2pError("unsupported", { message: `The message is nested deeper than ${MAX_DEPTH} levels.`, hint: "Send it as a list, or as text." })
    return value
  }
}

/**
 * @param {any} value
 * @param {any} holder
 * @param {string} name
 * @param {boolean} isWhole whether it is all that is sent
 * @returns {string | undefined} what it is that JSON can't hold
 */
function faultOf(value, holder, name, isWhole) {
  switch (typeof value) {
    case "string": case "boolean": return undefined
    case "number": return Number.isFinite(value) ? undefined : String(value)
    case "object": return value === null ? staleDate(holder[name]) : isRaw(value) ? "raw JSON" : isPlain(value) ? undefined : classOf(value)
    case "undefined": return isWhole || Array.isArray(holder) ? "undefined" : undefined // JSON's habit, which everybody relies on: the member is left out
    default: return `a ${typeof value}`
  }
}

/** Whether it is JSON text, of which the others would read another number: `JSON.rawJSON("1e999")`. @param {any} value */
function isRaw(value) {
  return Boolean(/** @type {any} */ (JSON).isRawJSON?.(value))
}

/** A date that is none says of itself that it is null. @param {any} value */
function staleDate(value) {
  return Object.prototype.toString.call(value) === "[object Date]" ? "Invalid Date" : undefined
}

/** @param {any} object */
function classOf(object) {
  const { name } = object.constructor ?? {}
  return typeof name === "string" && !["", "Object"].includes(name) ? name : Object.prototype.toString.call(object).slice(8, -1)
}

/**
 * @param {{ object: any, name: string }[]} around
 * @param {string} name
 */
function placeOf(around, name) {
  const [, ...steps] = [...around.map((each) => each.name), name] // the first one is the data's own, and empty
  return cut(steps.reduce((place, step, index) => place + (Array.isArray(around[index].object) ? `[${step}]` : `.${step}`), "data"))
}

import { cut, P2pError } from "./errors.js"
import { isPlain } from "./kinds.js"
import { MAX_DEPTH, MAX_VALUES } from "./limits.js"

const HINT = "Send strings, finite numbers, true, false, null, and arrays and plain objects of these; bytes and Blobs as messages of their own. Await promises; a class needs toJSON()."

/**
 * Writes an app's data as JSON without loss: a value that JSON would turn into something else is refused.
 * @param {unknown} data
 * @returns {string}
 * @throws {P2pError} `unsupported` with the place of the value that can't be sent, `too_large` for more values than any message may hold
 */
export function stringify(data) {
  return toJSON(data, typeof data === "string" ? undefined : inspector())
}

/**
 * @param {unknown} data
 * @param {(this: any, key: string, value: unknown) => unknown} [replacer]
 * @returns {string}
 * @throws {P2pError} `unsupported` for data that the engine can't write
 */
export function toJSON(data, replacer) {
  try {
    return JSON.stringify(data, replacer)
  } catch (cause) {
    if (cause instanceof P2pError) throw cause
    throw new P2pError("unsupported", { message: "The message can't be written as JSON.", hint: "Send values without cycles, whose getters and toJSON() don't throw.", cause })
  }
}

/** Finds what may be a number that is too large for JavaScript: a large exponent, or many digits. */
const LARGE = /[eE]\+?\d{3}|\D\d{309}/

/**
 * Whether JSON text can be written again without a change. It can't if it holds 1e999, which the engine reads as Infinity, and writes as null.
 * @param {string} json
 * @param {unknown} data the value that was read from the text
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

/** A function that JSON.stringify() calls for each value, after the value's toJSON(). */
function inspector() {
  /** The objects around the present value, the outermost first, each with its name in the one before. @type {{ object: any, name: string }[]} */
  const around = []
  let count = 0
  return /** @this {any} */ function (/** @type {string} */ name, /** @type {any} */ value) {
    while (around.length > 0 && around[around.length - 1].object !== this) around.pop()
    const fault = faultOf(value, this, name, around.length === 0)
    if (fault) throw new P2pError("unsupported", { message: `${placeOf(around, name)} can't be sent (${fault}).`, hint: HINT })
    if (++count > MAX_VALUES) throw new P2pError("too_large", { message: `The message has more than ${MAX_VALUES} values.`, hint: "Send it in parts." })
    if (typeof value === "object" && value !== null) around.push({ object: value, name })
    // The engine can't write an unlimited depth, and the other peers don't read more than this.
    if (around.length > MAX_DEPTH) throw new P2pError("unsupported", { message: `The message is nested deeper than ${MAX_DEPTH} levels.`, hint: "Send it as a list, or as text." })
    return value
  }
}

/**
 * @param {any} value
 * @param {any} holder
 * @param {string} name
 * @param {boolean} isWhole whether the value is the whole message
 * @returns {string | undefined} what the value is, if JSON can't hold it
 */
function faultOf(value, holder, name, isWhole) {
  switch (typeof value) {
    case "string": case "boolean": return undefined
    case "number": return Number.isFinite(value) ? undefined : String(value)
    case "object": return value === null ? staleDate(holder[name]) : isRaw(value) ? "raw JSON" : isPlain(value) ? undefined : classOf(value)
    case "undefined": return isWhole || Array.isArray(holder) ? "undefined" : undefined // JSON leaves such a member out, and apps rely on that
    default: return `a ${typeof value}`
  }
}

/** Whether the value is raw JSON text, which the other peers may read as another number: `JSON.rawJSON("1e999")`. @param {any} value */
function isRaw(value) {
  return Boolean(/** @type {any} */ (JSON).isRawJSON?.(value))
}

/** An invalid date, which JSON would write as null. @param {any} value */
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
  const [, ...steps] = [...around.map((each) => each.name), name] // the first name is that of the data itself, and is empty
  return cut(steps.reduce((place, step, index) => place + (Array.isArray(around[index].object) ? `[${step}]` : `.${step}`), "data"))
}

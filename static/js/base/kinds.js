import { P2pError } from "./errors.js"

/**
 * Finds out of which kind a value is. It calls a getter that only that kind has, because `instanceof` fails for a `Blob` of another window (an iframe's), and because
 * an object may pretend to be something else.
 */

const TypedArray = Object.getPrototypeOf(Uint8Array).prototype
const typeOfArray = getter(TypedArray, Symbol.toStringTag)
const BRANDS = Object.freeze([
  { kind: "File", ask: getter(File.prototype, "name") },
  { kind: "Blob", ask: getter(Blob.prototype, "size") },
  { kind: "ArrayBuffer", ask: getter(ArrayBuffer.prototype, "byteLength") },
])

/**
 * @param {any} value
 * @returns {string | undefined} the kind of a value that holds bytes; undefined for any other value, and for shared memory
 */
export function binaryKind(value) {
  if (typeof value !== "object" || value === null) return undefined
  if (ArrayBuffer.isView(value)) return typeOfArray.call(value) ?? "DataView"
  return hasOwnType(value) ? undefined : BRANDS.find(({ ask }) => answers(ask, value))?.kind
}

/** @param {any} value @returns {value is Blob} */
export function isBlob(value) {
  return ["Blob", "File"].includes(binaryKind(value) ?? "")
}

/**
 * Whether an object is an array or a plain object like `{}`, and not of a class.
 * @param {any} value an object
 * @throws {TypeError} for a proxy that was revoked; other proxies may throw any error
 */
export function isPlain(value) {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && Object.prototype.toString.call(value) === "[object Object]"
}

/**
 * The bytes of an ArrayBuffer or of a view, not a copy.
 * @param {any} data
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {P2pError} `unsupported` if the bytes are gone: because they were moved to another thread, or because the buffer has been made smaller
 */
export function bytesOf(data) {
  try {
    if (!ArrayBuffer.isView(data)) return new Uint8Array(data)
    if (typeOfArray.call(data)) TypedArray.values.call(data) // throws if the bytes are gone, where `length` would only be 0
    return new Uint8Array(/** @type {ArrayBuffer} */ (data.buffer), data.byteOffset, data.byteLength)
  } catch (cause) {
    throw new P2pError("unsupported", { message: "The memory of this buffer isn't here any more.", hint: "Send it before it is transferred or made smaller.", cause })
  }
}

/**
 * Makes a Blob of data that is sent as a file, as the data is now.
 * @param {any} data
 * @returns {Blob}
 * @throws {P2pError} `unsupported`
 */
export function asBlob(data) {
  if (isBlob(data)) return data
  if (!binaryKind(data)) throw new P2pError("unsupported", { message: "A file is a File, a Blob, an ArrayBuffer or a view of one." })
  const bytes = bytesOf(data)
  try {
    return new Blob([bytes])
  } catch {
    return new Blob([bytes.slice()]) // a copy, because a Blob can't be made from memory that is shared, or whose size may change
  }
}

// Private

/** Whether a value is an array or a plain object, and so of no other kind. If a proxy throws here, it counts as one: the code that writes it as JSON gets the error. @param {any} value */
function hasOwnType(value) {
  try {
    return isPlain(value)
  } catch {
    return true
  }
}

/** @param {any} prototype @param {PropertyKey} name @returns {() => any} */
function getter(prototype, name) {
  return /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, name)).get
}

/** @param {() => any} ask @param {any} value */
function answers(ask, value) {
  try {
    ask.call(value)
    return true
  } catch {
    return false
  }
}

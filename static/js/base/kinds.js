import { P2pError } from "./errors.js"

/**
 * What a value is, whatever window it comes from and whatever it says of itself: it is asked for what only its kind has. An iframe's `Blob` is no `instanceof`
 * this window's.
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
 * @returns {string | undefined} the kind of what holds bytes; undefined for all else, shared memory too
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
 * Whether it is an array, or an object whose members are all that it is: of `{}`, and not of a class.
 * @param {any} value an object
 * @throws {TypeError} for a proxy that was revoked, and what others throw
 */
export function isPlain(value) {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && Object.prototype.toString.call(value) === "[object Object]"
}

/**
 * The bytes of an ArrayBuffer, or those that a view shows; not a copy.
 * @param {any} data
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {P2pError} `unsupported` where they are gone: to another thread, or as the buffer has been made smaller
 */
export function bytesOf(data) {
  try {
    if (!ArrayBuffer.isView(data)) return new Uint8Array(data)
    if (typeOfArray.call(data)) TypedArray.values.call(data) // throws, where the length would be 0
    return new Uint8Array(/** @type {ArrayBuffer} */ (data.buffer), data.byteOffset, data.byteLength)
  } catch (cause) {
    throw new P2pError("unsupported", { message: "The memory of this buffer isn't here any more.", hint: "Send it before it is transferred or made smaller.", cause })
  }
}

/**
 * What is sent as a file, as it is now.
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
    return new Blob([bytes.slice()]) // it doesn't take memory that is shared, or whose size may change
  }
}

// Private

/** An array or a plain object needn't be asked; what a proxy throws, whoever writes it as JSON hears. @param {any} value */
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

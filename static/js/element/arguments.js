// Checks the arguments that an app gives to the methods of the element.
import { P2pError } from "../base/errors.js"
import { isId } from "../base/fields.js"
import { isPlain } from "../base/kinds.js"

/** Arguments are checked at once and one by one, so that a message never goes to more peers than its sender meant, and no mistake stays unnoticed. */

/**
 * @param {string} method
 * @param {any} options
 * @param {Record<string, (value: any) => any>} readers one for each option that the method knows. An option that is undefined doesn't count as left out, because the app meant to give something
 * @returns {any} a new object with the options
 * @throws {P2pError} `bad_request`
 */
export function readArguments(method, options, readers) {
  const refuse = (/** @type {string} */ message) => refusal(message, `It knows ${Object.keys(readers).join(", ")}.`)
  if (typeof options !== "object" || !options || Array.isArray(options) || !isPlain(options)) throw refuse(`The options of ${method}() are an object.`)
  return Object.fromEntries(Object.entries(options).map(([name, value]) => {
    if (!Object.hasOwn(readers, name)) throw refuse(`${method}() doesn't know the option "${name}".`)
    return [name, readers[name](value)]
  }))
}

/**
 * Reads a peer's id. A whole number stands for its digits, as on the server.
 * @param {any} peerId
 * @returns {string}
 * @throws {P2pError} `bad_request`
 */
export function readPeerId(peerId) {
  const text = Number.isSafeInteger(peerId) ? String(peerId) : peerId
  if (isId(text)) return text
  throw refusal(`The id of a peer is a text of 1 to 128 characters, not ${shown(peerId)}.`, "Take it from frame.peers, or from the senderId of a message.")
}

/**
 * @param {any} to
 * @returns {string[]} each id once
 * @throws {P2pError} `bad_request`
 */
export function readTo(to) {
  if (!Array.isArray(to)) return [readPeerId(to)]
  if (to.length === 0) throw refusal("The list of the option to is empty.", "Leave it out to reach everyone.")
  return [...new Set(Array.from(to, readPeerId))]
}

/**
 * @param {string} name of the option, or the argument
 * @param {string} what describes the value that it has to be
 * @param {(value: any) => boolean} fits
 * @returns {(value: any) => any}
 */
export function readAs(name, what, fits) {
  return (value) => {
    if (fits(value)) return value
    throw refusal(`${name} is ${what}, not ${shown(value)}.`, "Give it, or leave it out.")
  }
}

// Private

/** @param {string} message @param {string} hint */
function refusal(message, hint) {
  return new P2pError("bad_request", { message, hint })
}

/** @param {any} value */
function shown(value) {
  return typeof value === "string" ? "this one" : typeof value
}

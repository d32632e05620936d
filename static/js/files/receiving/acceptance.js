// Checks what an app gives when it accepts a file, and ends what it has given.
import { P2pError } from "../../base/errors.js"

/** What an app gives when it accepts a file, and what becomes of it where the file doesn't come. */

/**
 * Whoever means a stream and gives something else would find the file nowhere.
 * @param {any} options
 */
export function problemOf(options) {
  const isObject = Object.prototype.toString.call(options) === "[object Object]" // a stream itself is none
  const unknown = isObject ? Object.keys(options).find((name) => name !== "to") : "it"
  if (unknown !== undefined) return new P2pError("bad_request", { message: `accept() doesn't know the option ${unknown}.`, hint: "Call accept(), or accept({ to }) with a WritableStream." })
  if (!("to" in options) || options.to?.locked === false) return null
  return new P2pError("unsupported", { message: "A file goes into a WritableStream that nobody else writes to.", hint: "Leave the option to out to have the file kept here." })
}

/**
 * Nothing will be written to it; who made it for this file needn't look after that. One that a sink has is the sink's.
 * @param {WritableStream | undefined} stream
 * @param {P2pError} error
 */
export function discard(stream, error) {
  stream?.abort(error).catch(() => undefined)
}

/** @param {any} error */
export function asP2pError(error) {
  if (error instanceof P2pError) return error
  return new P2pError(error?.name === "QuotaExceededError" ? "no_space" : "internal", { cause: error })
}

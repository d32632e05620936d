// Checks the options with which an app accepts a file, and aborts the app's stream if the file doesn't come.
import { P2pError } from "../../base/errors.js"

/**
 * What is wrong with the options. They are checked because an app that means to give a stream, and gives something else, would find the file nowhere.
 * @param {any} options
 */
export function problemOf(options) {
  const isObject = Object.prototype.toString.call(options) === "[object Object]" // a stream in place of the options isn't one
  const unknown = isObject ? Object.keys(options).find((name) => name !== "to") : "it"
  if (unknown !== undefined) return new P2pError("bad_request", { message: `accept() doesn't know the option ${unknown}.`, hint: "Call accept(), or accept({ to }) with a WritableStream." })
  if (!("to" in options) || options.to?.locked === false) return null
  return new P2pError("unsupported", { message: "A file goes into a WritableStream that nobody else writes to.", hint: "Leave the option to out to have the file kept here." })
}

/**
 * Aborts a stream to which nothing will be written, so that the app needn't do it. A stream that a sink uses already is left to the sink.
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

// Counts the calls of the client's functions, and how many of them lead from one file into another.
import { register } from "node:module"

/** Frames of a call stack that are looked at: the function, its caller, and what of the engine is between them (Array.map). */
const DEPTH = 4

const { prepareStackTrace, stackTraceLimit } = Error

/** @type {{ calls: number, intoAnotherFile: number, files: Set<string> } | null} */
let tally = null

/** Has all that is imported from now on counted. @param {URL} client the folder of the client's files */
export function prepare(client) {
  register("./calls_hook.mjs", import.meta.url, { data: client.href })
  globalThis.countCall = () => { if (tally) take(client.href) }
}

export function begin() {
  tally = { calls: 0, intoAnotherFile: 0, files: new Set() }
  Object.assign(Error, { prepareStackTrace: (_, sites) => sites, stackTraceLimit: DEPTH })
}

/** A call and its return change the file twice. */
export function end() {
  const { calls, intoAnotherFile, files } = tally
  tally = null
  Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  return { calls, changes_of_file: 2 * intoAnotherFile, files: files.size }
}

/** @param {string} client */
function take(client) {
  const [callee, ...callers] = stack()
  // A function that waits for a promise isn't its caller; nor is what stands for the browser.
  const caller = callers.find((site) => site.getFileName() && !site.isAsync())?.getFileName() ?? ""
  const file = callee.getFileName()
  tally.calls += 1
  tally.files.add(file)
  if (caller.startsWith(client) && caller !== file) tally.intoAnotherFile += 1
}

/** @returns {NodeJS.CallSite[]} without this file's own functions */
function stack() {
  const at = { stack: [] }
  Error.captureStackTrace(at, globalThis.countCall)
  return at.stack
}

// The notes that the two ends of a transfer send each other.
import { ERRORS, P2pError } from "../base/errors.js"
import { MAX_FILE_BYTES, MAX_ID_CHARACTERS } from "./limits.js"
import { cleanName, cleanType } from "./names.js"

/**
 * The notes that the two ends of a transfer send each other, besides the bytes of the file.
 *
 * @typedef {{ kind: "offer", id: string, name: string, type: string, size: number }} OfferNote
 * @typedef {{ kind: "accept", id: string, wait?: boolean }} AcceptNote `wait`: the file's turn comes later, and another note tells it
 * @typedef {{ kind: "pause" | "resume", id: string }} PauseNote
 * @typedef {{ kind: "hold", id: string }} HoldNote the sender is still there, but other files come first
 * @typedef {{ kind: "end", id: string, digest?: string }} EndNote the last byte has been sent; without a digest if the sender can't make one
 * @typedef {{ kind: "done", id: string }} DoneNote the recipient has the whole file
 * @typedef {{ kind: "fail", id: string, code: import("../base/errors.js").ErrorCode, reason?: string }} FailNote declined, cancelled, or failed
 * @typedef {OfferNote | AcceptNote | PauseNote | HoldNote | EndNote | DoneNote | FailNote} Note
 */

/** The longest reason that is sent, in characters; a longer one is cut. */
export const MAX_REASON_CHARACTERS = 200

/**
 * Reads a note from untrusted data.
 * @param {any} note
 * @returns {Note | null} null if it isn't a note
 */
export function readNote(note) {
  const { kind, id } = note ?? {}
  if (typeof id !== "string" || id.length > MAX_ID_CHARACTERS || !/^\w+$/.test(id)) return null
  switch (kind) {
    case "offer": return readOffer(note)
    case "accept": return { kind, id, wait: note.wait === true }
    case "pause": case "resume": case "hold": case "done": return { kind, id }
    case "end": return note.digest === undefined || isDigest(note.digest) ? { kind, id, digest: note.digest } : null
    case "fail": return typeof note.code === "string" && Object.hasOwn(ERRORS, note.code) ? { kind, id, code: note.code, reason: cut(note.reason) } : null
    default: return null
  }
}

/**
 * @param {string} id
 * @param {P2pError} error
 * @returns {FailNote}
 */
export function failNote(id, { code, message }) {
  return { kind: "fail", id, code, ...(message !== ERRORS[code].message && { reason: cut(message) }) }
}

/**
 * The error that a note reports.
 * @param {FailNote} note
 */
export function failure({ code, reason }) {
  const hint = code === "unavailable" ? "The other page can't load p2p-files.js; send the file again when it can." : undefined
  return new P2pError(code, { message: reason, hint })
}

/** @param {any} note */
function readOffer({ kind, id, name, type, size }) {
  if (typeof name !== "string" || typeof type !== "string" || !Number.isSafeInteger(size) || size < 0 || size > MAX_FILE_BYTES) return null
  return { kind, id, name: cleanName(name), type: cleanType(type), size }
}

/** @param {unknown} digest */
function isDigest(digest) {
  return typeof digest === "string" && /^[\da-f]{64}$/.test(digest)
}

/** @param {unknown} reason */
function cut(reason) {
  return typeof reason === "string" ? reason.slice(0, MAX_REASON_CHARACTERS) : undefined
}

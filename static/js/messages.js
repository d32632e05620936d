import { P2pError } from "./errors.js"

/**
 * The frames that travel over the data channels (docs/protocol.md, "Data channels").
 *
 * @typedef {{ type: "Data", senderId?: string, id: number, data: any }} DataFrame
 * @typedef {{ type: "Data.Connection.State", senderId?: string, data: Record<string, PeerState>, full?: boolean, readers?: string[], epoch?: number }} StateFrame
 * @typedef {{ type: "Refused", id: number, error: import("./errors.js").ErrorPayload }} RefusedFrame
 * @typedef {{ type: "Heartbeat" }} HeartbeatFrame
 * @typedef {{ type: "Goodbye", error?: import("./errors.js").ErrorPayload }} GoodbyeFrame
 * @typedef {DataFrame | StateFrame | RefusedFrame | HeartbeatFrame | GoodbyeFrame} Frame
 * @typedef {(typeof STATES)[number]} PeerState
 */

/** The states of a peer, in the order of its life. */
export const STATES = Object.freeze(/** @type {const} */ ([
  "new", "negotiating", "connecting", "connected", "disconnected", "closed", "failed",
]))

export const DATA = "Data"
export const STATE = "Data.Connection.State"
export const REFUSED = "Refused"
export const HEARTBEAT = "Heartbeat"
export const GOODBYE = "Goodbye"

/** The largest frame in bytes: the most that Chromium and Firefox take from each other in one message. */
export const MAX_FRAME_BYTES = 262_144
/** What a sender leaves free for the host's stamp: an id of 128 characters, escaped. */
export const STAMP_BYTES = 1_024

/** The longest id of a peer, in UTF-16 code units: 128 characters. */
export const MAX_ID_CHARACTERS = 256

const utf8 = new TextEncoder()

/**
 * Writes a frame as JSON text.
 * @param {Frame} frame
 * @returns {string}
 * @throws {P2pError} `unsupported` for what JSON can't hold, `too_large` above MAX_FRAME_BYTES (less STAMP_BYTES before the stamp)
 */
export function encodeFrame(frame) {
  if (frame.type === DATA) refuseUnsupported(frame.data)
  const text = stringify(frame)
  const most = "senderId" in frame ? MAX_FRAME_BYTES : MAX_FRAME_BYTES - STAMP_BYTES
  const bytes = byteLength(text)
  if (bytes <= most) return text
  throw new P2pError("too_large", { message: `The message has ${bytes} bytes; the most that a channel takes is ${most}.` })
}

/**
 * Reads a frame from untrusted text.
 * @param {unknown} text
 * @returns {Frame | null} null for what isn't a frame
 */
export function decodeFrame(text) {
  if (typeof text !== "string") return null
  try {
    return checkFrame(JSON.parse(text))
  } catch {
    // Not JSON: the caller counts it as a bad frame.
    return null
  }
}

/**
 * The length of a text in UTF-8.
 * @param {string} text
 */
function byteLength(text) {
  return utf8.encode(text).length
}

/** @param {Frame} frame */
function stringify(frame) {
  try {
    return JSON.stringify(frame)
  } catch (cause) {
    throw new P2pError("unsupported", { message: "The message can't be written as JSON.", hint: "Send values without cycles and BigInt.", cause })
  }
}

/** @param {unknown} data */
function refuseUnsupported(data) {
  const binary = data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob
  if (!binary && data !== undefined && typeof data !== "function" && typeof data !== "symbol") return
  const kind = data === undefined ? "undefined" : (/** @type {any} */ (data).constructor?.name ?? typeof data)
  throw new P2pError("unsupported", { message: `A message can't be ${kind}.`, hint: "Send a string or any value that JSON can hold." })
}

/**
 * @param {any} frame
 * @returns {Frame | null}
 */
function checkFrame(frame) {
  switch (frame?.type) {
    case HEARTBEAT: return { type: HEARTBEAT }
    case GOODBYE: return { type: GOODBYE, error: frame.error }
    case DATA: return Number.isSafeInteger(frame.id) && "data" in frame && isIds([frame.senderId ?? "-"]) ? frame : null
    case STATE: return isStates(frame.data) && isIds(frame.readers ?? []) && Number.isSafeInteger(frame.epoch ?? 0) ? frame : null
    case REFUSED: return Number.isSafeInteger(frame.id) ? frame : null
    default: return null
  }
}

/** @param {unknown} data */
function isStates(data) {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false
  return isIds(Object.keys(data)) && Object.values(data).every((state) => STATES.includes(state))
}

/** @param {unknown} ids */
function isIds(ids) {
  return Array.isArray(ids) && ids.every((id) => typeof id === "string" && id.length > 0 && id.length <= MAX_ID_CHARACTERS)
}

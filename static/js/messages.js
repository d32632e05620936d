import { P2pError } from "./errors.js"

/**
 * The frames that travel over the data channels (docs/protocol.md, "Data channels").
 *
 * @typedef {{ type: "Data", senderId?: string, inc?: string, id: number, n?: number, epoch?: number, data: any }} DataFrame
 * @typedef {{ type: "Gap", senderId: string, inc: string, from: number, to: number }} GapFrame
 * @typedef {[senderId: string, inc: string, id: number]} Mark how far somebody has come with one sender's page
 * @typedef {{ type: "Sync", seen: Mark[], more?: boolean, inc?: string, fresh?: boolean, history?: number, n?: number }} SyncFrame
 * @typedef {{ type: "Ack", n: number }} AckFrame
 * @typedef {{ type: "Stable", n: number }} StableFrame
 * @typedef {{ type: "Pace", mls: number }} PaceFrame
 * @typedef {{ type: "Succeed" }} SucceedFrame
 * @typedef {{ inc: string, fresh: boolean, history: number, seen: Mark[] }} Hello what a client says first, all parts together
 * @typedef {{ type: "Data.Connection.State", senderId?: string, data: Record<string, PeerState>, full?: boolean, readers?: string[], epoch?: number }} StateFrame
 * @typedef {{ type: "Refused", id: number, error: import("./errors.js").ErrorPayload }} RefusedFrame
 * @typedef {{ type: "Heartbeat" }} HeartbeatFrame
 * @typedef {{ type: "Goodbye", error?: import("./errors.js").ErrorPayload }} GoodbyeFrame
 * @typedef {DataFrame | GapFrame | SyncFrame | AckFrame | StableFrame | PaceFrame | SucceedFrame | StateFrame | RefusedFrame | HeartbeatFrame | GoodbyeFrame} Frame
 * @typedef {(typeof STATES)[number]} PeerState
 */

/** The states of a peer, in the order of its life. */
export const STATES = Object.freeze(/** @type {const} */ ([
  "new", "negotiating", "connecting", "connected", "disconnected", "closed", "failed",
]))

export const DATA = "Data"
export const STATE = "Data.Connection.State"
export const GAP = "Gap"
export const SYNC = "Sync"
export const ACK = "Ack"
export const STABLE = "Stable"
export const PACE = "Pace"
export const SUCCEED = "Succeed"
export const REFUSED = "Refused"
export const HEARTBEAT = "Heartbeat"
export const GOODBYE = "Goodbye"

/** The largest frame in bytes: the most that Chromium and Firefox take from each other in one message. */
export const MAX_FRAME_BYTES = 262_144
/** What a sender leaves free for the rest of the frame: the host's stamp with an id of 128 characters, escaped, and numbers. */
export const STAMP_BYTES = 1_024

/** How many marks one frame holds: with the longest ids it stays within the largest frame. */
export const MARKS_PER_FRAME = 200

/** The longest id of a peer, in UTF-16 code units: 128 characters. */
export const MAX_ID_CHARACTERS = 256

const utf8 = new TextEncoder()

/**
 * Writes a frame as JSON text.
 * @param {Frame} frame
 * @returns {string}
 * @throws {P2pError} `too_large` above MAX_FRAME_BYTES
 */
export function encodeFrame(frame) {
  return limited(stringify(frame), MAX_FRAME_BYTES)
}

/**
 * Writes an app's data as JSON text.
 * @param {any} data
 * @returns {string}
 * @throws {P2pError} `unsupported` for what JSON can't hold, `too_large` above MAX_FRAME_BYTES less STAMP_BYTES
 */
export function encodeData(data) {
  refuseUnsupported(data)
  const json = stringify(data)
  refuseUnsupported(json) // a toJSON() may say nothing
  return limited(json, MAX_FRAME_BYTES - STAMP_BYTES)
}

/**
 * A client's message as a frame.
 * @param {number} id
 * @param {string} json its data
 */
export function dataText(id, json) {
  return `{"type":"${DATA}","id":${id},"data":${json}}`
}

/**
 * How far a peer has come, in as many frames as it takes; the last one is the one without `more`.
 * @param {Omit<SyncFrame, "type" | "seen" | "more">} rest
 * @param {Mark[]} marks
 * @returns {string[]}
 */
export function syncFrames(rest, marks) {
  const frames = []
  for (let start = 0; start < Math.max(1, marks.length); start += MARKS_PER_FRAME) {
    const more = start + MARKS_PER_FRAME < marks.length
    frames.push(encodeFrame({ type: SYNC, ...rest, seen: marks.slice(start, start + MARKS_PER_FRAME), ...(more && { more }) }))
  }
  return frames
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

/**
 * @param {string} text
 * @param {number} most
 */
function limited(text, most) {
  const bytes = byteLength(text)
  if (bytes <= most) return text
  throw new P2pError("too_large", { message: `The message has ${bytes} bytes; the most that a channel takes is ${most}.` })
}

/** @param {unknown} data */
function stringify(data) {
  try {
    return JSON.stringify(data)
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
    case SUCCEED: return { type: SUCCEED }
    case GOODBYE: return { type: GOODBYE, error: frame.error }
    case DATA: return isNumber(frame.id) && "data" in frame && isIds([frame.senderId ?? "-", frame.inc ?? "-"]) && isCount(frame.n ?? 0) && isCount(frame.epoch ?? 0) ? frame : null
    case GAP: return isIds([frame.senderId, frame.inc]) && isNumber(frame.from) && isNumber(frame.to) && frame.from <= frame.to ? frame : null
    case SYNC: return isMarks(frame.seen) && isIds([frame.inc ?? "-"]) && isCount(frame.history ?? 0) && isCount(frame.n ?? 0) ? frame : null
    case ACK: case STABLE: return isCount(frame.n) ? frame : null
    case PACE: return isCount(frame.mls) ? frame : null
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

/** @param {unknown} marks */
function isMarks(marks) {
  return Array.isArray(marks) && marks.length <= MARKS_PER_FRAME && marks.every((mark) => Array.isArray(mark) && isIds(mark.slice(0, 2)) && isNumber(mark[2]))
}

/** @param {unknown} number */
function isCount(number) {
  return Number.isSafeInteger(number) && /** @type {number} */ (number) >= 0
}

/** @param {unknown} number */
function isNumber(number) {
  return isCount(number) && number !== 0
}

/** @param {unknown} ids */
function isIds(ids) {
  return Array.isArray(ids) && ids.every((id) => typeof id === "string" && id.length > 0 && id.length <= MAX_ID_CHARACTERS)
}

import { hasContent, isLabel, pack, toJSON, unpack } from "./contents.js"

/**
 * The frames that travel over the data channels (docs/protocol.md, "Data channels").
 *
 * @typedef {import("./contents.js").Packet} Packet
 * @typedef {import("./contents.js").ContentFields} ContentFields
 * @typedef {{ type: "Data", senderId?: string, inc?: string, id: number, n?: number, epoch?: number } & ContentFields} DataFrame
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
 * @typedef {{ type: "Direct", to?: string, senderId?: string, inc: string, id: number, after: number, ask?: number, answer?: number, error?: import("./errors.js").ErrorPayload, note?: any } & ContentFields} DirectFrame
 * @typedef {{ type: "Received", to?: string, senderId?: string, inc: string, id: number }} ReceivedFrame
 * @typedef {{ type: "Fast", to?: string[], senderId?: string, inc: string, id: number } & ContentFields} FastFrame
 * @typedef {{ type: "Chunk", to?: string[], senderId?: string, transfer: string, offset: number, bytes?: Uint8Array }} ChunkFrame
 * @typedef {{ type: "Credit", to?: string, senderId?: string, transfer: string, offset: number, resume?: boolean }} CreditFrame
 * @typedef {DirectFrame | ReceivedFrame | FastFrame | ChunkFrame | CreditFrame} RoutedFrame what a host hands on to those that it is for
 * @typedef {RoutedFrame | DataFrame | GapFrame | SyncFrame | AckFrame | StableFrame | PaceFrame | SucceedFrame | StateFrame | RefusedFrame | HeartbeatFrame | GoodbyeFrame} Frame
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
export const DIRECT = "Direct"
export const RECEIVED = "Received"
export const FAST = "Fast"
export const CHUNK = "Chunk"
export const CREDIT = "Credit"

/** How many marks one frame holds: with the longest ids it stays within the largest frame. */
export const MARKS_PER_FRAME = 200

/** How many peers a message that isn't for everyone may be for. */
export const MAX_ADDRESSEES = 256

/** The longest id of a peer, in UTF-16 code units: 128 characters. */
export const MAX_ID_CHARACTERS = 256

/**
 * @param {Frame} frame
 * @returns {Packet}
 * @throws {import("./errors.js").P2pError} `too_large` above MAX_FRAME_BYTES, `unsupported` for what can't be written
 */
export function encodeFrame(frame) {
  if (!("bytes" in frame)) return pack(toJSON(frame))
  const { bytes, ...head } = frame
  return pack(toJSON(head), bytes)
}

const ROUTED = Object.freeze([DIRECT, RECEIVED, FAST, CHUNK, CREDIT])

/** @param {Frame} frame @returns {frame is RoutedFrame} */
export function isRoutedFrame(frame) {
  return ROUTED.includes(frame.type)
}

/** Whether it takes the right to send; who may only read still acknowledges, and takes files. @param {RoutedFrame} frame */
export function isSpeech(frame) {
  // An answer reaches only who has asked.
  if (frame.type === DIRECT) return frame.note === undefined ? frame.answer === undefined : frame.note?.kind === "offer"
  return frame.type === FAST || frame.type === CHUNK
}

/**
 * How far a peer has come, in as many frames as it takes; the last one is the one without `more`.
 * @param {Omit<SyncFrame, "type" | "seen" | "more">} rest
 * @param {Mark[]} marks
 * @returns {Packet[]}
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
 * Reads a frame from what came, which isn't trusted.
 * @param {unknown} packet
 * @returns {Frame | null} null for what isn't a frame
 */
export function decodeFrame(packet) {
  const parts = unpack(packet)
  if (!parts) return null
  try {
    const frame = JSON.parse(parts.text)
    if (parts.bytes) frame.bytes = parts.bytes
    else if ("bytes" in frame) return null
    return checkFrame(frame)
  } catch {
    // Not JSON: the caller counts it as a bad frame.
    return null
  }
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
    case DATA: return isNumber(frame.id) && hasContent(frame) && isIds([frame.senderId ?? "-", frame.inc ?? "-"]) && isCount(frame.n ?? 0) && isCount(frame.epoch ?? 0) ? frame : null
    case GAP: return isIds([frame.senderId, frame.inc]) && isNumber(frame.from) && isNumber(frame.to) && frame.from <= frame.to ? frame : null
    case SYNC: return isMarks(frame.seen) && isIds([frame.inc ?? "-"]) && isCount(frame.history ?? 0) && isCount(frame.n ?? 0) ? frame : null
    case ACK: case STABLE: return isCount(frame.n) ? frame : null
    case PACE: return isCount(frame.mls) ? frame : null
    case STATE: return isStates(frame.data) && isIds(frame.readers ?? []) && Number.isSafeInteger(frame.epoch ?? 0) ? frame : null
    case REFUSED: return Number.isSafeInteger(frame.id) ? frame : null
    case DIRECT: return isDirect(frame) ? frame : null
    case RECEIVED: return isRouted(frame, isId) && isId(frame.inc) && isNumber(frame.id) ? frame : null
    case FAST: return isRouted(frame, isAudience) && isId(frame.inc) && isNumber(frame.id) && hasContent(frame) ? frame : null
    case CHUNK: return isRouted(frame, isAudience) && isLabel(frame.transfer) && isCount(frame.offset) && frame.bytes?.length > 0 ? frame : null
    case CREDIT: return isRouted(frame, isId) && isLabel(frame.transfer) && isCount(frame.offset) ? frame : null
    default: return null
  }
}

/** @param {any} frame */
function isDirect(frame) {
  const { inc, ask, answer, note, error } = frame
  const isNumbered = isId(inc) && isNumber(frame.id) && isCount(frame.after) && frame.after < frame.id
  const isWhole = note !== undefined || (answer !== undefined && typeof error === "object" && error !== null) || hasContent(frame)
  return isRouted(frame, isId) && isNumbered && isWhole && isCount(ask ?? 0) && isCount(answer ?? 0)
}

/**
 * Whether it says whom it is for, or, stamped by the host, whom it is from.
 * @param {any} frame
 * @param {(to: unknown) => boolean} isGoal
 */
function isRouted({ to, senderId }, isGoal) {
  return to === undefined ? isId(senderId ?? "-") : isGoal(to)
}

/** @param {unknown} ids */
function isAudience(ids) {
  return isShort(ids) && isIds(ids)
}

/** @param {unknown} list */
function isShort(list) {
  return Array.isArray(list) && list.length <= MAX_ADDRESSEES
}

/** @param {unknown} id */
function isId(id) {
  return isIds([id])
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

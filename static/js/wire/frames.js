import { Content, CONTENT, hasContent, isLabel, MAX_FRAME_BYTES, pack, STAMP_BYTES, unpack } from "./content.js"
import { partsOf } from "../base/depth.js"
import { cut } from "../base/errors.js"
import { BAD, be, fields, isCount, isFlag, isId, isRecord, isText, MAX_ID_CHARACTERS, may, pick } from "../base/fields.js"
import { isFinal, toJSON } from "../base/json.js"
import { SIGNAL_PARTS } from "./sdp.js"
import { NOTE_FIELDS, SPEECH_NOTES } from "./services.js"
import { MAX_DEPTH, MAX_FAST_BYTES, MAX_NOTE_CHARACTERS, MAX_TRIED_HOSTS, STATES_PER_FRAME } from "../base/limits.js"

/**
 * The frames that travel over the data channels (docs/protocol-channels.md).
 *
 * @typedef {import("./content.js").Packet} Packet
 * @typedef {import("./content.js").ContentFields} ContentFields
 * @typedef {{ type: "Data", senderId?: string, inc?: string, id: number, n?: number, epoch?: number } & ContentFields} DataFrame
 * @typedef {{ type: "Gap", senderId: string, inc: string, from: number, to: number }} GapFrame
 * @typedef {[senderId: string, inc: string, id: number]} Mark how far a peer has come with one page of a sender
 * @typedef {{ type: "Sync", seen: Mark[], more?: boolean, inc?: string, fresh?: boolean, history?: number, n?: number }} SyncFrame
 * @typedef {{ type: "Ack", n: number }} AckFrame
 * @typedef {{ type: "Stable", n: number }} StableFrame
 * @typedef {{ type: "Pace", ms: number }} PaceFrame
 * @typedef {{ type: "Succeed", tried?: string[], hung?: number[] }} SucceedFrame
 * @typedef {{ inc: string, fresh: boolean, history: number, seen: Mark[] }} Hello what a client tells its host first, all parts together
 * @typedef {{ type: "Data.Connection.State", senderId?: string, data: Record<string, PeerState>, full?: boolean, readers?: string[], epoch?: number }} StateFrame
 * @typedef {{ type: "Refused", id: number, error: import("../base/errors.js").ErrorPayload }} RefusedFrame
 * @typedef {{ type: "Heartbeat", n?: number, at?: number, echo?: number, held?: number, ask?: boolean }} HeartbeatFrame
 * @typedef {{ type: "Resume", n: number, id: number }} ResumeFrame
 * @typedef {{ type: "Signal", negotiation: string, restart?: boolean, description?: RTCSessionDescriptionInit, candidates?: RTCIceCandidateInit[] }} SignalFrame
 * @typedef {{ type: "Goodbye", error?: import("../base/errors.js").ErrorPayload }} GoodbyeFrame
 * @typedef {{ type: "Direct", to?: string, senderId?: string, inc: string, id: number, after: number, ask?: number, answer?: number, error?: import("../base/errors.js").ErrorPayload, note?: any } & ContentFields} DirectFrame
 * @typedef {{ type: "Received", to?: string, senderId?: string, inc: string, id: number }} ReceivedFrame
 * @typedef {{ type: "Fast", to?: string[], senderId?: string, inc: string, id: number } & ContentFields} FastFrame
 * @typedef {{ type: "Chunk", to?: string[], senderId?: string, transfer: string, offset: number, bytes?: Uint8Array }} ChunkFrame
 * @typedef {{ type: "Credit", to?: string, senderId?: string, transfer: string, offset: number, resume?: boolean }} CreditFrame
 * @typedef {DirectFrame | ReceivedFrame | FastFrame | ChunkFrame | CreditFrame} RoutedFrame a frame that the host passes on to its recipients only
 * @typedef {RoutedFrame | DataFrame | GapFrame | SyncFrame | AckFrame | StableFrame | PaceFrame | SucceedFrame | StateFrame | RefusedFrame | HeartbeatFrame | ResumeFrame | SignalFrame | GoodbyeFrame} Frame
 * @typedef {(typeof STATES)[number]} PeerState
 */

const utf8 = new TextEncoder()

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
export const RESUME = "Resume"
export const SIGNAL = "Signal"
export const GOODBYE = "Goodbye"
export const DIRECT = "Direct"
export const RECEIVED = "Received"
export const FAST = "Fast"
export const CHUNK = "Chunk"
export const CREDIT = "Credit"

/** How many marks one frame holds. It holds fewer if their ids are so long that the frame would be too large. */
export const MARKS_PER_FRAME = 200

export { MAX_ID_CHARACTERS } from "../base/fields.js"

/** How many recipients a message may have that isn't for everyone. */
export const MAX_ADDRESSEES = 256

/**
 * @param {Frame} frame
 * @returns {Packet}
 * @throws {import("../base/errors.js").P2pError} `too_large` above MAX_FRAME_BYTES, `unsupported` for data that can't be written
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

/** Whether a frame needs the right to send. A peer that may only read still acknowledges messages, and accepts files. @param {RoutedFrame} frame */
export function isSpeech(frame) {
  // An answer needs no right to send, because it reaches only the peer that has asked.
  if (frame.type === DIRECT) return frame.note === undefined ? frame.answer === undefined : SPEECH_NOTES.includes(frame.note?.kind)
  return frame.type === FAST || frame.type === CHUNK
}

/**
 * Frames that tell how far a peer has come: as many as are needed. All but the last one have `more`.
 * @param {Omit<SyncFrame, "type" | "seen" | "more">} rest
 * @param {Mark[]} marks
 * @returns {Packet[]}
 */
export function syncFrames(rest, marks) {
  const parts = inParts(marks)
  return parts.map((seen, index) => encodeFrame({ type: SYNC, ...rest, seen, ...(index < parts.length - 1 && { more: true }) }))
}

/**
 * Splits marks into parts that fit into one frame each. Other peers choose their ids, and in JSON, each character of an id may take six bytes.
 * @param {Mark[]} marks
 * @returns {Mark[][]} at least one
 */
function inParts(marks) {
  /** @type {Mark[][]} */
  const parts = [[]]
  let bytes = 0
  for (const mark of marks) {
    const size = utf8.encode(JSON.stringify(mark)).length + 1
    if (parts[parts.length - 1].length === MARKS_PER_FRAME || bytes + size > MAX_FRAME_BYTES - 2 * STAMP_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts[parts.length - 1].push(mark)
    bytes += size
  }
  return parts
}

// Reading

const ID = be(isId)
const NUMBER = be(isNumber)
const COUNT = be(isCount)
const FLAG = may(be(isFlag))
const MAYBE_ID = may(ID)
const MAYBE_COUNT = may(COUNT)
const ERROR = fields({ code: be(isText(MAX_ID_CHARACTERS, 1)), message: cut, hint: cut, retry: (value) => (isFlag(value) ? value : undefined) })
const NOTE = fields(Object.fromEntries(NOTE_FIELDS.map((name) => [name, may(be(isPlain))])))
const TO_PEERS = { to: may(be((ids) => isIds(ids, MAX_ADDRESSEES))), senderId: MAYBE_ID }
const TO_PEER = { to: MAYBE_ID, senderId: MAYBE_ID }

/** @param {unknown} error */
const readError = (error) => pick(error, ERROR)

/** The fields of each kind of frame, and their readers. @type {Record<string, Record<string, import("../base/fields.js").Reader>>} */
const PARTS = {
  [HEARTBEAT]: { n: MAYBE_COUNT, at: MAYBE_COUNT, echo: MAYBE_COUNT, held: MAYBE_COUNT, ask: FLAG },
  [RESUME]: { n: COUNT, id: COUNT },
  [SIGNAL]: { negotiation: ID, restart: FLAG, ...SIGNAL_PARTS },
  [SUCCEED]: { tried: may(be((ids) => isIds(ids, MAX_TRIED_HOSTS))), hung: may(be((counts) => Array.isArray(counts) && counts.every(isCount))) },
  [GOODBYE]: { error: may(readError) },
  [DATA]: { senderId: MAYBE_ID, inc: MAYBE_ID, id: NUMBER, n: MAYBE_COUNT, epoch: MAYBE_COUNT, ...CONTENT },
  [GAP]: { senderId: ID, inc: ID, from: NUMBER, to: NUMBER },
  [SYNC]: { seen: be(isMarks), more: FLAG, inc: MAYBE_ID, fresh: FLAG, history: MAYBE_COUNT, n: MAYBE_COUNT },
  [ACK]: { n: COUNT },
  [STABLE]: { n: COUNT },
  [PACE]: { ms: COUNT },
  [STATE]: { senderId: MAYBE_ID, data: be(isStates), full: FLAG, readers: may(be((ids) => isIds(ids, STATES_PER_FRAME))), epoch: MAYBE_COUNT },
  [REFUSED]: { id: NUMBER, error: readError },
  [DIRECT]: { ...TO_PEER, inc: ID, id: NUMBER, after: COUNT, ask: MAYBE_COUNT, answer: MAYBE_COUNT, error: may(readError), note: may((note) => pick(note, NOTE)), ...CONTENT },
  [RECEIVED]: { ...TO_PEER, inc: ID, id: NUMBER },
  [FAST]: { ...TO_PEERS, inc: ID, id: NUMBER, ...CONTENT },
  [CHUNK]: { ...TO_PEERS, transfer: be(isLabel), offset: COUNT, bytes: be((bytes) => bytes instanceof Uint8Array && bytes.length > 0) },
  [CREDIT]: { ...TO_PEER, transfer: be(isLabel), offset: COUNT, resume: FLAG },
}
const FRAMES = new Map(Object.entries(PARTS).map(([type, readers]) => [type, fields(readers)]))

/** Rules for each kind of frame that concern several of its fields. @type {Record<string, (frame: any, size: number) => boolean>} */
const RULES = {
  [DATA]: hasContent,
  [SUCCEED]: ({ tried, hung }) => tried?.length === hung?.length,
  [SIGNAL]: ({ description, candidates, restart }) => description !== undefined || candidates !== undefined || restart === true,
  [GAP]: ({ from, to }) => from <= to,
  [DIRECT]: (frame) => frame.after < frame.id && (frame.note !== undefined || (frame.answer !== undefined && frame.error !== undefined) || hasContent(frame)),
  // What counts is the size when the frame is written again, where a number may take six times as many characters: a frame that a host accepts must be accepted by its clients, too.
  [FAST]: (frame, size) => hasContent(frame) && (size <= MAX_FAST_BYTES / 8 || Content.from(frame).byteLength <= MAX_FAST_BYTES),
}

/**
 * Reads a frame from a packet, which isn't trusted: the frame is built anew from the fields that are known, and the rest is dropped.
 * @param {unknown} packet
 * @returns {Frame | null} null if the packet isn't a frame
 */
export function decodeFrame(packet) {
  return admitFrame(packet, () => true) ?? null
}

/**
 * Reads a frame if one of its kind may come now.
 * @param {unknown} packet
 * @param {(type: string) => boolean} admits whether a frame of this type may come now
 * @param {(parts: number) => boolean} [builds] whether so many objects, arrays and fields may be built for the frame
 * @returns {Frame | null | undefined} null if the packet isn't a frame; undefined if the frame may not come now: then the rest of it wasn't read
 */
export function admitFrame(packet, admits, builds = () => true) {
  const { text, bytes } = unpack(packet) ?? {}
  const parts = text === undefined ? Infinity : partsOf(text, MAX_DEPTH + 1)
  if (text === undefined || parts === Infinity) return null
  if (!builds(parts)) return undefined
  const record = parse(text)
  const readers = FRAMES.get(record?.type)
  if (!readers) return null
  return admits(record.type) ? readFrame(bytes ? { ...record, bytes } : record, readers, text) : undefined
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null // the caller counts it as a bad frame
  }
}

/**
 * @param {any} record
 * @param {import("../base/fields.js").Fields} readers
 * @param {string} text the text that the record was read from
 * @returns {Frame | null}
 */
function readFrame(record, readers, text) {
  const { type } = record
  const frame = pick(record, readers)
  if (frame === BAD || !isFinal(text, frame.data) || !(RULES[type]?.(frame, text.length + (frame.bytes?.length ?? 0)) ?? true)) return null
  return { type, ...frame }
}

/** @param {unknown} data */
function isStates(data) {
  if (!isRecord(data)) return false
  const entries = Object.entries(data)
  return entries.length <= STATES_PER_FRAME && entries.every(([peerId, state]) => isId(peerId) && STATES.includes(state))
}

/** @param {unknown} marks */
function isMarks(marks) {
  return Array.isArray(marks) && marks.length <= MARKS_PER_FRAME && marks.every((mark) => Array.isArray(mark) && mark.length === 3 && isIds(mark.slice(0, 2), 2) && isNumber(mark[2]))
}

/** @param {unknown} number */
function isNumber(number) {
  return isCount(number) && number !== 0
}

/** Whether a value may stand in a note about a file. @param {unknown} value */
function isPlain(value) {
  return isFlag(value) || Number.isSafeInteger(value) || isText(MAX_NOTE_CHARACTERS)(value)
}

/**
 * @param {unknown} ids
 * @param {number} most
 */
function isIds(ids, most) {
  return Array.isArray(ids) && ids.length <= most && ids.every(isId)
}

// The content of messages, and the packets in which frames travel.
import { P2pError } from "../base/errors.js"
import { be, fields, isText, may, pick } from "../base/fields.js"
import { stringify, toJSON } from "../base/json.js"
import { binaryKind, bytesOf } from "../base/kinds.js"

/** The largest frame, in bytes: it is the most that Chromium and Firefox take from each other in one message. */
export const MAX_FRAME_BYTES = 262_144
/** The bytes that a sender leaves free for the rest of the frame: the id of the sender that the host adds (128 characters, escaped), and numbers. */
export const STAMP_BYTES = 1_024
/** The longest topic, type or name of a message's data, in UTF-16 code units. */
export const MAX_LABEL_CHARACTERS = 255

const VIEWS = Object.freeze(/** @type {Record<string, any>} */ ({
  DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
}))

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

/**
 * A packet is a frame as it travels: JSON text; or, if the frame has bytes, the length of the text (32 bits, big-endian), the text in UTF-8 and the bytes.
 *
 * @typedef {string | ArrayBuffer} Packet
 * @typedef {{ kind: string, mime?: string, name?: string }} Binary what the bytes of a message mean
 * @typedef {{ topic?: string, data?: any, binary?: Binary, bytes?: Uint8Array }} ContentFields the fields of a frame that hold its content
 */

/** The content of one message of an app: its topic, and JSON or bytes of some kind. It is encoded once, for all recipients. */
export class Content {
  #head
  /** The data that can be shown without a copy, and its topic. @type {{ topic?: string, data: any } | null} */
  #shown

  /**
   * @param {string} head the fields of the frame, as JSON without the braces
   * @param {Uint8Array} [bytes]
   * @param {{ topic?: string, data: any } | null} [shown]
   */
  constructor(head, bytes, shown = null) {
    this.#head = head
    this.#shown = shown
    this.bytes = bytes
    /** About how much memory it takes, in characters and bytes. */
    this.size = head.length + (bytes?.length ?? 0)
  }

  /**
   * Encodes an app's data as it is now. Later changes to the data don't matter.
   * @param {any} data a string, any value that JSON can hold, an ArrayBuffer or a view of one
   * @param {string} [topic]
   * @returns {Content}
   * @throws {P2pError} `unsupported` for data that can't be encoded, `too_large` above MAX_FRAME_BYTES less STAMP_BYTES
   */
  static of(data, topic) {
    const kind = binaryKind(data)
    if (kind === undefined) return new Content(`${topicHead(topic)}"data":${stringify(data)}`, undefined, constant(data, topic)).#limited()
    if (kind !== "ArrayBuffer" && !Object.hasOwn(VIEWS, kind)) refuse(kind)
    const bytes = bytesOf(data)
    refuseAbove(bytes.length)
    return Content.#binary({ kind }, bytes.slice(), topic)
  }

  /**
   * Encodes a Blob or a File.
   * @param {Blob} blob
   * @param {string} [topic]
   * @returns {Promise<Content>}
   * @throws {P2pError} as a rejection: `too_large`; `file_changed` for one that can't be read
   */
  static async ofBlob(blob, topic) {
    refuseAbove(blob.size)
    const isFile = binaryKind(blob) === "File"
    const binary = { kind: isFile ? "File" : "Blob", mime: blob.type.slice(0, MAX_LABEL_CHARACTERS), ...(isFile && { name: /** @type {File} */ (blob).name.slice(0, MAX_LABEL_CHARACTERS) }) }
    try {
      return Content.#binary(binary, new Uint8Array(await blob.arrayBuffer()), topic)
    } catch (cause) {
      throw cause instanceof P2pError ? cause : new P2pError("file_changed", { cause })
    }
  }

  /**
   * The content of a frame that has been checked.
   * @param {ContentFields} frame
   * @throws {P2pError} `unsupported` for data that is nested too deeply to be written again
   */
  static from({ topic, data, binary, bytes }) {
    return new Content(`${topicHead(topic)}${binary ? `"binary":${JSON.stringify(binary)}` : `"data":${toJSON(data)}`}`, bytes, binary ? null : constant(data, topic))
  }

  /** The content as fields of a frame. @returns {ContentFields} */
  get fields() {
    return { ...JSON.parse(`{${this.#head}}`), ...(this.bytes && { bytes: this.bytes }) }
  }

  /** How many bytes it takes on the wire. */
  get byteLength() {
    return utf8.encode(this.#head).length + (this.bytes?.length ?? 0)
  }

  /**
   * The frame with this content.
   * @param {object} fields the frame's other fields
   * @returns {Packet}
   */
  packet(fields) {
    return pack(`${JSON.stringify(fields).slice(0, -1)},${this.#head}}`, this.bytes)
  }

  /**
   * The content as an app is shown it: a new value each time, which the app may change.
   * @returns {{ topic?: string, data: any }}
   */
  read() {
    return this.#shown ?? readContent(this.fields)
  }

  // Private

  /**
   * @param {Binary} binary
   * @param {Uint8Array} bytes
   * @param {string} [topic]
   */
  static #binary(binary, bytes, topic) {
    return new Content(`${topicHead(topic)}"binary":${JSON.stringify(binary)}`, bytes).#limited()
  }

  #limited() {
    refuseAbove(this.bytes ? this.byteLength : byteLength(this.#head))
    return this
  }
}

/**
 * The content of a frame that has been checked, as an app is shown it.
 * @param {ContentFields} frame
 * @returns {{ topic?: string, data: any }}
 */
export function readContent({ topic, data, binary, bytes }) {
  return { ...(topic !== undefined && { topic }), data: binary ? revive(binary, /** @type {Uint8Array} */ (bytes)) : data }
}

/**
 * Whether a frame holds a message: JSON, or bytes that fit their kind. Each of its fields must have been checked before.
 * @param {ContentFields} frame
 */
export function hasContent({ data, binary, bytes }) {
  if (binary === undefined) return data !== undefined && bytes === undefined
  if (data !== undefined || bytes === undefined) return false
  if (["ArrayBuffer", "Blob", "File"].includes(binary.kind)) return true
  return Object.hasOwn(VIEWS, binary.kind) && bytes.length % (VIEWS[binary.kind].BYTES_PER_ELEMENT ?? 1) === 0
}

export const isLabel = isText(MAX_LABEL_CHARACTERS, 1)

const LABEL = may(be(isText(MAX_LABEL_CHARACTERS)))
const BINARY = fields({ kind: be(isLabel), mime: LABEL, name: LABEL })

/** The readers of the fields that hold a message's content. */
export const CONTENT = Object.freeze({
  topic: may(be(isLabel)),
  data: (/** @type {unknown} */ data) => data,
  binary: may((binary) => pick(binary, BINARY)),
  bytes: may(be((bytes) => bytes instanceof Uint8Array)),
})

// Packets

/**
 * @param {string} text
 * @param {Uint8Array} [bytes]
 * @returns {Packet}
 * @throws {P2pError} `too_large` above MAX_FRAME_BYTES
 */
export function pack(text, bytes) {
  if (!bytes) return limited(text)
  const head = utf8.encode(text)
  const packet = new Uint8Array(4 + head.length + bytes.length)
  if (packet.length > MAX_FRAME_BYTES) throw tooLarge(packet.length, MAX_FRAME_BYTES)
  new DataView(packet.buffer).setUint32(0, head.length)
  packet.set(head, 4)
  packet.set(bytes, 4 + head.length)
  return packet.buffer
}

/**
 * @param {unknown} packet as it arrived
 * @returns {{ text: string, bytes?: Uint8Array } | null} null if it isn't a packet. The bytes are a view of the packet, not a copy
 */
export function unpack(packet) {
  if (typeof packet === "string") return packet.length <= MAX_FRAME_BYTES ? { text: packet } : null
  if (!(packet instanceof ArrayBuffer) || packet.byteLength < 4 || packet.byteLength > MAX_FRAME_BYTES) return null
  const length = new DataView(packet).getUint32(0)
  if (4 + length > packet.byteLength) return null
  return { text: fromUtf8.decode(new Uint8Array(packet, 4, length)), bytes: new Uint8Array(packet, 4 + length) }
}

/** @param {Packet} packet */
export function sizeOf(packet) {
  return typeof packet === "string" ? packet.length : packet.byteLength
}

// Private

/**
 * Data that never changes, such as a string, which can be shown without a copy.
 * @param {any} data
 * @param {string} [topic]
 */
function constant(data, topic) {
  return typeof data === "string" || typeof data === "boolean" || data === null ? { ...(topic !== undefined && { topic }), data } : null
}

/** @param {string} [topic] */
function topicHead(topic) {
  return topic === undefined ? "" : `"topic":${JSON.stringify(topic)},`
}

/**
 * @param {Binary} binary
 * @param {Uint8Array} bytes
 */
function revive({ kind, mime = "", name = "" }, bytes) {
  if (kind === "Blob") return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: mime })
  if (kind === "File") return new File([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], name, { type: mime })
  const { buffer } = bytes.slice()
  return kind === "ArrayBuffer" ? buffer : new VIEWS[kind](buffer)
}

/**
 * @param {string} kind
 * @returns {never}
 */
function refuse(kind) {
  throw new P2pError("unsupported", { message: `data can't be sent (${kind}).`, hint: "Send an ArrayBuffer, a DataView, or a typed array that all browsers have." })
}

/**
 * The length of a text in UTF-8. If the text is short enough for any limit, this is only the most that its length can be.
 * @param {string} text
 */
function byteLength(text) {
  return text.length * 3 <= MAX_FRAME_BYTES - STAMP_BYTES ? text.length : utf8.encode(text).length
}

/** @param {string} text */
function limited(text) {
  const bytes = byteLength(text)
  if (bytes > MAX_FRAME_BYTES) throw tooLarge(bytes, MAX_FRAME_BYTES)
  return text
}

/** @param {number} bytes of content */
function refuseAbove(bytes) {
  if (bytes > MAX_FRAME_BYTES - STAMP_BYTES) throw tooLarge(bytes, MAX_FRAME_BYTES - STAMP_BYTES)
}

/**
 * @param {number} bytes
 * @param {number} most
 */
function tooLarge(bytes, most) {
  return new P2pError("too_large", { message: `The message has ${bytes} bytes; the most that a channel takes is ${most}.`, hint: "Send it by sendFile(), or in parts." })
}

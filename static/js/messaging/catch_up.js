// Frames that give a peer the messages that it has missed.
import { P2pError } from "../base/errors.js"
import { Content } from "../wire/content.js"
import { DATA, decodeFrame, encodeFrame, GAP } from "../wire/frames.js"

/**
 * The frames that give a peer what it lacks: the messages that another peer has kept, and gaps in place of those that nobody has.
 *
 * @typedef {import("./message_log.js").Entry} Entry
 * @typedef {import("./message_log.js").Gap} Gap
 * @typedef {import("../wire/content.js").Packet} Packet
 */

/**
 * Encodes a message that was kept. It is made from the frame that arrived, because the app may have changed the object that it was given.
 * @param {Entry} entry
 * @param {{ n: number } | { epoch: number }} place
 * @returns {Packet | null} null for a message that a host has made too large for others to pass on
 */
export function encodeEntry({ senderId, inc, id, packet }, place) {
  const frame = /** @type {import("../wire/frames.js").DataFrame} */ (decodeFrame(packet))
  try {
    return Content.from(frame).packet({ type: DATA, senderId, inc, id, ...place })
  } catch (error) {
    if (!(error instanceof P2pError)) throw error
    return null
  }
}

/**
 * @param {Entry[]} entries
 * @returns {Packet[]} one frame for each entry
 */
export function entryFrames(entries) {
  return entries.map((entry) => encodeEntry(entry, { n: entry.place }) ?? encodeFrame(gapFrame({ ...entry, from: entry.id, to: entry.id })))
}

/** @param {Gap[]} gaps */
export function gapFrames(gaps) {
  return gaps.map((gap) => encodeFrame(gapFrame(gap)))
}

/** @param {Gap} gap */
export function gapFrame({ senderId, inc, from, to }) {
  return { type: /** @type {typeof GAP} */ (GAP), senderId, inc, from, to }
}

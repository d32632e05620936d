// The frames that give a peer what it has missed.
import { P2pError } from "../base/errors.js"
import { Content } from "../wire/content.js"
import { DATA, decodeFrame, encodeFrame, GAP } from "../wire/frames.js"

/**
 * The frames with which a peer is given what it lacks: messages that another one has kept, and gaps for those that nobody has.
 *
 * @typedef {import("./message_log.js").Entry} Entry
 * @typedef {import("./message_log.js").Gap} Gap
 * @typedef {import("../wire/content.js").Packet} Packet
 */

/**
 * A message as it was, whatever the app has done with the object that it got.
 * @param {Entry} entry
 * @param {{ n: number } | { epoch: number }} place
 * @returns {Packet | null} null for one that a host has made so large that nobody else can pass it on
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
 * @returns {Packet[]} a frame for each
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

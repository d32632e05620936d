/**
 * Reads the descriptions and candidates that two peers negotiate a connection with.
 *
 * @typedef {{ description: RTCSessionDescriptionInit } | { candidates: RTCIceCandidateInit[] }} Signal what one of the two tells the other
 */
import { BAD, be, fields, isCount, isRecord, isText, pick } from "../base/fields.js"
import { MAX_CANDIDATE_CHARACTERS, MAX_SDP_CHARACTERS, MAX_SDP_LINES, MAX_SDP_MEDIA } from "../base/limits.js"

/** What browsers put in place of an address (draft-ietf-mmusic-mdns-ice-candidates, section 3.1.1). */
const LOCAL_NAME = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.local$/i
/** Words with one space between them, as RFC 8839, section 5.1 has it: nobody sees other words in it than this page does. */
const WORDS = /^[!-~]+( [!-~]+)*$/
/** JSON has null for what a browser leaves out. @param {(value: any) => boolean} check */
const orNull = (check) => be((value) => value === undefined || value === null || check(value))
const LABEL = orNull(isText(256))
const CANDIDATE = fields({ candidate: be(isCandidate), sdpMid: LABEL, sdpMLineIndex: orNull(isCount), usernameFragment: LABEL })

/**
 * Candidates of another peer: those that are some, with nothing in them that this page would look up for that peer.
 * @param {unknown[]} candidates
 * @returns {RTCIceCandidateInit[]}
 */
export function readCandidates(candidates) {
  return candidates.map((candidate) => pick(candidate, CANDIDATE)).filter((candidate) => candidate !== BAD)
}

/**
 * Whether this is a description that a browser can be given: what it costs grows faster than its length.
 * @param {any} description
 */
export function isDescription(description) {
  return isRecord(description) && (description.type === "offer" || description.type === "answer") && isText(MAX_SDP_CHARACTERS)(description.sdp) && isSdp(description.sdp)
}

/** @param {string} sdp */
function isSdp(sdp) {
  const lines = sdp.split(/[\r\n]+/, MAX_SDP_LINES + 1)
  const candidates = lines.filter((line) => line.startsWith("a=candidate:")).map((line) => line.slice(2).trimEnd())
  return lines.length <= MAX_SDP_LINES && lines.filter((line) => line.startsWith("m=")).length <= MAX_SDP_MEDIA && candidates.every(isCandidate)
}

/** @param {any} text empty where there are no more (RFC 8838, section 13) */
function isCandidate(text) {
  if (text === "") return true
  if (!isText(MAX_CANDIDATE_CHARACTERS)(text) || !WORDS.test(text)) return false
  const address = text.split(" ", 5)[4] ?? "" // a browser refuses what is shorter
  return /^[\d.]*$/.test(address) || address.includes(":") || LOCAL_NAME.test(address)
}

/**
 * Checks the session descriptions (SDP) and ICE candidates with which two peers negotiate a connection.
 *
 * @typedef {{ description: RTCSessionDescriptionInit } | { candidates: RTCIceCandidateInit[] }} Signal what one of the two peers tells the other
 */
import { BAD, be, fields, isCount, isRecord, isText, may, pick } from "../base/fields.js"
import { MAX_CANDIDATE_CHARACTERS, MAX_CANDIDATES, MAX_SDP_CHARACTERS, MAX_SDP_LINES, MAX_SDP_MEDIA } from "../base/limits.js"

/** The name that browsers give in place of a local address (draft-ietf-mmusic-mdns-ice-candidates, section 3.1.1). */
const LOCAL_NAME = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.local$/i
/** Words with one space between them (RFC 8839, section 5.1). Nothing else is accepted, so that a browser can't split the text into other words than this page does. */
const WORDS = /^[!-~]+( [!-~]+)*$/
/** Takes null as well, because JSON has null for fields that a browser leaves out. @param {(value: any) => boolean} check */
const orNull = (check) => be((value) => value === undefined || value === null || check(value))
const LABEL = orNull(isText(256))
const CANDIDATE = fields({ candidate: be(isCandidate), sdpMid: LABEL, sdpMLineIndex: orNull(isCount), usernameFragment: LABEL })

const DESCRIPTION = fields({ type: be(isText(16)), sdp: be(isText(MAX_SDP_CHARACTERS)) })

/** The readers of a signal, of which one must have something to read. What they give isn't a valid description yet, see isDescription(). @type {Record<string, import("../base/fields.js").Reader>} */
export const SIGNAL_PARTS = Object.freeze({
  description: may((description) => pick(description, DESCRIPTION)),
  candidates: may((candidates) => readCandidates(Array.isArray(candidates) ? candidates.slice(0, MAX_CANDIDATES) : [])),
})

/**
 * Reads the candidates of another peer, and drops invalid ones and those with a name that this page would have to look up for that peer.
 * @param {unknown[]} candidates
 * @returns {RTCIceCandidateInit[]}
 */
export function readCandidates(candidates) {
  return candidates.map((candidate) => pick(candidate, CANDIDATE)).filter((candidate) => candidate !== BAD)
}

/**
 * Whether a description may be given to the browser. Its size is limited, because the time that it costs a browser grows faster than its length.
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

/** @param {any} text empty if there are no more candidates (RFC 8838, section 13) */
function isCandidate(text) {
  if (text === "") return true
  if (!isText(MAX_CANDIDATE_CHARACTERS)(text) || !WORDS.test(text)) return false
  const address = text.split(" ", 5)[4] ?? "" // a browser refuses a shorter candidate
  return /^[\d.]*$/.test(address) || address.includes(":") || LOCAL_NAME.test(address)
}

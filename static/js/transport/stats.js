// The figures of a link.
import { selectedPair } from "./route.js"

/**
 * @param {Pick<import("../wire/link.js").Link, "route" | "rttMs">} link
 * @param {any} path that the link is sent over
 * @returns {Promise<import("../wire/link.js").LinkStats>}
 */
export async function statsOf({ route, rttMs }, path) {
  const known = { path: route, rttMs, sentBytes: path?.sentBytes ?? 0, receivedBytes: path?.receivedBytes ?? 0, lossRate: null, availableBitrate: null }
  const pair = path?.getStats && selectedPair(await path.getStats())
  if (!pair) return known
  // A channel's retransmissions aren't told, so the loss is that of the browser's own tests of the path (RFC 8445, section 11).
  const { requestsSent = 0, responsesReceived = 0, currentRoundTripTime = NaN, bytesSent = 0, bytesReceived = 0, availableOutgoingBitrate = null } = pair
  return {
    ...known,
    rttMs: currentRoundTripTime > 0 ? 1_000 * currentRoundTripTime : rttMs,
    sentBytes: bytesSent,
    receivedBytes: bytesReceived,
    lossRate: requestsSent > 0 ? Math.max(0, 1 - responsesReceived / requestsSent) : null,
    availableBitrate: availableOutgoingBitrate,
  }
}

/** Milliseconds there and back from which on a link is fair, and from which on it is poor. A link is better again when it is well below. */
export const FAIR_MS = 150
export const POOR_MS = 400
const WELL_BELOW = 0.8

/**
 * @param {Pick<import("../wire/link.js").Link, "isHeard" | "rttMs" | "quality">} link
 * @returns {import("../wire/link.js").Quality}
 */
export function qualityOf({ isHeard, rttMs, quality }) {
  if (!isHeard) return "poor"
  const ms = rttMs ?? 0
  if (ms >= (quality === "poor" ? WELL_BELOW : 1) * POOR_MS) return "poor"
  return ms >= (quality === "good" ? 1 : WELL_BELOW) * FAIR_MS ? "fair" : "good"
}

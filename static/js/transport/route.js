// By what way a connection goes: directly, or over a TURN server.

/**
 * @param {RTCPeerConnection} pc
 * @returns {Promise<"direct" | "turn" | null>} null as long as it isn't connected
 */
export async function routeOf(pc) {
  if (pc.signalingState === "closed") return null
  const report = /** @type {Map<string, any>} */ (await pc.getStats().catch(() => new Map()))
  const pair = selectedPair(report)
  if (!pair) return null
  const isRelayed = [pair.localCandidateId, pair.remoteCandidateId].some((id) => report.get(id)?.candidateType === "relay")
  return isRelayed ? "turn" : "direct"
}

/**
 * The pair of candidates over which a connection goes (https://www.w3.org/TR/webrtc-stats/#dom-rtctransportstats-selectedcandidatepairid).
 * @param {Map<string, any>} report
 * @returns {any} undefined if there is none
 */
export function selectedPair(report) {
  const entries = [...report.values()]
  const transport = entries.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId)
  // Firefox has no statistics of the transport, and marks the pair itself.
  return transport ? report.get(transport.selectedCandidatePairId) : entries.find(({ type, selected }) => type === "candidate-pair" && selected)
}

/**
 * Calls back when another pair of candidates is selected.
 * @param {RTCPeerConnection} pc
 * @param {() => void} changed
 */
export function watchRoute(pc, changed) {
  const ice = pc.sctp?.transport?.iceTransport
  if (ice) ice.onselectedcandidatepairchange = changed
}

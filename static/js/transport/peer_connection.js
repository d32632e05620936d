// Making RTCPeerConnections, of which a page has only so many.
import { P2pError } from "../base/errors.js"

/** After so many connections, the browser is made to collect those that are closed. */
const COLLECT_EVERY = 50
/** How many bytes are asked for, and given back at once, so that it does. Nothing is written into them. */
const COLLECT_BYTES = 64 * 1024 * 1024

let made = 0

/**
 * @param {typeof RTCPeerConnection} PeerConnection
 * @param {RTCConfiguration} configuration
 * @throws {P2pError} `bad_request` if the browser refuses the ICE servers, or makes no more connections
 */
export function createPeerConnection(PeerConnection, configuration) {
  if (++made % COLLECT_EVERY === 0) collect()
  try {
    return new PeerConnection(configuration)
  } catch (cause) {
    const message = `The browser makes no connection: ${/** @type {Error} */ (cause).message}`
    throw new P2pError("bad_request", { message, hint: "Check ice_servers in p2p_frame_tag and P2P_ICE_SERVERS.", cause })
  }
}

/**
 * Has the browser check ICE servers before they are needed.
 * @param {RTCIceServer[]} iceServers
 * @throws {P2pError} `bad_request`
 */
export function checkIceServers(iceServers) {
  if ("RTCPeerConnection" in globalThis) createPeerConnection(globalThis.RTCPeerConnection, { iceServers }).close()
}

/**
 * Chromium lets a page have 500 connections, and counts those that are closed until it has collected them as garbage. In a quiet page, that takes many minutes: a host
 * that made one each second had none left for newcomers after nine. Much memory that isn't used any more has it collect at once.
 */
function collect() {
  try {
    return new ArrayBuffer(COLLECT_BYTES).byteLength
  } catch {
    return 0 // there isn't as much, so the browser collects anyway
  }
}

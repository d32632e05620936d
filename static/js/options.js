/**
 * What `p2p_frame_tag` wrote into the element, with the defaults of what it left out.
 *
 * @typedef {object} Options
 * @property {string} sessionId
 * @property {string} peerId
 * @property {string} token
 * @property {number} tokenExpiresInMls
 * @property {string} tokenUrl
 * @property {string} url
 * @property {string} path
 * @property {string} namespace
 * @property {RTCIceServer[] | undefined} iceServers the server's, where undefined
 * @property {{ intervalMls: number, idleTimeoutMls: number }} heartbeat
 * @property {boolean} keepSignaling
 * @property {boolean} autoReconnect
 * @property {number} connectTimeoutMls
 * @property {number} history how many messages a newcomer is shown
 */

export const HEARTBEAT_INTERVAL_MLS = 1_000
export const HEARTBEAT_IDLE_TIMEOUT_MLS = 5_000
export const CONNECT_TIMEOUT_MLS = 15_000

/**
 * @param {Element} element
 * @returns {Options}
 */
export function readOptions(element) {
  const config = JSON.parse(element.getAttribute("config") ?? "{}")
  return {
    sessionId: element.getAttribute("session-id") ?? "",
    peerId: element.getAttribute("peer-id") ?? "",
    token: element.getAttribute("token") ?? "",
    tokenExpiresInMls: Number(element.getAttribute("token-expires-in-ms") ?? 0),
    tokenUrl: element.getAttribute("token-url") ?? "",
    url: element.ownerDocument.location.origin,
    path: element.getAttribute("signaling-path") ?? "/socket.io",
    namespace: element.getAttribute("namespace") ?? "/p2p",
    iceServers: config.ice_servers,
    heartbeat: {
      intervalMls: config.heartbeat?.interval_mls ?? HEARTBEAT_INTERVAL_MLS,
      idleTimeoutMls: config.heartbeat?.idle_timeout_mls ?? HEARTBEAT_IDLE_TIMEOUT_MLS,
    },
    keepSignaling: config.keep_signaling ?? false,
    autoReconnect: config.auto_reconnect ?? true,
    connectTimeoutMls: config.connect_timeout_mls ?? CONNECT_TIMEOUT_MLS,
    history: config.history ?? 0,
  }
}

// Which checks there are for a site.
import { MAX_SERVERS } from "./limits.js"

/**
 * What the server has written into the page.
 * @typedef {{ version: string, tokens: [string, string], signaling_path: string, namespace: string, ice_servers: RTCIceServer[], may_poll: boolean }} Site
 *
 * A check. Those of ICE servers have the `server` with only the URL that is tried, and `place`, which says where that is.
 * @typedef {"udp" | "tcp" | "tls" | "dtls"} Transport
 * @typedef {{ id: string, kind: "socket" | "direct" | "stun" | "turn" | "relay", title: string, transport?: Transport, place?: string, server?: RTCIceServer }} Check
 *
 * What has come of one: how long it took, or why it failed. `reached` says that a server has given a relay, whether or not something went through it.
 * @typedef {"blocked" | "silent" | "policy" | "away" | "unsupported" | "failed" | "refused" | "full" | "nothing" | "unreached" | "relaying" | "off" | "unused"} Reason
 * @typedef {{ ok: boolean, ms?: number, tripMs?: number, reason?: Reason, code?: string | number, reached?: boolean }} Outcome
 * @typedef {Map<string, Outcome>} Outcomes by the id of the check
 */

/** How a transport is called. @type {Readonly<Record<Transport, string>>} */
const NAMES = Object.freeze({ udp: "UDP", tcp: "TCP", tls: "TLS", dtls: "DTLS" })

/**
 * The checks of a site, in the order in which the page shows them.
 * @param {RTCIceServer[]} iceServers
 * @returns {Check[]}
 */
export function checksOf(iceServers) {
  const servers = serversOf(iceServers)
  return [
    { id: "socket", kind: "socket", title: "This site's server, by WebSocket" },
    { id: "direct", kind: "direct", title: "Direct connections of this browser" },
    ...(servers.some(({ kind }) => kind === "stun") ? [] : [none("stun", "STUN server")]),
    ...servers.filter(({ kind }) => kind === "stun"),
    ...(servers.some(({ kind }) => kind === "turn") ? [] : [none("turn", "TURN server")]),
    ...servers.filter(({ kind }) => kind === "turn"),
    { id: "relay", kind: "relay", title: "Messages over this site's server" },
  ]
}

/** @param {"stun" | "turn"} kind @param {string} title @returns {Check} stands for servers that the site hasn't got */
const none = (kind, title) => ({ id: kind, kind, title })

/**
 * @param {RTCIceServer[]} iceServers
 * @returns {Check[]} one for each URL
 */
function serversOf(iceServers) {
  /** @type {Record<string, number>} */
  const counts = { stun: 0, turn: 0 }
  const urls = iceServers.flatMap((server) => [server.urls].flat().map((url) => ({ ...server, urls: url })))
  return urls.slice(0, MAX_SERVERS).map((server) => {
    const kind = server.urls.startsWith("turn") ? "turn" : "stun"
    const transport = transportOf(server.urls)
    const number = ++counts[kind]
    const title = kind === "turn" ? `TURN server ${number}, by ${NAMES[transport]}` : `STUN server ${number}`
    return { id: `${kind}-${number}`, kind, title, transport, place: placeOf(server.urls), server }
  })
}

/** By what a URL is reached (RFC 7065). @param {string} url @returns {Transport} */
export function transportOf(url) {
  const isSecure = /^(stun|turn)s:/.test(url)
  if (url.endsWith("?transport=udp")) return isSecure ? "dtls" : "udp"
  if (url.endsWith("?transport=tcp")) return isSecure ? "tls" : "tcp"
  return isSecure ? "tls" : "udp"
}

/** @param {string} url */
function placeOf(url) {
  return url.replace(/^[a-z]+:/, "").replace(/\?.*/, "")
}

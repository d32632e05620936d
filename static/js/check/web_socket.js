// Whether the server is reached by WebSocket, and if not, whether it is reached at all.
import { HTTP_MS, SOCKET_MS } from "./limits.js"
import { within } from "./limited.js"

/** The first packet of a server that takes Engine.IO (https://socket.io/docs/v4/engine-io-protocol/#handshake) begins with this. */
const OPEN = "0{"

/**
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {{ clock: import("../base/clock.js").Clock, WebSocket?: typeof globalThis.WebSocket, fetch?: typeof globalThis.fetch }} Tools
 */

/**
 * @param {URL} address Socket.IO's
 * @param {string} file of this site, which is asked for by HTTP if the WebSocket doesn't open
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
export async function tryWebSocket(address, file, tools) {
  const url = new URL(address)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  url.search = "?EIO=4&transport=websocket"
  const outcome = await within(SOCKET_MS, (signal) => opened(url, signal, tools), tools.clock)
  if (outcome.ok) return outcome
  const answers = await within(HTTP_MS, (signal) => answersByHttp(file, signal, tools), tools.clock)
  return answers ? outcome : { ok: false, reason: "away" }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
function opened(url, signal, { clock, WebSocket = globalThis.WebSocket }) {
  const began = clock.now()
  const socket = new WebSocket(url)
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      socket.close()
      resolve({ ok: false, reason: "silent" })
    })
    let wasOpen = false
    socket.onopen = () => { wasOpen = true }
    socket.onmessage = ({ data }) => {
      const isServer = typeof data === "string" && data.startsWith(OPEN)
      resolve(isServer ? { ok: true, ms: clock.now() - began } : { ok: false, reason: "silent" })
    }
    socket.onclose = () => resolve({ ok: false, reason: wasOpen ? "silent" : "blocked" })
  })
}

/**
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {Tools} tools
 */
async function answersByHttp(file, signal, { fetch = globalThis.fetch }) {
  try {
    // `ok`, as a proxy may answer in the site's place that it can't reach it.
    return (await fetch(file, { method: "HEAD", cache: "no-store", signal })).ok
  } catch {
    return false
  }
}

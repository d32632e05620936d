// Whether the server is reached by WebSocket, and if not, whether it is reached at all.
import { HTTP_MS, SOCKET_MS } from "./limits.js"
import { within } from "./limited.js"

/** The first packet of a server that takes Engine.IO (https://socket.io/docs/v4/engine-io-protocol/#handshake) begins with this. */
const OPEN = "0{"

/**
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {{ clock: import("../base/clock.js").Clock, page?: EventTarget }} Tools `page` is told what its policy forbids
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
  if (outcome.ok || outcome.reason === "policy") return outcome
  const answers = await within(HTTP_MS, (signal) => answersByHttp(file, signal), tools.clock)
  return answers ? outcome : { ok: false, reason: "away" }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
function opened(url, signal, { clock, page }) {
  const began = clock.now()
  return new Promise((resolve) => {
    // The browser tells it a moment before or after the socket closes (https://www.w3.org/TR/CSP3/#violation-events).
    page?.addEventListener("securitypolicyviolation", (event) => {
      if (/** @type {SecurityPolicyViolationEvent} */ (event).effectiveDirective === "connect-src") resolve({ ok: false, reason: "policy" })
    }, { signal })
    const socket = new WebSocket(url)
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
    socket.onclose = () => clock.soon(() => resolve({ ok: false, reason: wasOpen ? "silent" : "blocked" }))
  })
}

/** @param {string} file @param {AbortSignal} signal */
async function answersByHttp(file, signal) {
  try {
    const { status } = await fetch(file, { method: "HEAD", cache: "no-store", signal })
    return status < 500 // With more, a proxy says in the site's place that it can't reach it.
  } catch {
    return false
  }
}

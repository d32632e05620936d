// Runs the checks.
import { askStun } from "./stun.js"
import { inTurn, within } from "./limited.js"
import { DIRECT_MS, HTTP_MS, RELAY_MS, SERVERS_AT_ONCE, SOCKET_MS, STUN_MS, TURN_MS } from "./limits.js"
import { loop } from "./loop.js"
import { talkOverServer } from "./over_server.js"
import { tryWebSocket } from "./web_socket.js"

/**
 * @typedef {import("./checks.js").Check} Check
 * @typedef {import("./checks.js").Site} Site
 * @typedef {import("./checks.js").Outcome} Outcome
 *
 * @typedef {object} Tools
 * @property {import("../base/clock.js").Clock} clock
 * @property {string} origin the server's
 * @property {EventTarget} page is told what its policy forbids
 * @property {string} file of this site, which is asked for by HTTP
 */

/**
 * @param {Check[]} checks
 * @param {Site} site
 * @param {Tools} tools
 * @param {(check: Check, outcome: Outcome) => void} done
 */
export async function runChecks(checks, site, tools, done) {
  const { clock } = tools
  const report = async (/** @type {Check} */ check, /** @type {Promise<Outcome>} */ work) => done(check, await work)
  const servers = checks.filter(({ server }) => server)
  const works = servers.map((check) => () => report(check, tryServer(check, clock)))
  await Promise.all([
    overServer(checks, site, tools, done),
    // The direct loop first: it takes milliseconds, and shows whether there is WebRTC at all.
    ...checks.filter(({ kind }) => kind === "direct").map((check) => report(check, attempt(DIRECT_MS, (signal) => loop({}, signal, { clock }), clock))),
    inTurn(works, SERVERS_AT_ONCE),
  ])
}

/**
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<Outcome>} work
 * @param {import("../base/clock.js").Clock} clock
 * @returns {Promise<Outcome>}
 */
async function attempt(ms, work, clock) {
  try {
    return await within(ms, work, clock)
  } catch (error) {
    // A mistake of this page. The other checks go on, and the console says it.
    reportError(error)
    return { ok: false, reason: "failed" }
  }
}

/** @param {Check} check @param {import("../base/clock.js").Clock} clock @returns {Promise<Outcome>} */
function tryServer({ kind, server }, clock) {
  const only = /** @type {RTCIceServer} */ (server)
  if (kind === "stun") return attempt(STUN_MS, (signal) => askStun(only, signal, { clock }), clock)
  return attempt(TURN_MS, (signal) => loop({ iceServers: [only], iceTransportPolicy: "relay" }, signal, { clock }), clock)
}

/**
 * The WebSocket, and then a message over it, or by long polling where the site takes that.
 * @param {Check[]} checks @param {Site} site @param {Tools} tools @param {(check: Check, outcome: Outcome) => void} done
 */
async function overServer(checks, site, { clock, origin, file, page }, done) {
  const [socket, relay] = /** @type {const} */ (["socket", "relay"]).map((kind) => /** @type {Check} */ (checks.find((check) => check.kind === kind)))
  const path = site.signaling_path
  const opened = await attempt(SOCKET_MS + HTTP_MS, () => tryWebSocket(new URL(`${path}/`, origin), file, { clock, page }), clock)
  done(socket, opened)
  const mayPoll = site.may_poll && opened.reason !== "away"
  if (!opened.ok && !mayPoll) return done(relay, { ok: false, reason: "unused" })
  const options = { url: origin, path, namespace: site.namespace, mayPoll, tokens: site.tokens }
  done(relay, await attempt(RELAY_MS, (signal) => talkOverServer(options, signal, { clock }), clock))
}

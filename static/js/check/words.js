// Says in plain words what has come of each check.

/**
 * @typedef {import("./checks.js").Check} Check
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {import("./findings.js").Findings} Findings
 *
 * A row of the page; `cure` says what to do.
 * @typedef {"running" | "good" | "bad" | "poor" | "off"} State
 * @typedef {{ state: State, text: string, cure?: string }} Words
 */

/** What the states are called. @type {Readonly<Record<State, string>>} */
export const LABELS = Object.freeze({ running: "Trying", good: "Works", bad: "Fails", poor: "Limited", off: "Not set up" })

/**
 * @param {Check} check
 * @param {Outcome | undefined} outcome undefined while it runs
 * @param {Findings} findings
 * @returns {Words}
 */
export function wordsFor(check, outcome, findings) {
  if (isMissing(check)) return check.kind === "stun" ? noStun(findings) : noTurn(findings)
  if (!outcome) return { state: "running", text: "…" }
  if (outcome.reason === "unsupported") return { state: "bad", text: "This browser has no WebRTC.", cure: "Take a current browser. Some extensions and privacy settings switch WebRTC off." }
  switch (check.kind) {
    case "socket": return socket(outcome, findings)
    case "direct": return direct(outcome)
    case "stun": return stun(outcome, findings)
    case "turn": return turn(check, outcome, findings)
    case "relay": return relay(outcome, findings)
  }
}

/** Whether a row stands for a server that the site hasn't got. @param {Check} check */
function isMissing({ kind, server }) {
  return (kind === "stun" || kind === "turn") && !server
}

/** @param {Outcome} outcome @param {Findings} findings @returns {Words} */
function socket({ ok, reason }, { polls }) {
  if (ok) return { state: "good", text: "The server answers. By it people find each other." }
  if (reason === "away") return { state: "bad", text: "The site doesn't answer any more, neither by WebSocket nor by HTTP.", cure: "See whether you are online, then try again." }
  if (reason === "policy") return { state: "bad", text: "The site's Content-Security-Policy forbids its own WebSocket.", cure: "The site's owner has to allow it: connect-src 'self', and for older Safaris wss://HOST, too." }
  const text = reason === "blocked"
    ? "The site answers by HTTP, but its WebSocket is refused: a proxy stands between, or its own server lets none through."
    : "The site answers by HTTP, but nothing comes through its WebSocket: a proxy stands between."
  if (polls) return { state: "poor", text, cure: "This site takes long polling in its place, so you can take part." }
  return { state: "bad", text, cure: "Try another network, or switch a VPN on or off. If it fails for everybody, the site's proxy must pass WebSockets on." }
}

/** @param {Outcome} outcome @returns {Words} */
function direct({ ok }) {
  if (ok) return { state: "good", text: "Two connections in this page have found each other." }
  return { state: "bad", text: "Two connections in this page don't find each other: something on this device stops them.", cure: "Look for extensions that switch WebRTC off, a firewall, or a VPN." }
}

/** @param {Outcome} outcome @param {Findings} findings @returns {Words} */
function stun({ ok, reason }, findings) {
  if (ok) return { state: "good", text: reason === "nothing" ? "It answers; no router changes this device's address." : "It tells this browser its public address." }
  if (findings.udp === false) return { state: "bad", ...noUdp(findings) }
  return { state: "poor", text: "It doesn't answer.", cure: "The site's owner can see whether it runs, and whether its port is open." }
}

/** @param {Findings} findings @returns {{ text: string, cure: string }} */
function noUdp(findings) {
  if (findings.turnOverTcp) return { text: "No answer. Your network lets no UDP through.", cure: "This site has a TURN server over TCP, so you can take part." }
  const cure = findings.relay ? "You can take part over this site's own server." : "Try another network: a phone's, for example."
  return { text: "No answer by UDP: your network lets none through, or the server is down.", cure }
}

/** @param {Check} check @param {Outcome} outcome @param {Findings} findings @returns {Words} */
function turn({ transport }, { ok, reason, code }, findings) {
  if (ok) return { state: "good", text: "It relays: a message went through it and back." }
  const told = code ? ` (error ${code})` : ""
  switch (reason) {
    case "refused": return { state: "bad", text: `It refuses this site's credentials${told}.`, cure: "The site's owner has to look at P2P_TURN_SECRET, and at the clocks of both servers." }
    case "full": return { state: "bad", text: `It has no room left${told}.`, cure: "Try again later; the site's owner can raise its quota, or open more ports." }
    case "relaying": return { state: "poor", text: "It takes the credentials, but what goes out through it doesn't come back to it.", cure: "The site's owner has to open its relay ports, and to let it relay to its own address." }
    case "failed": return { state: "bad", text: `This browser can't use it${told}.`, cure: "The site's owner has to look at its URL." }
  }
  if (transport === "udp" && findings.udp === false) return { state: "bad", ...noUdp(findings) }
  if (reason === "nothing") return { state: "bad", text: "It gives no relay: it isn't reached, or refuses the credentials.", cure: 'On the server, "flask p2p doctor" can tell which.' }
  const certificate = transport === "tls" ? ", its certificate isn't one that browsers trust" : ""
  return { state: "bad", text: `It isn't reached: your network doesn't let it through${certificate}, or it is down.`, cure: 'Try another network. The site\'s owner can ask "flask p2p doctor".' }
}

/** @param {Outcome} outcome @param {Findings} findings @returns {Words} */
function relay({ ok, reason, code }, findings) {
  if (ok) return { state: "good", text: "A message went over the server and back." }
  if (reason === "unused") return { state: "bad", text: "Not tried, as the server isn't reached by WebSocket." }
  if (reason === "off") return { state: "off", text: "This site lets nobody talk over its server.", cure: findings.turn || findings.knowsAddress ? undefined : "The site's owner decides that, by P2P_RELAY." }
  if (reason === "refused") return { state: "bad", text: `The server refuses this page (${code}).`, cure: "Try again in a minute. If it stays, tell the site's owner." }
  return { state: "bad", text: `Nothing comes back over the server${code ? ` (${code})` : ""}.`, cure: "Try again. If it stays, tell the site's owner." }
}

/** @param {Findings} findings @returns {Words} */
function noStun({ hasTurn }) {
  if (hasTurn) return { state: "off", text: "This site names none. Its TURN server tells addresses, too, if it is reached by UDP." }
  return { state: "off", text: "This site names none, so only people in one network connect directly." }
}

/** @param {Findings} findings @returns {Words} */
function noTurn({ relayIsOff }) {
  const rest = relayIsOff ? "can't take part" : "talk over the app's server"
  return { state: "off", text: `This site has no TURN server: people behind strict routers ${rest}.` }
}

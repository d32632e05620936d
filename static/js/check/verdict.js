// The one thing that matters, and what the person who runs the site can do.

/**
 * @typedef {import("./findings.js").Findings} Findings
 * @typedef {import("./checks.js").Outcomes} Outcomes
 * @typedef {{ level: "direct" | "relay" | "server" | "near" | "none", headline: string, detail: string }} Verdict
 */

const NO_UDP = "Your network lets no UDP through, or the site's servers for it are down."

/** @param {Findings} findings of all checks @param {Outcomes} outcomes @returns {Verdict} */
export function verdictOf(findings, outcomes) {
  if (!findings.server) return { level: "none", headline: "You can't take part from here.", detail: outside(outcomes.get("socket")?.reason) }
  if (outcomes.get("relay")?.reason === "refused") return { level: "none", headline: "You can't take part now.", detail: "The site's server is reached, but refuses this page. Try again in a minute." }
  if (findings.direct && findings.knowsAddress) return { level: "direct", headline: "You can take part directly.", detail: `This device and its network let direct connections out. ${otherwise(findings)}` }
  if (findings.turn) return { level: "relay", headline: "You can take part over a relay.", detail: `What you send goes through the site's TURN server, which can't read it. ${whyNotDirect(findings)}` }
  if (findings.relay) return { level: "server", headline: "You can take part over this site's server.", detail: `It passes on what you send, which is slower, most of all for files. ${whyNotDirect(findings)}` }
  if (findings.direct) return { level: "near", headline: "You can take part with people in your own network only.", detail: `${findings.udp === false ? NO_UDP : "No server tells this browser its public address."} No relay works, and nothing goes over the site's server.` }
  return { level: "none", headline: "You can't take part from here.", detail: "This browser makes no connections of its own, no relay works, and nothing goes over the site's server." }
}

/** @param {string | undefined} reason */
function outside(reason) {
  if (reason === "away") return "The site doesn't answer any more. See whether you are online, then try again."
  if (reason === "policy") return "The site's Content-Security-Policy forbids its own WebSocket, which people find each other by."
  return "The site answers, but not by WebSocket, which people find each other by: a proxy stands between. Try another network."
}

/** @param {Findings} findings what happens with those who can't be reached directly */
function otherwise({ turn, relay }) {
  if (turn) return "With people whose network allows no direct connection, you talk over a relay."
  if (relay) return "With people whose network allows no direct connection, you talk over the site's server."
  return "People whose network allows no direct connection don't reach you: no relay works, and nothing goes over the site's server."
}

/** @param {Findings} findings */
function whyNotDirect({ direct, udp, hasStun }) {
  if (direct === false) return "Direct connections don't work on this device."
  if (udp === false) return NO_UDP
  if (!hasStun) return "No server tells this browser its public address, so directly you reach only people in your own network."
  return "No server has told this browser its public address."
}

/**
 * @param {Findings} findings of all checks
 * @param {Outcomes} outcomes
 * @returns {string[]} sentences for the person who runs the site
 */
export function adviceOf(findings, outcomes) {
  const { socket, relay } = Object.fromEntries(outcomes)
  const advice = []
  if (socket?.reason === "policy") advice.push("Content-Security-Policy: connect-src must name 'self', and for older Safaris wss://HOST, too.")
  const lacksWebSockets = socket?.reason === "blocked" || socket?.reason === "silent"
  if (lacksWebSockets) advice.push("The WebSocket isn't let through. If that is so everywhere, have your proxy pass on Upgrade and Connection, and see whether the web server carries WebSockets.")
  if (lacksWebSockets && !findings.polls) advice.push("For networks that pass no WebSockets, allow long polling by P2P_TRANSPORTS.")
  if (relay?.reason === "refused" || relay?.reason === "failed") advice.push(`A message over the server failed${relay.code ? ` with ${relay.code}` : ""}. The server's log, and "flask p2p doctor", may say why.`)
  if (findings.turnRefuses.length > 0) advice.push(`${titles(findings.turnRefuses)}: the credentials are refused. Compare P2P_TURN_SECRET with its static-auth-secret, and the clocks of both.`)
  if (findings.turnPassesNothing.length > 0) advice.push(`${titles(findings.turnPassesNothing)}: nothing comes back through it. Open its relay ports for UDP (coturn: min-port to max-port), see that external-ip is right, and that it may relay to its own address.`)
  if (findings.silent.length > 0) advice.push(`${titles(findings.silent)}: not reached from this network. "flask p2p doctor" tells whether it is reached from the server.`)
  if (!findings.hasTurn) advice.push(`There is no TURN server. People behind strict routers ${findings.relayIsOff ? "can't take part" : "talk over the app's own server, which costs it traffic"}. Set P2P_TURN_URLS and P2P_TURN_SECRET.`)
  else if (!findings.hasTurnOverTcp) advice.push("TURN is named for UDP only, which some networks don't let out. Add turns:HOST:443?transport=tcp.")
  if (!findings.hasStun && !findings.hasTurn) advice.push("There is no STUN server, so only people in one network connect directly. Set P2P_ICE_SERVERS.")
  if (findings.relayIsOff) advice.push('P2P_RELAY is "off": who finds no other way can\'t take part.')
  return advice.length > 0 ? advice : ["Nothing to do: all that this site offers works from here."]
}

/** @param {{ title: string }[]} checks */
function titles(checks) {
  return checks.map(({ title }) => title).join("; ")
}

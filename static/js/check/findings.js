// What is learnt from all checks together.

/**
 * @typedef {import("./checks.js").Check} Check
 * @typedef {import("./checks.js").Outcomes} Outcomes
 * @typedef {ReturnType<typeof findingsOf>} Findings
 */

/**
 * @param {Check[]} checks
 * @param {Outcomes} outcomes those that are known by now
 */
export function findingsOf(checks, outcomes) {
  const turn = checks.filter(({ kind, server }) => kind === "turn" && server)
  const stun = checks.filter(({ kind, server }) => kind === "stun" && server)
  const works = (/** @type {Check} */ { id }) => outcomes.get(id)?.ok === true
  const reached = (/** @type {Check} */ { id }) => outcomes.get(id)?.reached === true
  const overUdp = turn.filter(({ transport }) => transport === "udp")
  const overTcp = turn.filter(({ transport }) => transport === "tcp" || transport === "tls")
  const tried = [...stun, ...overUdp].filter(({ id }) => outcomes.has(id))
  // A refusal has come by the network, too.
  const heard = tried.filter((check) => works(check) || reached(check) || ["refused", "full"].includes(outcomes.get(check.id)?.reason ?? ""))
  const said = outcomes.get("relay")
  const polls = outcomes.get("socket")?.ok === false && (said?.ok === true || said?.reason === "off")
  return {
    /** Whether a page can join, and whether it does so by long polling, as no WebSocket opens. */
    server: outcomes.get("socket")?.ok === true || polls,
    polls,
    direct: outcomes.get("direct")?.ok,
    relay: said?.ok,
    relayIsOff: said?.reason === "off",
    hasStun: stun.length > 0,
    hasTurn: turn.length > 0,
    hasTurnOverTcp: overTcp.length > 0,
    /** Whether a TURN server relays, by whatever way. */
    turn: turn.some(works),
    turnOverTcp: overTcp.some(works),
    /** Whether UDP gets out of this network: nobody knows where no server is asked by it. */
    udp: tried.length === 0 ? undefined : heard.length > 0,
    /** Whether a server tells the public address; TURN servers do so, too. */
    knowsAddress: stun.some(works) || overUdp.some(reached),
    turnRefuses: turn.filter(({ id }) => outcomes.get(id)?.reason === "refused"),
    turnPassesNothing: turn.filter(({ id }) => outcomes.get(id)?.reason === "relaying"),
    silent: [...stun, ...turn].filter(({ id }) => ["unreached", "nothing"].includes(outcomes.get(id)?.reason ?? "") && !outcomes.get(id)?.ok),
  }
}

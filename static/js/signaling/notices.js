// Reads and checks the events and answers of the server.
import { be, fields, isCount, isFlag, isId, isRecord, isText, may, pick } from "../base/fields.js"
import { MAX_BATCH_PACKETS } from "../base/limits.js"
import { SIGNAL_PARTS } from "../wire/sdp.js"

const ID = be(isId)
const COUNT = be(isCount)
const SIGNAL = {
  from: ID,
  epoch: COUNT,
  negotiation: ID,
  link: may(ID),
  restart: may(be(isFlag)),
  ...SIGNAL_PARTS,
}
const LANE = be((lane) => lane === "messages" || lane === "bulk" || lane === "fast")
const RELAYS = ["off", "fallback", "first"]
/** @param {unknown} value */
const asItIs = (value) => value

/** The fields of each event of the server, and their readers. The server is trusted, but what it passes on from other peers isn't. @type {Record<string, Record<string, import("../base/fields.js").Reader>>} */
const PARTS = {
  session_ready: {
    peer_id: ID,
    host_peer_id: ID,
    epoch: COUNT,
    ice_servers: be(Array.isArray),
    seat: may(be(isText(Infinity))),
    can_send: may(be(isFlag)),
    can_host: may(be(isFlag)),
    ends_in_ms: may(be(Number.isFinite)),
    ice_expires_in_ms: may(be(Number.isFinite)),
    relay: may(be((relay) => RELAYS.includes(relay))),
    link: may(ID),
  },
  sdp_offer: SIGNAL,
  sdp_answer: SIGNAL,
  ice_candidate: SIGNAL,
  relay: {
    from: ID,
    epoch: COUNT,
    negotiation: ID,
    n: COUNT,
    ack: COUNT,
    lane: may(LANE),
    packets: may(be((packets) => Array.isArray(packets) && packets.length <= MAX_BATCH_PACKETS && packets.every(isText(Infinity)))),
    part: may(be(isFlag)),
  },
  host_changed: { host_peer_id: be((peerId) => peerId === null || isId(peerId)), epoch: COUNT, reason: be(isText(64)) },
  peer_left: { peer_id: ID },
  peer_expelled: { peer_id: ID, error: asItIs },
  host_probe: { epoch: COUNT },
}

const FIELDS = new Map(Object.entries(PARTS).map(([event, readers]) => [event, fields(readers)]))

/**
 * Reads an event of the server.
 * @param {string} event
 * @param {unknown} payload
 * @returns {any} BAD if the event is invalid
 */
export function readNotice(event, payload) {
  return pick(payload, FIELDS.get(event) ?? [])
}

/**
 * Reads the server's answer to a request.
 * @param {unknown} answer
 * @returns {{ ok: boolean, error?: any }}
 */
export function readAnswer(answer) {
  const { ok, error } = isRecord(answer) ? answer : /** @type {any} */ ({})
  return { ok: ok === true, error: isRecord(error) ? error : undefined }
}

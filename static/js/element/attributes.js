// Reads all attributes of an element, and adds the defaults.
import { ownOrigin, readId, readNamespace, readPath, readTerm, readToken, readTokenUrl, readTransports, refusal } from "./attribute_parsing.js"
import { HEARTBEAT_IDLE_TIMEOUT_MS, HEARTBEAT_INTERVAL_MS, MAX_CONFIG_CHARACTERS } from "../base/limits.js"

/**
 * The attributes that `p2p_frame_tag` wrote into the element, with the defaults of those that it left out.
 *
 * @typedef {object} Attributes
 * @property {string} sessionId
 * @property {string} peerId
 * @property {string} token
 * @property {number} tokenExpiresInMs
 * @property {string} tokenUrl absolute, on the page's own origin; empty if there is none
 * @property {string} url the page's own origin
 * @property {string} path
 * @property {string} namespace
 * @property {boolean} mayPoll whether the server allows long polling
 * @property {RTCIceServer[] | undefined} iceServers undefined for those of the server
 * @property {{ intervalMs: number, idleTimeoutMs: number }} heartbeat
 * @property {boolean} keepSignaling
 * @property {boolean} autoReconnect
 * @property {number} connectTimeoutMs
 * @property {number} history how many messages a newcomer is shown
 * @property {number} relayAfterMs milliseconds that a direct path has before the server carries what is said
 * @property {RTCIceTransportPolicy} iceTransportPolicy
 */

/** The names of the attributes that are read. */
export const ATTRIBUTES = ["session-id", "peer-id", "token", "token-expires-in-ms", "token-url", "config", "signaling-path", "namespace", "transports"]

export const CONNECT_TIMEOUT_MS = 15_000
export const RELAY_AFTER_MS = 2_000

/**
 * @param {Element} element
 * @param {string} [url] the page's own origin
 * @param {string} [token] the token that counts if the attribute was removed
 * @returns {Attributes}
 * @throws {P2pError} `bad_request` that names the attribute, `unsupported` in a page that has no origin
 */
export function readAttributes(element, url = ownOrigin(), token) {
  const config = readConfig(element)
  return {
    sessionId: readId(element, "session-id"),
    peerId: readId(element, "peer-id"),
    token: readToken(element, token),
    tokenExpiresInMs: readTerm(element),
    tokenUrl: readTokenUrl(element, url),
    url,
    path: readPath(element),
    namespace: readNamespace(element),
    mayPoll: readTransports(element),
    iceServers: pick(config, "ice_servers", LIST, undefined),
    heartbeat: readHeartbeat(pick(config, "heartbeat", OBJECT, {})),
    keepSignaling: pick(config, "keep_signaling", SWITCH, false),
    autoReconnect: pick(config, "auto_reconnect", SWITCH, true),
    connectTimeoutMs: pick(config, "connect_timeout_mls", whole(1_000, 120_000), CONNECT_TIMEOUT_MS),
    history: pick(config, "history", whole(0, 1_000), 0),
    relayAfterMs: pick(config, "relay_after_mls", whole(0, 60_000), RELAY_AFTER_MS),
    iceTransportPolicy: pick(config, "ice_transport_policy", POLICY, "all"),
  }
}

// The same checks as in the tag (flask_p2p_streams/web/frame_config.py).

/** @typedef {{ what: string, fits: (value: any) => boolean }} Kind */

/** @type {Kind} */
const OBJECT = { what: "an object", fits: isObject }
/** @type {Kind} */
const LIST = { what: "a list of objects", fits: (value) => Array.isArray(value) && value.every(isObject) }
/** @type {Kind} */
const POLICY = { what: '"all" or "relay"', fits: (value) => value === "all" || value === "relay" }
/** @type {Kind} */
const SWITCH = { what: "true or false", fits: (value) => typeof value === "boolean" }

/**
 * @param {number} low
 * @param {number} high
 * @returns {Kind}
 */
const whole = (low, high) => ({ what: `a whole number from ${low} to ${high}`, fits: (value) => Number.isInteger(value) && value >= low && value <= high })

/** @param {Element} element */
function readConfig(element) {
  const config = parsed(element.getAttribute("config") ?? "{}")
  if (!isObject(config)) throw refusal("config", `must be an object as JSON, of at most ${MAX_CONFIG_CHARACTERS} characters`)
  return config
}

/** @param {any} heartbeat */
function readHeartbeat(heartbeat) {
  const intervalMs = pick(heartbeat, "interval_mls", whole(100, 60_000), HEARTBEAT_INTERVAL_MS)
  const idleTimeoutMs = pick(heartbeat, "idle_timeout_mls", whole(200, 600_000), HEARTBEAT_IDLE_TIMEOUT_MS)
  if (idleTimeoutMs < 2 * intervalMs) throw refusal("config", "has an idle_timeout_mls of less than twice its interval_mls")
  return { intervalMs, idleTimeoutMs }
}

/**
 * @param {any} object
 * @param {string} key
 * @param {Kind} kind
 * @param {any} fallback
 */
function pick(object, key, { what, fits }, fallback) {
  const value = object[key]
  if (value === undefined) return fallback
  if (fits(value)) return value
  throw refusal("config", `has a ${key} that isn't ${what}`)
}

/**
 * @param {string} text
 * @returns {any} undefined if the text isn't JSON
 */
function parsed(text) {
  try {
    return text.length > MAX_CONFIG_CHARACTERS ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

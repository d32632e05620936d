/**
 * The client of Flask-P2P-Streams: loading it registers `<p2p-frame>`.
 *
 * Read in this order; each module imports only from those before it: errors, clock, kinds, json, contents, messages, heartbeat, negotiation, channel, connection, presence;
 * what is said to everybody: message_log, outbox, conversation; to some: direct, topics, requests, fast, content_queue, acquaintances, shipment, shipping (which
 * loads files/transfers when there is a file), exchange, talk; roles: bucket, flood_guard, guest, orphans, relay, switchboard, roster, host_role, client_role, cast,
 * signaling, membership; the story: backoff, attempts, handover, peer; the page: renewal, stay, attributes, options, page, life, reflection,
 * arguments, late_listeners, frame; controller (Stimulus) apart.
 */
import { P2pFrame } from "./frame.js"

/**
 * What the element's events tell of, for those who write in TypeScript.
 *
 * @typedef {import("./talk.js").Shown} Message the detail of `p2p:message`, unless its type is "Data.Connection.State"
 * @typedef {import("./messages.js").PeerState} PeerState
 * @typedef {import("./topics.js").Origin} Origin
 * @typedef {import("./shipment.js").Shipment} Shipment what sendFile() returns
 * @typedef {import("./files/incoming.js").IncomingFile} IncomingFile the detail of `p2p:file`
 * @typedef {import("./files/progress.js").Progress} Progress the detail of `p2p:progress`
 */

export { ERRORS, P2pError } from "./errors.js"
export { P2pFrame }

P2pFrame.define()

/**
 * The client of Flask-P2P-Streams: loading it registers `<p2p-frame>`.
 *
 * Read in this order; each module imports only from those before it: errors, clock, messages, heartbeat, negotiation, channel,
 * connection, presence, outbox, backoff, attempts, bucket, flood_guard, guest, signaling, host_role, client_role, cast, membership, peer, renewal,
 * options, frame; controller (Stimulus) apart.
 */
import { P2pFrame } from "./frame.js"

export { ERRORS, P2pError } from "./errors.js"
export { P2pFrame }

P2pFrame.define()

/**
 * The client of Flask-P2P-Streams: loading it registers `<p2p-frame>`.
 *
 * Read its folders in this order. A module imports only from its own folder and from those before it; tests/client/layers.test.js holds that, and lists what breaks it.
 *
 * - base: what knows nothing of the wire or of peers, as clocks, errors and limits
 * - wire: contents and frames, written and read, and the states that frames tell of
 * - transport: the connection to one other peer, and how it is negotiated
 * - signaling: the connection to the server, and new tokens for it
 * - topology: what a host does for its clients, and a client with its host
 * - messaging: what is said to all and to some, in order, until it has come
 * - files: what moves files; a page loads files/transfers.js and what it needs when there is one
 * - session: the peer, which joins all of these, and its way through joining, leading and coming back
 * - element: `<p2p-frame>`
 * - stimulus: the Stimulus controller, apart
 */
import { P2pFrame } from "./element/p2p_frame.js"

/**
 * What the element's events tell of, for those who write in TypeScript.
 *
 * @typedef {import("./messaging/messenger.js").Shown} Message the detail of `p2p:message`, unless its type is "Data.Connection.State"
 * @typedef {import("./wire/frames.js").PeerState} PeerState
 * @typedef {import("./messaging/topics.js").Origin} Origin
 * @typedef {import("./files/transfer.js").Transfer} Shipment what sendFile() returns
 * @typedef {import("./files/receiving/incoming_file.js").IncomingFile} IncomingFile the detail of `p2p:file`
 * @typedef {import("./files/progress.js").Progress} Progress the detail of `p2p:progress`
 */

export { ERRORS, P2pError } from "./base/errors.js"
export { P2pFrame }

P2pFrame.define()

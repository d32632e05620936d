/**
 * The client of Flask-P2P-Streams: loading it registers `<p2p-frame>`.
 *
 * Read its folders in this order. A module imports only from its own folder and from those before it; tests/client/layers.test.js checks that, and lists what breaks it.
 *
 * - base: clocks, errors, limits and other parts that know nothing of the wire or of peers
 * - wire: how contents and frames are written and read, and the list of peers
 * - transport: the connection to one other peer, and how it is negotiated
 * - signaling: the connection to the server, and new tokens for it
 * - topology: the roles: a host with its clients, and a client with its host
 * - messaging: messages to everyone and to some peers, which are kept until they have arrived
 * - files: the transfer of files; a page loads files/transfers.js and what that needs with the first file
 * - session: the peer, which puts all of these together: how it joins, who is the host, and how it comes back
 * - element: `<p2p-frame>`
 * - stimulus: the Stimulus controller, which has an entry of its own
 * - check: the page that says why it doesn't connect, which has an entry of its own, too, and needs nothing above signaling
 */
import { P2pFrame } from "./element/p2p_frame.js"

/**
 * The types of the element's events and results, for TypeScript.
 *
 * @typedef {import("./messaging/messenger.js").Shown} Message the detail of `p2p:message`, unless its type is "Data.Connection.State"
 * @typedef {import("./wire/frames.js").PeerState} PeerState
 * @typedef {import("./messaging/topics.js").Origin} Origin
 * @typedef {import("./files/transfer.js").Transfer} Shipment what sendFile() returns
 * @typedef {import("./files/receiving/incoming_file.js").IncomingFile} IncomingFile the detail of `p2p:file`
 * @typedef {import("./files/progress.js").Progress} Progress the detail of `p2p:progress`
 * @typedef {import("./wire/link.js").Route} Route by what way a link goes
 * @typedef {{ peerId: string, path: Route }} PathNews the detail of `p2p:path`
 * @typedef {{ peerId: string, quality: import("./wire/link.js").Quality }} QualityNews the detail of `p2p:quality`
 * @typedef {import("./wire/link.js").LinkStats} LinkStats what stats() returns of each link
 */

export { ERRORS, P2pError } from "./base/errors.js"
export { P2pFrame }

P2pFrame.define()

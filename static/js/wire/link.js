import { failureOf } from "../base/errors.js"

/**
 * The types of a link, which joins this peer and another one: what it does, what it is made from, and what it tells. A link outlives its paths: the ways through the
 * network that it takes. The topology uses links, the transport makes them.
 *
 * @typedef {import("./content.js").Packet} Packet
 * @typedef {"messages" | "bulk" | "fast"} Lane one for messages, one for files (so that messages needn't wait for files), and one for unreliable messages
 * @typedef {"direct" | "turn" | "server"} Route by what way packets go: from browser to browser, over a TURN server, or over the app's own server
 * @typedef {"good" | "fair" | "poor"} Quality how well a link carries what is said, as people feel it
 * @typedef {"off" | "fallback" | "first"} Relay when the server may carry what peers say: never, where there is no other way, or from the beginning
 * @typedef {{ n: number, ack: number, lane?: Lane, packets?: string[], part?: boolean }} Batch what travels over the server at once (docs/protocol-signaling.md)
 *
 * @typedef {object} Terms what the server has said about connections; it may say something else later
 * @property {() => RTCIceServer[]} iceServers
 * @property {() => Relay} relay
 *
 * @typedef {object} Link
 * @property {string} peerId the other peer
 * @property {string} id both sides use the same one; it is also the name of the first negotiation
 * @property {"negotiating" | "connecting" | "connected" | "closed"} state
 * @property {Route | null} route by what way this side sends; null as long as that isn't known
 * @property {number | null} rttMs milliseconds to the other side and back
 * @property {Quality} quality
 * @property {boolean} isHeard whether something has arrived from the other side lately
 * @property {boolean} isExcused whether a silence has another cause than the other side: the server that carried the link is away
 * @property {boolean} needsServer whether this side has to be connected to the server for the sake of this link
 * @property {boolean} asksForRepair whether the host should be asked to mend it
 * @property {number} buffered how many bytes of files wait to be sent
 * @property {() => void} begin the host makes an offer; a client waits for it
 * @property {(negotiationId: string, signal: import("./sdp.js").Signal, restart?: boolean) => boolean} receiveSignal returns whether the signal belongs to this link
 * @property {(name: string, batch: Batch) => void} receiveBatch something has come over the server
 * @property {() => void} repair the other side asks for another path
 * @property {() => void} serverReached this side is connected to the server
 * @property {(patienceMs?: number) => void} suspect the other side may be out of reach; it has so many milliseconds to be heard before something is done about it
 * @property {() => void} configure there are other ICE servers
 * @property {() => P2pError} timeoutError what a time-out means in the present state
 * @property {(packet: Packet, lane?: Lane) => void} send throws a P2pError if the packet can't be sent: `not_joined`, `rate_limited`, `too_large`
 * @property {(frame: import("./frames.js").Frame) => void} trySend sends a frame that may be lost
 * @property {(kind: string, packet: Packet) => void} sendFreshest sends a frame that may be lost, and of which only the newest of its kind counts
 * @property {(error: P2pError) => void} end ends the link for a reason that the delegate is told
 * @property {(error: P2pError) => void} dismiss the same, and the other side is told as well
 * @property {(reason?: P2pError) => void} close tells the other side and closes; the delegate isn't told
 * @property {() => void} abort closes within this turn of the event loop
 * @property {() => Promise<LinkStats>} stats
 *
 * @typedef {object} LinkStats figures of a link
 * @property {Route | null} path
 * @property {number | null} rttMs milliseconds to the other side and back
 * @property {number} sentBytes of the present connection
 * @property {number} receivedBytes
 * @property {number | null} lossRate the fraction of packets that had to be sent again, or that the network's tests missed; null if unknown
 * @property {number | null} availableBitrate bits a second that the browser expects to be able to send; null if unknown
 *
 * @typedef {object} LinkDelegate
 * @property {(link: Link) => void} linkChanged the link's state has changed
 * @property {(link: Link, frame: import("./frames.js").Frame, packet: Packet) => void} linkReceived `packet` is the frame as it arrived
 * @property {(link: Link) => void} linkDrained there is room again in one of its lanes
 * @property {(link: Link) => void} linkRouted it goes by another way, or by none for now, or needs the server, or no longer does
 * @property {(link: Link) => void} linkJudged its quality has changed
 * @property {(link: Link) => void} linkMoved it goes on over another path: what is sent reliably goes on without a gap, and the rest that was on its way is lost
 * @property {(link: Link) => void} linkSuspected nothing is heard any more; perhaps this side's own network has changed
 * @property {(link: Link, error: P2pError) => void} linkWarned something is wrong that may not matter
 * @property {(link: Link, error: P2pError) => void} linkEnded called once, if the other side or the network has ended the link
 *
 * @typedef {object} LinkSetup
 * @property {string} peerId
 * @property {string} id
 * @property {boolean} isHost whether this side is the host, which makes the offers
 * @property {LinkDelegate} delegate
 * @property {(negotiationId: string, signal: import("./sdp.js").Signal, more?: SignalDetails) => void} signal sends a signal to the other peer
 * @property {(name: string, batch: Batch, answered: (error: P2pError | null) => void) => void} relay gives the server something for the other peer
 * @property {Terms} terms
 *
 * @typedef {{ link?: string, restart?: boolean }} SignalDetails the link that an offer belongs to, and whether it only restarts ICE
 * @typedef {import("../base/errors.js").P2pError} P2pError
 */

/** The id of the link that a path over the server belongs to. @param {string} name the path's */
export function linkOf(name) {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")))
}

/** Whether a path over the server is the one with which a host begins a link: it has the number 0. @param {string} name */
export function isFirstPath(name) {
  return name.endsWith("/0")
}

/**
 * Sends a packet over each of many paths. If that fails for one of them, that path ends, and the others go on.
 * @param {Iterable<Pick<Link, "send" | "end">>} receivers
 * @param {Packet} packet
 */
export function sendToEach(receivers, packet) {
  const failures = []
  for (const receiver of receivers) {
    const error = failureOf(() => receiver.send(packet))
    if (error) failures.push(() => receiver.end(error))
  }
  // The paths end only now: the app is told and may send something then, which must not overtake this packet on the other paths.
  for (const end of failures) end()
}

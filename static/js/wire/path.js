import { failureOf } from "../base/errors.js"

/**
 * The types of a path (a connection to one other peer): what it does, what it is made from, and what it tells. The topology uses paths, the transport makes them.
 *
 * @typedef {import("./content.js").Packet} Packet
 * @typedef {"messages" | "bulk" | "fast"} Lane one for messages, one for files (so that messages needn't wait for files), and one for unreliable messages
 *
 * @typedef {object} Path
 * @property {string} peerId the other peer
 * @property {string} negotiationId names this attempt
 * @property {"negotiating" | "connecting" | "connected" | "closed"} state
 * @property {boolean} isHeard whether something has arrived from the other side lately
 * @property {number} buffered how many bytes of files wait to be sent
 * @property {() => void} offer begins the negotiation; only the host calls this
 * @property {(signal: import("./sdp.js").Signal) => void} receiveSignal
 * @property {() => P2pError} timeoutError what a time-out means in the present state
 * @property {(packet: Packet, lane?: Lane) => void} send throws a P2pError if the packet can't be sent: `not_joined`, `rate_limited`, `too_large`
 * @property {(frame: import("./frames.js").Frame) => void} trySend sends a frame that may be lost
 * @property {(kind: string, packet: Packet) => void} sendFreshest sends a frame that may be lost, and of which only the newest of its kind counts
 * @property {(error: P2pError) => void} end ends the path for a reason that the delegate is told
 * @property {(error: P2pError) => void} dismiss the same, and the other side is told as well
 * @property {(reason?: P2pError) => void} close tells the other side and closes; the delegate isn't told
 * @property {() => void} abort closes within this turn of the event loop
 *
 * @typedef {object} PathDelegate
 * @property {(path: Path) => void} pathChanged the path's state has changed
 * @property {(path: Path, frame: import("./frames.js").Frame, packet: Packet) => void} pathReceived `packet` is the frame as it arrived
 * @property {(path: Path) => void} pathDrained there is room again in one of its lanes
 * @property {(path: Path, error: P2pError) => void} pathEnded called once, if the other side or the network has ended the path
 *
 * @typedef {object} PathSetup
 * @property {string} peerId
 * @property {string} negotiationId
 * @property {PathDelegate} delegate
 * @property {(signal: import("./sdp.js").Signal) => void} signal sends a signal to the other peer
 *
 * @typedef {import("../base/errors.js").P2pError} P2pError
 */

/**
 * Sends a packet over each of many paths. If that fails for one of them, that path ends, and the others go on.
 * @param {Iterable<Pick<Path, "send" | "end">>} receivers
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

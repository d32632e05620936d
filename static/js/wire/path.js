import { failureOf } from "../base/errors.js"

/**
 * The types of a way to one other peer: what it does, what it is made of, and what it tells. The topology uses it, the transport makes it.
 *
 * @typedef {import("./content.js").Packet} Packet
 * @typedef {"messages" | "bulk" | "fast"} Lane one for messages, one for files (so that messages needn't wait for these), and one for what may be lost
 *
 * @typedef {object} Path
 * @property {string} peerId the other peer
 * @property {string} negotiationId names this attempt
 * @property {"negotiating" | "connecting" | "connected" | "closed"} state
 * @property {boolean} isHeard whether the other side was heard of late
 * @property {number} buffered how many bytes of files wait to be sent
 * @property {() => void} offer begins the negotiation; the host's side does
 * @property {(signal: import("./sdp.js").Signal) => void} receiveSignal
 * @property {() => P2pError} timeoutError what a time-out means in the present state
 * @property {(packet: Packet, lane?: Lane) => void} send throws a P2pError where it can't be sent: `not_joined`, `rate_limited`, `too_large`
 * @property {(frame: import("./frames.js").Frame) => void} trySend sends what may be lost
 * @property {(kind: string, packet: Packet) => void} sendFreshest sends what may be lost, and of which only the newest of its kind counts
 * @property {(error: P2pError) => void} end ends it for a reason that the delegate is told
 * @property {(error: P2pError) => void} dismiss the same, and the other side is told as well
 * @property {(reason?: P2pError) => void} close says goodbye and closes; the delegate isn't told
 * @property {() => void} abort closes within this turn of the event loop
 *
 * @typedef {object} PathDelegate
 * @property {(path: Path) => void} pathChanged the state is another one
 * @property {(path: Path, frame: import("./frames.js").Frame, packet: Packet) => void} pathReceived `packet` is the frame as it came
 * @property {(path: Path) => void} pathDrained there is room again in one of its lanes
 * @property {(path: Path, error: P2pError) => void} pathEnded called once, if the other side or the network ended it
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
 * Sends a packet to each of many. Where that fails, it ends for that one, and nobody else.
 * @param {Iterable<Pick<Path, "send" | "end">>} receivers
 * @param {Packet} packet
 */
export function sendToEach(receivers, packet) {
  const failures = []
  for (const receiver of receivers) {
    const error = failureOf(() => receiver.send(packet))
    if (error) failures.push(() => receiver.end(error))
  }
  // Only now, for the app may send from within what it is told, and nobody shall get that first.
  for (const end of failures) end()
}

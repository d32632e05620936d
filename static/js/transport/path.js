/**
 * The types of a path: one way from this peer to the other end of a link. A link may have several paths, and sends over one of them.
 *
 * @typedef {import("../wire/content.js").Packet} Packet
 * @typedef {import("../wire/link.js").Lane} Lane
 *
 * @typedef {object} Path
 * @property {import("../wire/link.js").Route | null} route by what way it goes; null as long as that isn't known
 * @property {boolean} isOpen whether it can be sent over
 * @property {number} buffered how many bytes of files wait to be sent
 * @property {(packet: Packet, lane?: Lane) => void} send throws a P2pError if the packet can't be sent: `not_joined`, `rate_limited`, `too_large`
 * @property {(kind: string, packet: Packet) => void} sendFreshest sends a frame that may be lost, and of which only the newest of its kind counts
 * @property {(packet: Packet) => void} beat sends a heartbeat on each lane that needs one
 * @property {() => void} close delivers what it holds, and closes
 * @property {(farewell: Packet) => void} abort closes within this turn of the event loop; the farewell is sent only over a path whose end the other side wouldn't see
 *
 * @typedef {object} PathDelegate
 * @property {(path: Path) => void} pathOpened
 * @property {(path: Path) => void} pathRouted its route has changed
 * @property {(path: Path, frame: import("../wire/frames.js").Frame, packet: Packet, lane: Lane) => void} pathReceived `packet` is the frame as it arrived
 * @property {(path: Path) => void} pathDrained there is room again in one of its lanes
 * @property {(path: Path, error: import("../base/errors.js").P2pError) => void} pathTroubled it may no longer carry anything, and may recover
 * @property {(path: Path, error: import("../base/errors.js").P2pError) => void} pathWarned something is wrong that may not matter
 * @property {(path: Path, error: import("../base/errors.js").P2pError) => void} pathEnded called once, if it is over for another reason than close() or abort()
 */

export {}

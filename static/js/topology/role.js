/**
 * The types of a role, host's or client's: what it is made of, and what it tells the peer that plays it. The messages for all are another's affair: a role brings them
 * to it, and takes them where it says.
 *
 * @typedef {object} RoleDelegate
 * @property {() => void} roleChanged the state is another one, or somebody's was for a moment
 * @property {() => void} rolePeersChanged
 * @property {() => void} roleRenumbered a client's host has its session back under a later epoch
 * @property {() => void} roleSynced what waits to be sent may be sent
 * @property {(frame: import("../wire/frames.js").RoutedFrame) => void} roleRouted a frame for this peer from another one
 * @property {() => void} roleDrained there is room again for what waits to be sent
 * @property {() => void} roleAppointed the host wants this client to be the next host
 * @property {() => void} roleYields the next host is ready to take this host's place
 * @property {() => void} roleFollowed the next host has taken it
 * @property {(error: P2pError) => void} roleLost a client has lost its host
 * @property {(roster: Record<string, import("../wire/frames.js").PeerState>) => void} roleReported a host's roster for the server
 *
 * @typedef {object} Sequencer gives each message its place, at the host
 * @property {(epoch: number) => void} resume the host has another epoch
 * @property {() => void} stop
 * @property {(client: Downstream) => void} connected
 * @property {(client: Downstream) => void} left
 * @property {(client: Downstream) => boolean} isSynced whether it has been given what it lacked, and gets all that is new
 * @property {(client: Downstream, frame: import("../wire/frames.js").SyncFrame) => void} meet
 * @property {(client: Downstream, frame: import("../wire/frames.js").DataFrame, size: number) => void} admit `size` in characters
 * @property {(client: Downstream, place: number) => void} shown
 * @property {(senderId: string, id: number, content: Content) => void} sendOwn
 *
 * @typedef {object} Follower takes in the host's messages, at a client
 * @property {boolean} isSynced whether this peer's messages may go out
 * @property {() => void} begin the connection to the host is there
 * @property {(epoch: number) => void} resume the host has another epoch
 * @property {(frame: import("../wire/frames.js").Frame, packet: Packet, isReader: (senderId: string) => boolean) => void} receive
 * @property {() => void} stop
 *
 * @typedef {object} RoleOptions
 * @property {string} peerId
 * @property {string} hostPeerId
 * @property {number} epoch
 * @property {RoleDelegate} delegate
 * @property {(to: string, negotiation: string, signal: import("../wire/sdp.js").Signal) => void} signal
 * @property {(setup: import("../wire/path.js").PathSetup) => import("../wire/path.js").Path} createPath
 * @property {(epoch: number) => Sequencer} createSequencer
 * @property {(options: { host: import("../wire/path.js").Path, epoch: () => number, synced: () => void }) => Follower} createFollower
 * @property {import("../base/clock.js").Clock} clock
 * @property {Map<string, import("../wire/frames.js").PeerState>} [peers] the last picture of the session
 *
 * @typedef {import("../base/errors.js").P2pError} P2pError
 * @typedef {import("../wire/content.js").Content} Content
 * @typedef {import("../wire/content.js").Packet} Packet
 * @typedef {import("./downstream.js").Downstream} Downstream
 */

export {}

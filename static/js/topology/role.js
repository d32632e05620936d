/**
 * The types of a role (the host's or a client's): what it is made of, and what it tells the peer that plays it. A role doesn't deal with the messages for everyone
 * itself: it hands them to the sequencer (at the host) or the follower (at a client), and sends what these give it.
 *
 * @typedef {object} RoleDelegate
 * @property {() => void} roleChanged the role's state has changed, or a peer was away for a moment
 * @property {() => void} rolePeersChanged
 * @property {() => void} roleRenumbered a client's host has got its session back under a later epoch
 * @property {() => void} roleSynced the messages that wait may be sent
 * @property {(frame: import("../wire/frames.js").RoutedFrame) => void} roleRouted a frame for this peer from another one
 * @property {() => void} roleDrained there is room again for messages that wait to be sent
 * @property {(link: Link) => void} rolePathChanged a link goes by another way, or by none for now, or needs the server, or no longer does
 * @property {(link: Link) => void} roleQualityChanged
 * @property {() => void} roleMoved a client's link goes on over another path: files have to go back to where they were
 * @property {() => void} roleSuspects nothing is heard from another peer: perhaps this peer's own network has changed
 * @property {(error: P2pError) => void} roleWarned something is wrong that may not matter
 * @property {(frame: import("../wire/frames.js").SucceedFrame) => void} roleAppointed the host wants this client to be the next host
 * @property {() => void} roleYields the next host is ready to take this host's place
 * @property {() => void} roleFollowed the next host has taken this host's place
 * @property {(peerId: string) => void} roleMissed a client has gone without having found a path to this host
 * @property {(error: P2pError) => void} roleLost a client has lost its host
 * @property {(roster: Record<string, import("../wire/frames.js").PeerState>) => void} roleReported a host's roster for the server
 *
 * @typedef {object} Sequencer gives each message its place in the order; runs at the host
 * @property {(epoch: number) => void} resume the host has another epoch
 * @property {() => void} stop
 * @property {(client: Downstream) => void} connected
 * @property {(client: Downstream) => void} left
 * @property {(client: Downstream) => boolean} isSynced whether the client has got the messages that it lacked, and gets every new one
 * @property {(client: Downstream, frame: import("../wire/frames.js").SyncFrame) => void} meet
 * @property {(client: Downstream, frame: import("../wire/frames.js").DataFrame, size: number) => void} admit `size` in characters
 * @property {(client: Downstream, place: number) => void} shown
 * @property {(senderId: string, id: number, content: Content) => void} sendOwn
 *
 * @typedef {object} Follower takes in the host's messages; runs at a client
 * @property {boolean} isSynced whether this peer's messages may go out
 * @property {() => void} begin called when the connection to the host is there
 * @property {(epoch: number) => void} resume the host has another epoch
 * @property {(frame: import("../wire/frames.js").Frame, packet: Packet, isReader: (senderId: string) => boolean) => void} receive
 * @property {() => void} stop
 *
 * @typedef {object} RoleOptions
 * @property {string} peerId
 * @property {string} hostPeerId
 * @property {number} epoch
 * @property {RoleDelegate} delegate
 * @property {(to: string, negotiation: string, signal: import("../wire/sdp.js").Signal, details?: import("../wire/link.js").SignalDetails) => void} signal
 * @property {(to: string, name: string, batch: import("../wire/link.js").Batch, answered: (error: P2pError | null) => void) => void} relay gives the server something for another peer
 * @property {(setup: Omit<import("../wire/link.js").LinkSetup, "terms">) => Link} createLink
 * @property {(epoch: number) => Sequencer} createSequencer
 * @property {(options: { host: import("../wire/link.js").Link, epoch: () => number, synced: () => void }) => Follower} createFollower
 * @property {import("../base/clock.js").Clock} clock
 * @property {Map<string, import("../wire/frames.js").PeerState>} [peers] who was in the session when it was last known
 *
 * @typedef {import("../base/errors.js").P2pError} P2pError
 * @typedef {import("../wire/link.js").Link} Link
 * @typedef {import("../wire/content.js").Content} Content
 * @typedef {import("../wire/content.js").Packet} Packet
 * @typedef {import("./downstream.js").Downstream} Downstream
 */

export {}

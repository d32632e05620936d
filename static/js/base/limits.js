/**
 * The limits: how much one other peer may cost this page. A bound on what this peer itself sends stands in the module that sends it.
 *
 * A rate is a number of tokens a second (`rate`), and how many may come at once, which is what a full bucket holds (`burst`); see Bucket.
 *
 * @typedef {{ rate: number, burst: number }} Rate
 */

// The element

/** Characters of a token. The server has the same bound. */
export const MAX_TOKEN_CHARACTERS = 4_096
/** Characters of the `config` attribute, which the server's tag writes. */
export const MAX_CONFIG_CHARACTERS = 65_536

/** Characters of the server's answer to a renewal. */
export const MAX_RENEWAL_CHARACTERS = 16_384
/** Milliseconds that the server has for its whole answer to a renewal. */
export const RENEWAL_TIMEOUT_MS = 10_000
/** The shortest time between two renewals, in milliseconds, even if a token's life is shorter. */
export const RENEWAL_PAUSE_MS = 1_000

/** Milliseconds between two heartbeats, and milliseconds of silence after which the other side counts as lost. The tag may set others. */
export const HEARTBEAT_INTERVAL_MS = 1_000
export const HEARTBEAT_IDLE_TIMEOUT_MS = 5_000

// The clients of a host

/** How many reliable messages a host passes on for one client. As many may come at once as a client may leave unconfirmed. @type {Rate} */
export const RELAYED_MESSAGES = { rate: 500, burst: 1_000 }
/** The same in characters, which count once for each recipient. All channels of the host's browser together take some ten megabytes a second. @type {Rate} */
export const RELAYED_CHARACTERS = { rate: 6 * 1024 * 1024, burst: 6 * 1024 * 1024 }
/**
 * How much a host passes on for one client in one turn of the event loop, so that other clients' frames come in between; and the milliseconds after which another turn
 * counts as begun.
 */
export const TURN_MESSAGES = 32
export const TURN_CHARACTERS = 512 * 1024
export const TURN_MS = 4
/** How much may wait of a client that sends faster. It is more than an honest client has under way to everyone and to single peers. */
export const MAX_WAITING_MESSAGES = 3_000
export const MAX_WAITING_CHARACTERS = 12 * 1024 * 1024
/** How many unreliable messages a host passes on for one client. @type {Rate} */
export const FAST_MESSAGES = { rate: 500, burst: 1_000 }
/** @type {Rate} */
export const FAST_CHARACTERS = { rate: 2 * 1024 * 1024, burst: 2 * 1024 * 1024 }
/** How many acknowledgements of one client a host reads and passes on. Of those that come faster, only the newest counts. @type {Rate} */
export const NEWS = { rate: 1_000, burst: 2_000 }
/** How many acknowledgements for different messages and files may wait for that. Those beyond it are dropped. */
export const MAX_WAITING_NEWS = 1_000
/** How often one peer may ask its host for a connection. If it asks more often, it has to wait, and only the last request counts. @type {Rate} */
export const CONNECTIONS = { rate: 1, burst: 5 }
/** How many connections of that allowance a client loses if it was dismissed for sending too much. It has to wait for about ten seconds then. */
export const FLOOD_CONNECTIONS = 10
/** How many connections a host negotiates at once. Browsers can have about 500 in all. */
export const MAX_NEGOTIATING = 100
/** How many accepted transfers of a client are remembered. Beyond that, the oldest is forgotten until the client says again how far it has come. */
export const MAX_CONSENTS = 1_000
/** How many bytes of a transfer a host passes on beyond those that the recipient has confirmed. It is as much as a sender sends, and a recipient takes, ahead. */
export const MAX_UNCREDITED_BYTES = 2 * 1024 * 1024
/** How many peers' allowances are remembered, also of peers that have gone. */
export const MAX_ALLOWANCES = 2_000
/** Milliseconds for which a client may leave messages unacknowledged and still counts as one that keeps messages. */
export const WITNESS_MS = 2_000
/** How many clients' messages a host remembers until they are stable. Beyond that, the oldest one's sender learns that it is stable only together with its next message. */
export const MAX_UNSTABLE_MESSAGES = 20_000
/** How many senders are remembered. Beyond that, the one that has been quiet for the longest time is forgotten. */
export const MAX_SENDERS = 2_000
/** How many pages of one sender are remembered. Beyond that, the one that has been quiet for the longest time is forgotten. */
export const MAX_PAGES_OF_SENDER = 20

// Pairs of peers

/** Milliseconds after which a message of this peer that nobody has confirmed is given up. */
export const SEND_TERM_MS = 60_000
/** Milliseconds between two looks for such messages. */
export const LOOK_MS = 500
/** How much may wait for the acknowledgement of one peer, and of all peers together, in messages and characters. */
export const MAX_LANE_MESSAGES = 1_000
export const MAX_LANE_CHARACTERS = 4 * 1024 * 1024
export const MAX_DIRECT_MESSAGES = 5_000
export const MAX_DIRECT_CHARACTERS = 16 * 1024 * 1024
/** The fraction of that which answers may take, so that other peers' requests leave room for this peer's own messages. */
export const ANSWERS_PART = 0.5
/** At what rate messages to single peers are given to the host: a little less than the rate at which the host passes them on. @type {Rate} */
export const DIRECT_MESSAGES = { rate: 400, burst: 1_000 }
/** @type {Rate} */
export const DIRECT_CHARACTERS = { rate: 3 * 1024 * 1024, burst: 4 * 1024 * 1024 }
/** How many requests one peer may have under way to another one, and how many may be under way in all, in each direction. */
export const MAX_REQUESTS_OF_PAIR = 250
export const MAX_REQUESTS = 2_500
/** Milliseconds after which a request that a responder hasn't answered no longer takes a place. The time is long, because a person may have been asked. */
export const ANSWER_TERM_MS = 600_000
/** Milliseconds that a browser gets to read a Blob. */
export const READ_TERM_MS = 30_000
/** Milliseconds that the part of the client that transfers files has to load. */
export const LOAD_TERM_MS = 60_000
/** How many notes may wait until it has loaded, of one peer and of all peers; and how many files of this peer. */
export const MAX_LOADING_OF_SENDER = 100
export const MAX_LOADING = 1_000
/** How many topics without a handler are reported, for one sender and in all. */
export const MAX_REPORTED_OF_SENDER = 3
export const MAX_REPORTED = 100
/** How many topics of unreliable messages are remembered for one sender. */
export const MAX_STREAMS_OF_SENDER = 1_000
// Frames

/** The largest unreliable message, in bytes. It is limited because a message travels in several packets of the network, and is lost if one of them is. */
export const MAX_FAST_BYTES = 16_384
/** How many frames travel in one packet at the most. */
export const MAX_FRAMES_PER_PACKET = 1_024
/** How deep the JSON of a message may be nested. A message that can't be written again must not be passed on, or kept for others. */
export const MAX_DEPTH = 500
/** How many values one message may hold. Each takes at least two characters of the largest frame. */
export const MAX_VALUES = 131_072
/** How often a host tells its clients who is there, with one frame for all changes. A peer that joins changes its state three times, so ten joins are told at once. @type {Rate} */
export const ANNOUNCEMENTS = { rate: 10, burst: 30 }
/**
 * How many peers one frame may list. A host lists half as many, so that even with the longest ids the frame isn't too large: the id of a peer that may only read
 * stands in it twice, and JSON may take six bytes for each of its characters.
 */
export const STATES_PER_FRAME = 200
/** How many characters of another peer's error message, and of its hint, are kept. */
export const MAX_ERROR_CHARACTERS = 1_000
/** The longest text in a note about a file, in characters. */
export const MAX_NOTE_CHARACTERS = 1_024

/** Frames of one connection that can't be read, or that aren't meant for this side. With more, the connection ends. */
export const RUBBISH = Object.freeze({ rate: 1, burst: 100 })
/** Frames of one connection beyond the rates below. Each one is dropped; with more, the connection ends. */
export const EXCESS = Object.freeze({ rate: 1_000, burst: 10_000 })
/** Bytes of one connection. A browser can send about 30 MB a second to another one. */
export const BYTES = Object.freeze({ rate: 64 * 1024 ** 2, burst: 128 * 1024 ** 2 })
/** Objects, arrays and fields in the JSON of one connection, without those in short frames. A browser needs a fifth of a second to build a million. */
export const PARTS = Object.freeze({ rate: 1_000_000, burst: 2_000_000 })
/** Bytes of a client on the channel for unreliable messages: a little more than is passed on. A page may need 40 to 100 ms to read a megabyte of JSON, even if it is dropped then. */
export const FAST_BYTES = Object.freeze({ rate: 2.5 * 1024 ** 2, burst: 3 * 1024 ** 2 })

const BEATS = { rate: 500, burst: 1_000 } // one for each channel, at the shortest interval that a page may set; and one for each 128 frames
const RESUMES = { rate: 1, burst: 20 } // one for each change to another path
const SIGNALS = { rate: 5, burst: 100 } // an ICE restart takes some ten
const RARE = { rate: 1, burst: 10 }

/**
 * How many frames of each kind a host takes from one client. A client may send no other kinds. Frames that are passed on are slowed down besides, see RateLimiter.
 * @type {Readonly<Record<string, Rate>>}
 */
export const FROM_CLIENT = Object.freeze({
  Sync: { rate: 20, burst: 100 }, // 11 with 2,000 marks, and again every 2 s until it is answered
  Data: { rate: 1_000, burst: 10_000 },
  Ack: { rate: 500, burst: 1_000 }, // one for each 32 messages
  Succeed: RARE,
  Heartbeat: BEATS,
  Resume: RESUMES,
  Signal: SIGNALS,
  Goodbye: RARE,
  Direct: { rate: 1_000, burst: 10_000 },
  Received: { rate: 1_000, burst: 10_000 },
  Fast: { rate: 4_000, burst: 8_000 },
  Chunk: { rate: 4_000, burst: 8_000 }, // 64 MiB in chunks of 16 KiB
  Credit: { rate: 4_000, burst: 8_000 },
})

// The host has to pass on what other peers send, so these rates are high, and too many unreliable messages don't count against it.
const TALK = { rate: 50_000, burst: 200_000 }
const LOSSY = { rate: 10_000, burst: 20_000, isForgiven: true }

/**
 * How many frames of each kind a client takes from its host, which passes on those of all other peers.
 * @type {Readonly<Record<string, Rate & { isForgiven?: boolean }>>}
 */
export const FROM_HOST = Object.freeze({
  Sync: { rate: 20, burst: 100 },
  Data: TALK,
  Gap: { rate: 1_000, burst: 10_000 }, // when a client comes back: one for each page of 2,000 senders
  Stable: { rate: 2_000, burst: 10_000 },
  Refused: { rate: 1_000, burst: 10_000 },
  Pace: RARE,
  Succeed: RARE,
  "Data.Connection.State": { rate: 200, burst: 2_000 }, // one for each of 1,000 peers that come back at once and each send something
  Heartbeat: BEATS,
  Resume: RESUMES,
  Signal: SIGNALS,
  Goodbye: RARE,
  Direct: TALK,
  Received: TALK,
  Fast: LOSSY,
  Chunk: LOSSY,
  Credit: LOSSY,
})

/** How often a client's app is told who is there, each time with all changes. */
export const PEERS_EVENTS = Object.freeze({ rate: 20, burst: 100 })

// Links

/** Milliseconds that the other side of a link has to be heard after the network may have changed. */
export const DOUBT_MS = 700

/** How many frames a link keeps that the other side hasn't confirmed, and how many characters and bytes of them, so that they can be sent again over another path. */
export const MAX_UNCONFIRMED_FRAMES = 20_000
export const MAX_UNCONFIRMED_BYTES = 8 * 1024 * 1024
/** How many batches may wait that have come over the server, until the code for them is loaded. */
export const MAX_EARLY_BATCHES = 32
/** The most that one batch holds: packets, and their bytes in UTF-8. The server has the same bounds. */
export const MAX_BATCH_PACKETS = 64
export const MAX_BATCH_BYTES = 32_768

// Changes of host

/** How many hosts a session tries one after the other, because some clients have no direct path to the one before. */
export const MAX_TRIED_HOSTS = 3
/** Milliseconds after which a client counts as out of reach that is gone before it was connected. */
export const MISSED_AFTER_MS = 10_000

// Negotiation

/** How many candidates of one negotiation are applied, or wait for their description, and how many are sent. */
export const MAX_CANDIDATES = 100
/** The longest candidate, and the longest description, in characters. */
export const MAX_CANDIDATE_CHARACTERS = 1_024
export const MAX_SDP_CHARACTERS = 65_536
/** How many lines a description may have, and how many of them may name a medium. Each medium costs a browser milliseconds. */
export const MAX_SDP_LINES = 2_000
export const MAX_SDP_MEDIA = 16
/** How often a host may begin a new connection to its client. Repeating an offer that isn't answered doesn't count. @type {Rate} */
export const OFFERS = { rate: 1, burst: 10 }
/** How often a host may say that its session goes on under a later epoch. @type {Rate} */
export const RENUMBERINGS = { rate: 1, burst: 100 }
/** How many signals of one negotiation are accepted. It takes more than a few, because each side repeats every 2 s what the other may lack. */
export const MAX_SIGNALS = 256
/** How many characters of signals may wait for the offer that they belong to. */
export const MAX_EARLY_CHARACTERS = 65_536

/**
 * The budgets: what one other peer may cost this page. What is only said and never trusted has its bound where it is said.
 *
 * Rates are tokens a second (`rate`), and as many at once as a full bucket holds (`burst`); see Bucket.
 *
 * @typedef {{ rate: number, burst: number }} Rate
 */

// The element

/** Characters of a token, as the server's own bound. */
export const MAX_TOKEN_CHARACTERS = 4_096
/** Characters of what the tag wrote into `config`. */
export const MAX_CONFIG_CHARACTERS = 65_536

/** Characters of the server's answer to a renewal. */
export const MAX_RENEWAL_CHARACTERS = 16_384
/** Milliseconds that the server has to answer a renewal, whole. */
export const RENEWAL_TIMEOUT_MS = 10_000
/** The least milliseconds between two renewals, however short a token's life is said to be. */
export const RENEWAL_PAUSE_MS = 1_000

/** Milliseconds between two heartbeats, and of silence after which the other side counts as lost, where the tag doesn't say. */
export const HEARTBEAT_INTERVAL_MS = 1_000
export const HEARTBEAT_IDLE_TIMEOUT_MS = 5_000

// Peers of a host

/** What one client may make its host pass on of what has to come: messages. As many as it may leave unconfirmed may come at once. @type {Rate} */
export const RELAYED_MESSAGES = { rate: 500, burst: 1_000 }
/** And characters, as often as they are sent: once for each that they go to. The channels of the host's browser take some ten megabytes a second, all together. @type {Rate} */
export const RELAYED_CHARACTERS = { rate: 6 * 1024 * 1024, burst: 6 * 1024 * 1024 }
/** How much of one client's is passed on in one turn of the event loop, so that the others' frames come in between; and milliseconds after which another turn is taken to have begun. */
export const TURN_MESSAGES = 32
export const TURN_CHARACTERS = 512 * 1024
export const TURN_MS = 4
/** How much of what comes faster may wait: more than an honest client has under way to all and to single peers. */
export const MAX_WAITING_MESSAGES = 3_000
export const MAX_WAITING_CHARACTERS = 12 * 1024 * 1024
/** What one client may make its host pass on of what may be lost. @type {Rate} */
export const FAST_MESSAGES = { rate: 500, burst: 1_000 }
/** @type {Rate} */
export const FAST_CHARACTERS = { rate: 2 * 1024 * 1024, burst: 2 * 1024 * 1024 }
/** What one client may make its host look at, and pass on, of acknowledgements: of what comes faster only the newest counts. @type {Rate} */
export const NEWS = { rate: 1_000, burst: 2_000 }
/** How many acknowledgements for different messages and files wait for that; those beyond it are dropped. */
export const MAX_WAITING_NEWS = 1_000
/** How often one peer may ask its host for a connection: what is more has to wait, and only the last time counts. @type {Rate} */
export const CONNECTIONS = { rate: 1, burst: 5 }
/** As many connections does it cost to be dismissed for sending too much: about ten seconds. */
export const FLOOD_CONNECTIONS = 10
/** How many connections a host negotiates at once; browsers have about 500 in all. */
export const MAX_NEGOTIATING = 100
/** How many transfers that a client has taken are known; beyond it the oldest is forgotten, until the client says again how far it is. */
export const MAX_CONSENTS = 1_000
/** How many bytes of a transfer a host passes on beyond what its receiver says that it has: as far as a sender goes at most, and a receiver takes. */
export const MAX_UNCREDITED_BYTES = 2 * 1024 * 1024
/** How many clients it is remembered of what they have used up, when they have gone. */
export const MAX_ALLOWANCES = 2_000
/** Milliseconds for which a client may leave what it was given unacknowledged, and still counts as one that keeps messages. */
export const WITNESS_MS = 2_000
/** How many messages of clients a host remembers until another client has been shown them; beyond it the sender of the oldest hears of it with its next one. */
export const MAX_UNSTABLE_MESSAGES = 20_000
/** How many senders are remembered; beyond it the one that has been quiet for longest is forgotten. */
export const MAX_SENDERS = 2_000
/** How many pages of one sender are remembered; beyond it the one that has been quiet for longest is forgotten. */
export const MAX_PAGES_OF_SENDER = 20

// Pairs

/** Milliseconds after which what this peer has said, and nobody has confirmed, is given up. */
export const SEND_TERM_MS = 60_000
/** Milliseconds between two looks at that. */
export const LOOK_MS = 500
/** What waits until one peer acknowledges it, and until all do, in messages and characters. */
export const MAX_LANE_MESSAGES = 1_000
export const MAX_LANE_CHARACTERS = 4 * 1024 * 1024
export const MAX_DIRECT_MESSAGES = 5_000
export const MAX_DIRECT_CHARACTERS = 16 * 1024 * 1024
/** The part of that which answers may take: what others ask for leaves room for what this peer says by itself. */
export const ANSWERS_PART = 0.5
/** At what rate messages for single peers are handed to the host, which has to pass them on: a little less than it would. @type {Rate} */
export const DIRECT_MESSAGES = { rate: 400, burst: 1_000 }
/** @type {Rate} */
export const DIRECT_CHARACTERS = { rate: 3 * 1024 * 1024, burst: 4 * 1024 * 1024 }
/** How many requests one peer may have under way to another, and how many there may be in all, each way. */
export const MAX_REQUESTS_OF_PAIR = 250
export const MAX_REQUESTS = 2_500
/** Milliseconds after which a request that a responder hasn't answered takes no place any more: people may have been asked. */
export const ANSWER_TERM_MS = 600_000
/** Milliseconds that a browser gets to read a Blob. */
export const READ_TERM_MS = 30_000
/** Milliseconds that the part of the client that moves files gets to load. */
export const LOAD_TERM_MS = 60_000
/** How many notes of one other peer wait for that, and of all; and how many files of this one. */
export const MAX_LOADING_OF_SENDER = 100
export const MAX_LOADING = 1_000
/** How many of one sender's topics that nobody handles are reported, and how many in all. */
export const MAX_REPORTED_OF_SENDER = 3
export const MAX_REPORTED = 100
/** How many topics of one sender are known of which only the newest message counts. */
export const MAX_STREAMS_OF_SENDER = 1_000
// Frames

/** The largest message that may be lost, in bytes: it travels in several packets, of which none may be. */
export const MAX_FAST_BYTES = 16_384
/** How many frames travel in one packet at the most. */
export const MAX_FRAMES_PER_PACKET = 1_024
/** How deep the JSON of a message may be nested. What nobody can write again must not be passed on, or kept for others. */
export const MAX_DEPTH = 500
/** How many values one message holds: each takes two characters at least of the largest frame. */
export const MAX_VALUES = 131_072
/** How often a host tells who is there, its clients by one frame for all that has changed: so often at once, and so often a second after that. A peer that joins by itself changes three times: ten of them are told of at once. @type {Rate} */
export const ANNOUNCEMENTS = { rate: 10, burst: 30 }
/** How many peers one frame tells of. A host tells of half as many, so that with the longest ids it stays within the largest frame: an id is named twice where its peer may only read, and JSON may take six bytes for each of its characters. */
export const STATES_PER_FRAME = 200
/** How many characters of an error's message, and of its hint, are taken over. */
export const MAX_ERROR_CHARACTERS = 1_000
/** The longest text in what two ends say about a file, in characters. */
export const MAX_NOTE_CHARACTERS = 1_024

/** Frames of one connection that can't be read, or are none for this side: with more it ends. */
export const RUBBISH = Object.freeze({ rate: 1, burst: 100 })
/** Frames of one connection beyond the rates below, each of which is dropped: with more it ends. */
export const EXCESS = Object.freeze({ rate: 1_000, burst: 10_000 })
/** Bytes of one connection; a browser brings about 30 MB a second to another one. */
export const BYTES = Object.freeze({ rate: 64 * 1024 ** 2, burst: 128 * 1024 ** 2 })
/** Objects, arrays and fields in the JSON of one connection, but for short frames: to build a million takes a browser a fifth of a second. */
export const PARTS = Object.freeze({ rate: 1_000_000, burst: 2_000_000 })
/** Bytes of a client on the channel for what may be lost: a little more than is passed on of it. A megabyte of JSON may take a page 40 ms to read, or 100, whatever becomes of it then. */
export const FAST_BYTES = Object.freeze({ rate: 2.5 * 1024 ** 2, burst: 3 * 1024 ** 2 })

const BEATS = { rate: 100, burst: 300 } // one for each channel, where the page has the shortest interval
const RARE = { rate: 1, burst: 10 }

/**
 * What a host takes from one client, frames of each kind; what isn't named is none of a client's. What is to be passed on is slowed besides, see RateLimiter.
 * @type {Readonly<Record<string, Rate>>}
 */
export const FROM_CLIENT = Object.freeze({
  Sync: { rate: 20, burst: 100 }, // 11 with 2,000 marks, and again every 2 s until it is answered
  Data: { rate: 1_000, burst: 10_000 },
  Ack: { rate: 500, burst: 1_000 }, // one for 32 messages
  Succeed: RARE,
  Heartbeat: BEATS,
  Goodbye: RARE,
  Direct: { rate: 1_000, burst: 10_000 },
  Received: { rate: 1_000, burst: 10_000 },
  Fast: { rate: 4_000, burst: 8_000 },
  Chunk: { rate: 4_000, burst: 8_000 }, // 64 MiB of small ones
  Credit: { rate: 4_000, burst: 8_000 },
})

// A client's host isn't to blame for all that others have it hand on, and what may be lost isn't held against it.
const TALK = { rate: 50_000, burst: 200_000 }
const LOSSY = { rate: 10_000, burst: 20_000, isForgiven: true }

/**
 * What a client takes from its host, which speaks for all others.
 * @type {Readonly<Record<string, Rate & { isForgiven?: boolean }>>}
 */
export const FROM_HOST = Object.freeze({
  Sync: { rate: 20, burst: 100 },
  Data: TALK,
  Gap: { rate: 1_000, burst: 10_000 }, // one for each of 2,000 senders' pages, when it comes back
  Stable: { rate: 2_000, burst: 10_000 },
  Refused: { rate: 1_000, burst: 10_000 },
  Pace: RARE,
  Succeed: RARE,
  "Data.Connection.State": { rate: 200, burst: 2_000 }, // one for each of 1,000 peers that all come back and say something at once
  Heartbeat: BEATS,
  Goodbye: RARE,
  Direct: TALK,
  Received: TALK,
  Fast: LOSSY,
  Chunk: LOSSY,
  Credit: LOSSY,
})

/** How often a client's app is told who is there: so often at once, and so often a second after that, each time with all that has changed. */
export const PEERS_EVENTS = Object.freeze({ rate: 20, burst: 100 })

// Negotiating

/** How many candidates of one negotiation are applied, or wait for their description, and how many are sent. */
export const MAX_CANDIDATES = 100
/** The longest candidate, and the longest description, in characters. */
export const MAX_CANDIDATE_CHARACTERS = 1_024
export const MAX_SDP_CHARACTERS = 65_536
/** How many lines a description has, and how many of them name a medium: each of those costs a browser milliseconds. */
export const MAX_SDP_LINES = 2_000
export const MAX_SDP_MEDIA = 16
/** How often a host may begin anew with its client, each time with another connection; it repeats an offer that isn't answered. @type {Rate} */
export const OFFERS = { rate: 1, burst: 10 }
/** How many signals of one negotiation are heard: each side repeats what the other may lack every 2 s. */
export const MAX_SIGNALS = 256
/** How many characters of signals wait for the offer that they belong to. */
export const MAX_EARLY_CHARACTERS = 65_536

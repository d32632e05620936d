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
export const RENEWAL_TIMEOUT_MLS = 10_000
/** The least milliseconds between two renewals, however short a token's life is said to be. */
export const RENEWAL_PAUSE_MLS = 1_000

// Peers of a host

/** What one client may make its host pass on of what has to come: messages. As many as it may leave unconfirmed may come at once. @type {Rate} */
export const RELAYED_MESSAGES = { rate: 500, burst: 1_000 }
/** And characters, as often as they are sent: once for each that they go to. The channels of the host's browser take some ten megabytes a second, all together. @type {Rate} */
export const RELAYED_CHARACTERS = { rate: 6 * 1024 * 1024, burst: 6 * 1024 * 1024 }
/** How much of one client's is passed on in one turn of the event loop, so that the others' frames come in between; and milliseconds after which another turn is taken to have begun. */
export const TURN_MESSAGES = 32
export const TURN_CHARACTERS = 512 * 1024
export const TURN_MLS = 4
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
/** How many files that a client has taken are known; beyond it the oldest is forgotten, until the client says again how far it is. */
export const MAX_CONSENTS = 1_000
/** How many bytes of a file a host passes on beyond what its receiver says that it has: as far as a sender goes at most, and a receiver takes. */
export const MAX_UNCREDITED_BYTES = 2 * 1024 * 1024
/** How many clients it is remembered of what they have used up, when they have gone. */
export const MAX_ALLOWANCES = 2_000
/** Milliseconds for which a client may leave what it was given unacknowledged, and still counts as one that keeps messages. */
export const WITNESS_MLS = 2_000
/** How many pages of one sender are remembered; beyond it the one that has been quiet for longest is forgotten. */
export const MAX_PAGES_OF_SENDER = 20

// Pairs

/** Milliseconds after which what this peer has said, and nobody has confirmed, is given up. */
export const SEND_TERM_MLS = 60_000
/** Milliseconds between two looks at that. */
export const LOOK_MLS = 500
/** What waits until one peer acknowledges it, and until all do, in messages and characters. */
export const MAX_LANE_MESSAGES = 1_000
export const MAX_LANE_CHARACTERS = 4 * 1024 * 1024
export const MAX_DIRECT_MESSAGES = 5_000
export const MAX_DIRECT_CHARACTERS = 16 * 1024 * 1024
/** At what rate messages for single peers are handed to the host, which has to pass them on: a little less than it would. @type {Rate} */
export const DIRECT_MESSAGES = { rate: 400, burst: 1_000 }
/** @type {Rate} */
export const DIRECT_CHARACTERS = { rate: 3 * 1024 * 1024, burst: 4 * 1024 * 1024 }
/** How many requests one peer may have under way to another, and how many there may be in all, each way. */
export const MAX_REQUESTS_OF_PAIR = 250
export const MAX_REQUESTS = 2_500
/** Milliseconds that a browser gets to read a Blob. */
export const READ_TERM_MLS = 30_000
/** Milliseconds that the part of the client that moves files gets to load. */
export const LOAD_TERM_MLS = 60_000
/** How many files and notes of files wait for that. */
export const MAX_LOADING = 1_000
/** How many of one sender's topics that nobody handles are reported, and how many in all. */
export const MAX_REPORTED_OF_SENDER = 3
export const MAX_REPORTED = 100
/** How many topics of one sender are known of which only the newest message counts. */
export const MAX_STREAMS_OF_SENDER = 1_000

/**
 * The budgets: what one other peer may cost this page. What is only said and never trusted has its bound where it is said.
 *
 * Rates are tokens a second (`rate`), and as many at once as a full bucket holds (`burst`); see Bucket.
 *
 * @typedef {{ rate: number, burst: number }} Rate
 */

// Frames

/** The largest message that may be lost, in bytes: it travels in several packets, of which none may be. */
export const MAX_FAST_BYTES = 16_384
/** How many frames travel in one packet at the most. */
export const MAX_FRAMES_PER_PACKET = 1_024
/** How deep the JSON of a message may be nested. What nobody can write again must not be passed on, or kept for others. */
export const MAX_DEPTH = 500
/** How many peers one frame tells of: with the longest ids it stays within the largest frame. */
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

const BEATS = { rate: 100, burst: 300 } // one for each channel, where the page has the shortest interval
const RARE = { rate: 1, burst: 10 }

/**
 * What a host takes from one client, frames of each kind; what isn't named is none of a client's. What is to be passed on is slowed besides, see FloodGuard.
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
  "Data.Connection.State": { rate: 2_000, burst: 20_000 }, // four for each of 1,000 peers that all come back
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
/** How many signals of one negotiation are heard: each side repeats what the other may lack every 2 s. */
export const MAX_SIGNALS = 256
/** How many characters of signals wait for the offer that they belong to. */
export const MAX_EARLY_CHARACTERS = 65_536

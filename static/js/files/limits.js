/** Reading, digests and resuming go by blocks of this size. */
export const BLOCK_BYTES = 256 * 1024
/** How much of a file is read in one go, before the browser looks again whether it has changed. */
export const SEGMENT_BYTES = 8 * 1024 * 1024
/** How many blocks beyond the one that is being sent are read. */
export const AHEAD_BLOCKS = 2
/** What travels in one message of the channel. A block is a whole number of chunks. */
export const CHUNK_BYTES = 64 * 1024
/** How much goes to the disk at once. */
export const BATCH_BYTES = 1024 * 1024
/** How far a sender goes beyond what a receiver has written: at the least, where all that is more would only wait, and at the most. */
export const LEAST_WINDOW_BYTES = 512 * 1024
export const WINDOW_BYTES = 2 * 1024 * 1024
/** How many bytes a sender leaves waiting in its own channel. */
export const HIGH_BYTES = 256 * 1024
/** How much may be on its way to one page at once, in all its transfers: four large files, or many small ones. */
export const MAX_INBOUND_BYTES = 4 * WINDOW_BYTES
/** The largest file: what bounds the digests of its blocks to 8 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 ** 3

/** How many unfinished transfers of one sender a receiver knows; further offers are declined. */
export const MAX_OFFERS = 100
/** How many files a sender's page has in hand. */
export const MAX_QUEUED = 10_000
/** How many peers one file is sent to. */
export const MAX_RECEIVERS = 256
/** How many transfers to one receiver are open at once; the rest isn't offered yet. */
export const MAX_OPEN = 16
/** How many digits and letters the id of a transfer has at most. */
export const MAX_ID_CHARACTERS = 64

/** Milliseconds between two looks at who makes no progress. */
export const TICK_MLS = 1_000
/** Milliseconds for which an offer stands. */
export const OFFER_MLS = 60_000
/** Milliseconds without progress after which a receiver is dropped. */
export const STALL_MLS = 10_000
/** Milliseconds that a peer which is out of reach gets to come back. */
export const RETURN_MLS = 30_000
/** Milliseconds of silence after which a receiver says where it is, and a sender that it is still there. */
export const SILENCE_MLS = 5_000
/** Milliseconds between two demands to go back: to a new place, and to the same one. */
export const ASK_MLS = 250
export const ASK_AGAIN_MLS = 2_000
/** Milliseconds between two reports of progress. */
export const REPORT_MLS = 100

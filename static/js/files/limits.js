// The sizes, numbers and times that bound the transfer of files.
/** Reading, digests and resuming go by blocks of this size. */
export const BLOCK_BYTES = 256 * 1024
/** How much of a file is read in one go, before the browser looks again whether it has changed. */
export const SEGMENT_BYTES = 8 * 1024 * 1024
/** How many blocks beyond the one that is being sent are read. */
export const AHEAD_BLOCKS = 2
/** What travels in one message of the channel, and while somebody talks, who would wait for the rest of one. A block is a whole number of either. */
export const CHUNK_BYTES = 64 * 1024
export const SMALL_CHUNK_BYTES = 16 * 1024
/** A recipient credits what has come when it is so much. */
export const CREDIT_BYTES = 2 * SMALL_CHUNK_BYTES
/** How much goes to the disk at once. */
export const BATCH_BYTES = 1024 * 1024
/** How far a sender goes beyond what has come to a recipient: while nobody talks, and at the least while somebody does. */
export const WINDOW_BYTES = 1024 * 1024
export const LEAST_WINDOW_BYTES = 4 * SMALL_CHUNK_BYTES
/** How much of what has come may wait to be written, and so how far a sender is ahead of that at most. */
export const UNWRITTEN_BYTES = 1024 * 1024
export const AHEAD_BYTES = WINDOW_BYTES + UNWRITTEN_BYTES
/** How many bytes a sender leaves waiting in its own channel. */
export const HIGH_BYTES = 256 * 1024
/** How much may be on its way to one page at once, in all its transfers: four large files, or many small ones. */
export const MAX_INBOUND_BYTES = 4 * AHEAD_BYTES
/** How much of that one sender may take, so that there is always room for another's. */
export const MAX_INBOUND_BYTES_OF_SENDER = MAX_INBOUND_BYTES - AHEAD_BYTES
/** The largest file: what bounds the digests of its blocks to 8 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 ** 3

/** How many unfinished transfers of one sender a recipient knows; further offers are declined. */
export const MAX_OFFERS = 100
/** How many of all senders: a host can say that there are as many of these as it likes. */
export const MAX_OFFERS_IN_ALL = 2_000
/** How many files a sender's page has in hand. */
export const MAX_QUEUED = 10_000
/** How many peers one file is sent to. */
export const MAX_RECIPIENTS = 256
/** How many transfers to one recipient are open at once; the rest isn't offered yet. */
export const MAX_OPEN = 16
/** How many digits and letters the id of a transfer has at most. */
export const MAX_ID_CHARACTERS = 64

/** Milliseconds between two looks at who makes no progress. */
export const TICK_MS = 1_000
/** Milliseconds for which an offer stands. */
export const OFFER_MS = 60_000
/** Milliseconds without progress after which a recipient is dropped. */
export const STALL_MS = 10_000
/** Milliseconds without progress after which a transfer ends, whatever the reason: the other end may have paused it, or may let it wait for its turn, and mean it for ever. */
export const PATIENCE_MS = 24 * 60 * 60 * 1_000
/** A recipient that the others of the same file wait for takes so many bytes in so many milliseconds, or is dropped. */
export const LEAST_PACE_BYTES = 256 * 1024
export const LEAST_PACE_MS = 30_000
/** Milliseconds that a peer which is out of reach gets to come back. */
export const RETURN_MS = 30_000
/** Milliseconds of silence after which a recipient says where it is, and a sender that it is still there. */
export const SILENCE_MS = 5_000
/** Milliseconds between two demands to go back: to a new place, and to the same one. */
export const ASK_MS = 250
export const ASK_AGAIN_MS = 2_000
/** Milliseconds for which files make room for more, after something was said. */
export const TALK_MS = 1_000
/** Milliseconds after which the shortest delay is measured anew. */
export const PROBE_MS = 10_000
/** Milliseconds between two reports of progress. */
export const REPORT_MS = 100

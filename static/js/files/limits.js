// The limits of file transfers: sizes, numbers and times.
/** The size of a block, in which files are read, digested and resumed. */
export const BLOCK_BYTES = 256 * 1024
/** How much of a file is read in one go, before the browser looks again whether it has changed. */
export const SEGMENT_BYTES = 8 * 1024 * 1024
/** How many blocks are read ahead of the one that is being sent. */
export const AHEAD_BLOCKS = 2
/** The largest chunk, which is one message of the channel: while no messages are sent, and while some are. A block is a whole number of chunks, whose sizes are powers of two. */
export const CHUNK_BYTES = 64 * 1024
export const SMALL_CHUNK_BYTES = 16 * 1024
/** While messages are sent, a chunk takes the path so many milliseconds at most, because they wait for the rest of it; but no chunk is smaller than this. */
export const CHUNK_MS = 75
export const LEAST_CHUNK_BYTES = 1024
/** A recipient gives the sender credit each time that so many bytes have arrived. */
export const CREDIT_BYTES = 2 * SMALL_CHUNK_BYTES
/** How many bytes are written to the disk at once. */
export const BATCH_BYTES = 1024 * 1024
/** How many bytes a sender sends beyond those that have arrived: while no messages are sent, and at least while some are. */
export const WINDOW_BYTES = 1024 * 1024
export const LEAST_WINDOW_BYTES = 4 * SMALL_CHUNK_BYTES
/** How many bytes that have arrived may wait to be written; and how far a sender is ahead of what is written, at most. */
export const UNWRITTEN_BYTES = 1024 * 1024
export const AHEAD_BYTES = WINDOW_BYTES + UNWRITTEN_BYTES
/** How many bytes of files a sender lets wait in its own channel. */
export const HIGH_BYTES = 256 * 1024
/** How many bytes may be on their way to one page at once, in all its transfers: four large files, or many small ones. */
export const MAX_INBOUND_BYTES = 4 * AHEAD_BYTES
/** How many of these bytes one sender may use, so that there is always room for another sender. */
export const MAX_INBOUND_BYTES_OF_SENDER = MAX_INBOUND_BYTES - AHEAD_BYTES
/** The largest file. It is limited so that the digests of its blocks take no more than 8 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 ** 3

/** How many unfinished transfers of one sender a recipient keeps. Further offers are declined. */
export const MAX_OFFERS = 100
/** The same for all senders together, because a host can pretend that there are as many senders as it likes. */
export const MAX_OFFERS_IN_ALL = 2_000
/** How many unfinished files a sender's page may have. */
export const MAX_QUEUED = 10_000
/** How many recipients one file may have. */
export const MAX_RECIPIENTS = 256
/** How many transfers to one recipient are open at once. The others are offered later. */
export const MAX_OPEN = 16
/** The longest id of a transfer, in digits and letters. */
export const MAX_ID_CHARACTERS = 64

/** Milliseconds between two checks for transfers that make no progress. */
export const TICK_MS = 1_000
/** Milliseconds for which an offer is valid. */
export const OFFER_MS = 60_000
/** Milliseconds without progress after which a recipient is dropped. */
export const STALL_MS = 10_000
/** Milliseconds without progress after which a transfer ends, even if there is a reason: otherwise the other end could pause it, or let it wait for its turn, for ever. */
export const PATIENCE_MS = 24 * 60 * 60 * 1_000
/** A recipient for which the other recipients of the same file wait must take so many bytes in so many milliseconds, or is dropped. */
export const LEAST_PACE_BYTES = 256 * 1024
export const LEAST_PACE_MS = 30_000
/** Milliseconds that a peer which can't be reached has to come back. */
export const RETURN_MS = 30_000
/** Milliseconds of silence after which a recipient says how far it has come, and a sender says that it is still there. */
export const SILENCE_MS = 5_000
/** Milliseconds between two requests to send again: from a new place, and from the same one. */
export const ASK_MS = 250
export const ASK_AGAIN_MS = 2_000
/** Milliseconds after a message for which files go on leaving room for more messages. */
export const TALK_MS = 1_000
/** Milliseconds after which the shortest delay is measured again. */
export const PROBE_MS = 10_000
/** Milliseconds between two reports of progress. */
export const REPORT_MS = 100

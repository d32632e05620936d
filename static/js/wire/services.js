/**
 * What a host has to know of the notes that the two ends of a service send each other. Each service says it here, so that who hands notes on needs no service's own
 * words; so far that is the one that moves files.
 */

/** The fields that a note may have. */
export const NOTE_FIELDS = ["kind", "id", "name", "type", "size", "wait", "digest", "code", "reason"]
/** The kinds that take the right to send. */
export const SPEECH_NOTES = ["offer"]
/** The kinds by which a receiver lets come what `id` names. */
export const CONSENT_NOTES = ["accept"]

/**
 * What a host has to know about the notes of services, which their two ends send each other. Each service declares it here, so that the code which passes notes on
 * needn't know any service. So far, there is one service: files.
 */

/** The fields that a note may have. */
export const NOTE_FIELDS = ["kind", "id", "name", "type", "size", "wait", "digest", "code", "reason"]
/** The kinds of notes that need the right to send. */
export const SPEECH_NOTES = ["offer"]
/** The kinds of notes with which a recipient accepts the transfer that `id` names. */
export const CONSENT_NOTES = ["accept"]

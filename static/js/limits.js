/**
 * The budgets: what one other peer may cost this page. What is only said and never trusted has its bound where it is said.
 *
 * Rates are tokens a second (`rate`), and as many at once as a full bucket holds (`burst`); see Bucket.
 *
 * @typedef {{ rate: number, burst: number }} Rate
 */

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


/**
 * The budgets: what one other peer may cost this page. What is only said and never trusted has its bound where it is said.
 *
 * Rates are tokens a second (`rate`), and as many at once as a full bucket holds (`burst`); see Bucket.
 *
 * @typedef {{ rate: number, burst: number }} Rate
 */
export {}

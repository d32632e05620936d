/** What handlers of the app have thrown; browsers have reportError(), Node hasn't. @type {any[]} */
export const reported = []

globalThis.reportError = (error) => void reported.push(error)

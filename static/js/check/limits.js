// The limits of the check page.

/** Milliseconds that each check may take. A browser that gets no answer by UDP asks again for about ten seconds. */
export const SOCKET_MS = 8_000
export const HTTP_MS = 8_000
export const DIRECT_MS = 8_000
export const STUN_MS = 7_000
export const TURN_MS = 12_000
export const RELAY_MS = 10_000
/** Milliseconds between two tries to send something over the server while the other side isn't there yet. */
export const RELAY_AGAIN_MS = 200
/** How many URLs of ICE servers are tried, and how many of them at once, so that they don't disturb each other. */
export const MAX_SERVERS = 12
export const SERVERS_AT_ONCE = 3

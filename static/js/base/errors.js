// The client's errors: the table of codes, and P2pError.
import { MAX_ERROR_CHARACTERS } from "./limits.js"

/**
 * The table of all error codes, shared with the server (`flask_p2p_streams/protocol/errors.py`; a test compares the two).
 *
 * @typedef {keyof typeof ERRORS} ErrorCode
 * @typedef {{ code: string, message?: string, hint?: string, retry?: boolean, retry_after_ms?: number }} ErrorPayload
 */
export const ERRORS = Object.freeze({
  bad_request: {
    message: "The request is malformed.",
    hint: "Check that the page and the server run the same version.",
    retry: false,
  },
  unauthorized: {
    message: "The token or the seat was not signed by this server.",
    hint: "Reload the page; all workers need the same SECRET_KEY.",
    retry: false,
  },
  token_expired: {
    message: "The token of this page has expired.",
    hint: "Load the page anew: only that gives it another token. A longer expires_in of p2p_frame_tag makes it rarer.",
    retry: false,
  },
  forbidden: {
    message: "This peer may not do that.",
    hint: "The app decides that: by can_send and can_host of p2p_frame_tag, @p2p.authorize, kick() and lock().",
    retry: false,
  },
  not_joined: {
    message: "This peer is not in a session.",
    hint: "Join the session first.",
    retry: true,
  },
  no_such_peer: {
    message: "There is no such peer in the session.",
    hint: "It may have left, or have let go of the server; wait until it joins again.",
    retry: true,
  },
  session_full: {
    message: "The session has no room for another peer.",
    hint: "Try again when somebody has left.",
    retry: true,
  },
  session_expired: {
    message: "The session is over.",
    hint: "Open a new one.",
    retry: false,
  },
  peer_replaced: {
    message: "This peer has joined from another page.",
    hint: "Go on there, or join again from here.",
    retry: false,
  },
  too_large: {
    message: "This is larger than what is accepted.",
    hint: "Send less at once.",
    retry: false,
  },
  rate_limited: {
    message: "Too much is sent in a short time.",
    hint: "Wait a moment before sending more.",
    retry: true,
  },
  stale_epoch: {
    message: "This belongs to an earlier host.",
    hint: "Join again to meet the present one.",
    retry: true,
  },
  unsupported: {
    message: "This is not supported.",
    hint: "Use a current browser, and send what the documentation names.",
    retry: false,
  },
  unavailable: {
    message: "The server can't say now who hosts the session.",
    hint: "Try again in a moment; if it stays so, look at the server's cache.",
    retry: true,
  },
  internal: {
    message: "Something has failed inside.",
    hint: "Look at the server's log and the browser's console.",
    retry: true,
  },
  connect_timeout: {
    message: "The host did not answer in time.",
    hint: "Its page may be frozen or asleep; try again.",
    retry: true,
  },
  ice_failed: {
    message: "The two browsers found no path to each other.",
    hint: "Across networks it takes STUN and TURN (P2P_TURN_URLS), or the server's path (P2P_RELAY).",
    retry: true,
  },
  turn_refused: {
    message: "A TURN server refuses this page's credentials.",
    hint: "Check P2P_TURN_SECRET, or what @p2p.ice_servers returns.",
    retry: true,
  },
  relay_full: {
    message: "The path over the server is full.",
    hint: "What is sent waits, and goes on by itself; P2P_RELAY_RATE widens it.",
    retry: true,
  },
  relay_off: {
    message: "The server relays nothing.",
    hint: "P2P_RELAY allows it.",
    retry: false,
  },
  host_lost: {
    message: "The connection to the host is lost.",
    hint: "Join again to reach the next one.",
    retry: true,
  },
  signaling_lost: {
    message: "The server can't be reached.",
    hint: "Check the network, and that the server takes WebSockets; the page joins by itself when it can be reached again (auto_reconnect).",
    retry: true,
  },
  no_handler: {
    message: "Nobody handles this topic.",
    hint: "Call frame.on() or frame.respond() for it as soon as the page's script runs.",
    retry: false,
  },
  no_answer: {
    message: "The request was not answered in time.",
    hint: "Try again, or allow more time by the option timeout.",
    retry: true,
  },
  handler_failed: {
    message: "The other peer's handler has failed.",
    hint: "Look at the console of that peer's page.",
    retry: false,
  },
  declined: {
    message: "The file was not accepted.",
    hint: "An app accepts files in its listener for p2p:file.",
    retry: false,
  },
  cancelled: {
    message: "The transfer was cancelled.",
    hint: "Send the file again if that was a mistake.",
    retry: false,
  },
  stalled: {
    message: "The transfer has made no progress for too long.",
    hint: "The other page may be frozen, or its network too slow; try again.",
    retry: true,
  },
  corrupt: {
    message: "What arrived is not what was sent.",
    hint: "Send the file again.",
    retry: true,
  },
  file_changed: {
    message: "The file has changed, or can't be read any more.",
    hint: "Choose the file again and send it anew.",
    retry: true,
  },
  no_space: {
    message: "There is no room left to store the file.",
    hint: "Free some space, or accept the file into a stream of your own.",
    retry: false,
  },
})

/** The shortest and the longest time that the server may ask this peer to wait, in milliseconds. */
const RETRY_AFTER_MS = Object.freeze({ least: 100, most: 60_000 })

/** The client's error: what went wrong, why, and what to do about it. */
export class P2pError extends Error {
  /** @override */
  name = "P2pError"

  /**
   * @param {ErrorCode} code
   * @param {{ message?: string, hint?: string, retry?: boolean, retryAfterMls?: number, cause?: unknown }} [details]
   */
  constructor(code, { message, hint, retry, retryAfterMls, cause } = {}) {
    const entry = ERRORS[code]
    super(message ?? entry.message, cause === undefined ? undefined : { cause })
    /** One of the table's codes: stable, for programs. */
    this.code = code
    /** What to do about it: for people. */
    this.hint = hint ?? entry.hint
    /** Whether trying again can help. */
    this.retry = retry ?? entry.retry
    /** Milliseconds to wait before trying again, if the server has asked for it. */
    this.retryAfterMls = retryAfterMls
  }

  /**
   * Rebuilds an error that came over the wire. Anything that isn't an error of the table becomes `internal`.
   * @param {unknown} payload
   * @returns {P2pError}
   */
  static fromPayload(payload) {
    const { code, message, hint, retry, retry_after_ms } = /** @type {ErrorPayload} */ (payload ?? {})
    if (typeof code !== "string" || !Object.hasOwn(ERRORS, code)) return new P2pError("internal", { cause: payload })
    return new P2pError(/** @type {ErrorCode} */ (code), {
      message: cut(message),
      hint: cut(hint),
      retry: typeof retry === "boolean" ? retry : undefined,
      retryAfterMls: typeof retry_after_ms === "number" ? clamp(retry_after_ms) : undefined,
    })
  }

  /** @returns {ErrorPayload} */
  toPayload() {
    return { code: this.code, message: this.message, hint: this.hint, retry: this.retry }
  }
}

/**
 * Calls a function that may fail, and returns its error. Failures to send are always thrown, and this is the one way to handle them.
 * @param {() => void} act
 * @returns {P2pError | null} the P2pError that was thrown; any other error is thrown again
 */
export function failureOf(act) {
  try {
    act()
    return null
  } catch (error) {
    if (error instanceof P2pError) return error
    throw error
  }
}

/** Limits the length of a text in an error, because it comes from somebody else. @param {unknown} text */
export function cut(text) {
  return typeof text === "string" ? text.slice(0, MAX_ERROR_CHARACTERS) : undefined
}

/** @param {number} ms */
function clamp(ms) {
  const { least, most } = RETRY_AFTER_MS
  return Math.min(Math.max(ms || 0, least), most)
}

/**
 * Calls an app's handler. Its errors don't stop the client: they are reported as the browser reports those of any listener.
 * @param {() => void} call
 */
export function guarded(call) {
  try {
    call()
  } catch (error) {
    reportError(error)
  }
}

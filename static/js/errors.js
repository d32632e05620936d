/**
 * The closed table of error codes, shared with the server (`flask_p2p_streams/errors.py`; a test holds the two against each other).
 *
 * @typedef {keyof typeof ERRORS} ErrorCode
 * @typedef {{ code: string, message?: string, hint?: string, retry?: boolean, retry_after_ms?: number }} ErrorPayload
 */
export const ERRORS = Object.freeze({
  bad_request: { message: "The request is malformed.", hint: "Check the types and names of what is sent.", retry: false },
  unauthorized: { message: "The token is not valid.", hint: "Reload the page to get a new token.", retry: false },
  token_expired: { message: "The token has expired.", hint: "Reload the page, or raise expires_in in p2p_frame_tag.", retry: false },
  forbidden: { message: "This peer may not do that.", hint: "Only the present host may send offers, and clients signal to their host only.", retry: false },
  not_joined: { message: "This peer has not joined the session.", hint: "Join the session first: frame.reconnect().", retry: true },
  no_such_peer: { message: "There is no such peer in the session.", hint: "The peer has left; wait until it joins again.", retry: true },
  session_full: { message: "The session is full.", hint: "Wait until somebody leaves, or raise the limit.", retry: true },
  session_expired: { message: "The session has ended.", hint: "Reload the page to open a new session.", retry: false },
  peer_replaced: { message: "This peer has joined from another page.", hint: "Use this page again with frame.reconnect(), or give each page a peer_id of its own.", retry: false },
  too_large: { message: "The payload is too large.", hint: "Send less at once.", retry: false },
  rate_limited: { message: "Too much is sent at once.", hint: "Wait for the promise of send() before sending more.", retry: true },
  stale_epoch: { message: "This belongs to an earlier host.", hint: "Join again to meet the present host.", retry: true },
  unsupported: { message: "This is not supported here.", hint: "See the documentation for what is.", retry: false },
  unavailable: { message: "The server can't serve this now.", hint: "Try again in a moment.", retry: true },
  internal: { message: "Something went wrong inside.", hint: "Look into the log for the cause.", retry: true },
  connect_timeout: { message: "The host did not answer in time.", hint: "Its page may be frozen or asleep; try again.", retry: true },
  ice_failed: { message: "No network path to the other peer was found.", hint: "Configure STUN and TURN servers (P2P_ICE_SERVERS).", retry: true },
  host_lost: { message: "The connection to the host is lost.", hint: "Join again: frame.reconnect().", retry: true },
  signaling_lost: { message: "The server can't be reached.", hint: "Check the network, and that the server runs with WebSocket support.", retry: true },
})

/** What went wrong, why, and what to do about it. */
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
    /** Milliseconds to wait before trying again, where the server asked for it. */
    this.retryAfterMls = retryAfterMls
  }

  /**
   * Rebuilds an error that came over the wire; what doesn't look like one becomes `internal`.
   * @param {unknown} payload
   * @returns {P2pError}
   */
  static fromPayload(payload) {
    const { code, message, hint, retry, retry_after_ms } = /** @type {ErrorPayload} */ (payload ?? {})
    if (typeof code !== "string" || !Object.hasOwn(ERRORS, code)) return new P2pError("internal", { cause: payload })
    return new P2pError(/** @type {ErrorCode} */ (code), {
      message: typeof message === "string" ? message : undefined,
      hint: typeof hint === "string" ? hint : undefined,
      retry: typeof retry === "boolean" ? retry : undefined,
      retryAfterMls: typeof retry_after_ms === "number" ? retry_after_ms : undefined,
    })
  }

  /** @returns {ErrorPayload} */
  toPayload() {
    return { code: this.code, message: this.message, hint: this.hint, retry: this.retry }
  }
}

"""The errors for peers that aren't let in, by what the rules have decided."""

from ..protocol.errors import ErrorCode, SignalingError
from ..sessions.joining import HOSTLESS_RETRY_MS
from ..sessions.outcomes import Barred, Doubted, Hostless, JoinOutcome, Waiting

_HINTS = {
    ErrorCode.FORBIDDEN: "Ask whoever runs the session.",
    ErrorCode.UNAVAILABLE: "Wait until then; the client joins again by itself.",
}


def refusal(outcome: JoinOutcome) -> SignalingError:
    """Return the error for a peer that isn't let in."""
    if isinstance(outcome, Barred):
        return _barred(outcome)
    if isinstance(outcome, Hostless):
        return come_again("The session has no host, and this peer may not be it.")
    if isinstance(outcome, Doubted):
        text = "The host does not answer, and others may still hear it."
        return come_again(text, outcome.retry_after_ms)
    if isinstance(outcome, Waiting):
        text = "The host has just dropped; its seat is reserved for a moment."
        return come_again(text, outcome.retry_after_ms)
    return come_again("The host has changed its place meanwhile.")


def come_again(message: str, retry_after_ms: int = HOSTLESS_RETRY_MS) -> SignalingError:
    """Return the error for a peer that is to join again by itself."""
    hint = "Wait retry_after_ms and join again; the client does so by itself."
    return SignalingError(ErrorCode.UNAVAILABLE, message, hint=hint, retry_after_ms=retry_after_ms)


def _barred(barred: Barred) -> SignalingError:
    return SignalingError(
        barred.code,
        barred.message,
        hint=_HINTS.get(barred.code),
        retry_after_ms=barred.retry_after_ms,
    )

"""What can go wrong: the codes, their causes and their cures."""

from enum import Enum
from typing import NamedTuple


class ErrorCode(str, Enum):
    """Every code that an error can carry, on the server and in the browser."""

    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    TOKEN_EXPIRED = "token_expired"
    FORBIDDEN = "forbidden"
    NOT_JOINED = "not_joined"
    NO_SUCH_PEER = "no_such_peer"
    SESSION_FULL = "session_full"
    SESSION_EXPIRED = "session_expired"
    PEER_REPLACED = "peer_replaced"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    STALE_EPOCH = "stale_epoch"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    CONNECT_TIMEOUT = "connect_timeout"
    ICE_FAILED = "ice_failed"
    HOST_LOST = "host_lost"
    SIGNALING_LOST = "signaling_lost"


class Explanation(NamedTuple):
    """What a code says to a person, and whether trying again can help."""

    message: str
    hint: str
    retry: bool


EXPLANATIONS: dict[ErrorCode, Explanation] = {
    ErrorCode.BAD_REQUEST: Explanation(
        "The server does not understand this request.",
        "Check that page and server run the same version of Flask-P2P-Streams.",
        False,
    ),
    ErrorCode.UNAUTHORIZED: Explanation(
        "The token or seat was not signed by this server.",
        "Render the page again; all workers need the same SECRET_KEY.",
        False,
    ),
    ErrorCode.TOKEN_EXPIRED: Explanation(
        "The token of this page has expired.",
        "Reload the page, or give p2p_frame_tag a longer expires_in.",
        False,
    ),
    ErrorCode.FORBIDDEN: Explanation(
        "This peer may not do that.",
        "Only the host signals to everyone; a client signals to its host only.",
        False,
    ),
    ErrorCode.NOT_JOINED: Explanation(
        "This socket has not joined a session.",
        "Send session_join first.",
        False,
    ),
    ErrorCode.NO_SUCH_PEER: Explanation(
        "The peer is not connected to the server.",
        "Wait for its session_ready; it may have left or be connected already.",
        False,
    ),
    ErrorCode.SESSION_FULL: Explanation(
        "The session has no room for another peer.",
        "Try again when somebody has left.",
        True,
    ),
    ErrorCode.SESSION_EXPIRED: Explanation(
        "The session is over.",
        "Open a new one.",
        False,
    ),
    ErrorCode.PEER_REPLACED: Explanation(
        "The same peer has joined in another place.",
        "Use the other tab, or give each tab a peer id of its own.",
        False,
    ),
    ErrorCode.TOO_LARGE: Explanation(
        "The payload is larger than the server accepts.",
        "Send less at once, or raise P2P_MAX_SIGNAL_BYTES.",
        False,
    ),
    ErrorCode.RATE_LIMITED: Explanation(
        "Too many requests in a short time.",
        "Wait before trying again.",
        True,
    ),
    ErrorCode.STALE_EPOCH: Explanation(
        "Another host has been elected since.",
        "Join again to learn who hosts now.",
        False,
    ),
    ErrorCode.UNSUPPORTED: Explanation(
        "This browser lacks WebRTC.",
        "Use a current browser, and a page served over https or from localhost.",
        False,
    ),
    ErrorCode.UNAVAILABLE: Explanation(
        "The server cannot say now who hosts the session.",
        "Try again in a moment; if it stays so, look at the server's cache.",
        True,
    ),
    ErrorCode.INTERNAL: Explanation(
        "The server failed on this request.",
        "Look at the server's log.",
        True,
    ),
    ErrorCode.CONNECT_TIMEOUT: Explanation(
        "No connection came about in time.",
        "Try again; raise connect_timeout_mls on slow networks.",
        True,
    ),
    ErrorCode.ICE_FAILED: Explanation(
        "The two browsers found no path to each other.",
        "Configure a TURN server in P2P_ICE_SERVERS.",
        True,
    ),
    ErrorCode.HOST_LOST: Explanation(
        "The connection to the host is lost.",
        "Join again to reach the next host.",
        True,
    ),
    ErrorCode.SIGNALING_LOST: Explanation(
        "The connection to the server is lost.",
        "Check the network; the client tries again by itself.",
        True,
    ),
}


class P2PStreamsError(Exception):
    """The parent of every error that this package raises on purpose."""


class ConfigurationError(P2PStreamsError, ValueError):
    """The app is set up in a way that cannot work; the text names the cure.

    ``key`` is the configuration key at fault, where there is one, and
    ``value`` what was found there.
    """

    def __init__(self, text: str, *, key: str | None = None, value: object = None) -> None:
        super().__init__(text)
        self.key = key
        self.value = value


class ArgumentError(P2PStreamsError, TypeError):
    """A template tag was called with a wrong argument.

    ``argument`` is its name.
    """

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument = argument


class SignalingError(P2PStreamsError):
    """A request of a browser is refused; the browser is told why.

    ``code`` is an :class:`ErrorCode`; ``retry`` tells whether the same
    request may succeed later, and ``retry_after_ms`` when, in milliseconds.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str | None = None,
        *,
        hint: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        explanation = EXPLANATIONS[code]
        self.code = code
        self.message = message or explanation.message
        self.hint = hint or explanation.hint
        self.retry = explanation.retry
        self.retry_after_ms = retry_after_ms
        super().__init__(f"{code.value}: {self.message}")

    def to_payload(self) -> dict[str, str | bool | int]:
        """Return the error as it travels to the browser."""
        payload: dict[str, str | bool | int] = {
            "code": self.code.value,
            "message": self.message,
            "hint": self.hint,
            "retry": self.retry,
        }
        if self.retry_after_ms is not None:
            payload["retry_after_ms"] = self.retry_after_ms
        return payload

"""The error codes, their texts and hints, and the error that a browser is sent."""

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
    TURN_REFUSED = "turn_refused"
    RELAY_FULL = "relay_full"
    RELAY_OFF = "relay_off"
    HOST_LOST = "host_lost"
    SIGNALING_LOST = "signaling_lost"
    NO_HANDLER = "no_handler"
    NO_ANSWER = "no_answer"
    HANDLER_FAILED = "handler_failed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    STALLED = "stalled"
    CORRUPT = "corrupt"
    FILE_CHANGED = "file_changed"
    NO_SPACE = "no_space"


class Explanation(NamedTuple):
    """The text of a code, its hint, and whether trying again can help."""

    message: str
    hint: str
    retry: bool


EXPLANATIONS: dict[ErrorCode, Explanation] = {
    ErrorCode.BAD_REQUEST: Explanation(
        "The request is malformed.",
        "Check that the page and the server run the same version.",
        False,
    ),
    ErrorCode.UNAUTHORIZED: Explanation(
        "The token or the seat was not signed by this server.",
        "Reload the page; all workers need the same SECRET_KEY.",
        False,
    ),
    ErrorCode.TOKEN_EXPIRED: Explanation(
        "The token of this page has expired.",
        "Load the page anew: only that gives it another token. "
        "A longer expires_in of p2p_frame_tag makes it rarer.",
        False,
    ),
    ErrorCode.FORBIDDEN: Explanation(
        "This peer may not do that.",
        "The app decides that: by can_send and can_host of p2p_frame_tag, @p2p.authorize, "
        "kick() and lock().",
        False,
    ),
    ErrorCode.NOT_JOINED: Explanation(
        "This peer is not in a session.",
        "Join the session first.",
        True,
    ),
    ErrorCode.NO_SUCH_PEER: Explanation(
        "There is no such peer in the session.",
        "It may have left, or have let go of the server; wait until it joins again.",
        True,
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
        "This peer has joined from another page.",
        "Go on there, or join again from here.",
        False,
    ),
    ErrorCode.TOO_LARGE: Explanation(
        "This is larger than what is accepted.",
        "Send less at once.",
        False,
    ),
    ErrorCode.RATE_LIMITED: Explanation(
        "Too much is sent in a short time.",
        "Wait a moment before sending more.",
        True,
    ),
    ErrorCode.STALE_EPOCH: Explanation(
        "This belongs to an earlier host.",
        "Join again to meet the present one.",
        True,
    ),
    ErrorCode.UNSUPPORTED: Explanation(
        "This is not supported.",
        "Use a current browser, and send what the documentation names.",
        False,
    ),
    ErrorCode.UNAVAILABLE: Explanation(
        "The server can't say now who hosts the session.",
        "Try again in a moment; if it stays so, look at the server's cache.",
        True,
    ),
    ErrorCode.INTERNAL: Explanation(
        "Something has failed inside.",
        "Look at the server's log and the browser's console.",
        True,
    ),
    ErrorCode.CONNECT_TIMEOUT: Explanation(
        "The host did not answer in time.",
        "Its page may be frozen or asleep; try again.",
        True,
    ),
    ErrorCode.ICE_FAILED: Explanation(
        "The two browsers found no path to each other.",
        "Across networks it takes STUN and TURN (P2P_TURN_URLS), or the server's path (P2P_RELAY).",
        True,
    ),
    ErrorCode.TURN_REFUSED: Explanation(
        "A TURN server refuses this page's credentials.",
        "Check P2P_TURN_SECRET, or what @p2p.ice_servers returns.",
        True,
    ),
    ErrorCode.RELAY_FULL: Explanation(
        "The path over the server is full.",
        "What is sent waits, and goes on by itself; P2P_RELAY_RATE widens it.",
        True,
    ),
    ErrorCode.RELAY_OFF: Explanation(
        "The server relays nothing.",
        "P2P_RELAY allows it.",
        False,
    ),
    ErrorCode.HOST_LOST: Explanation(
        "The connection to the host is lost.",
        "Join again to reach the next one.",
        True,
    ),
    ErrorCode.SIGNALING_LOST: Explanation(
        "The server can't be reached.",
        "Check the network, and that the server takes WebSockets; the page joins by itself when it "
        "can be reached again (auto_reconnect).",
        True,
    ),
    ErrorCode.NO_HANDLER: Explanation(
        "Nobody handles this topic.",
        "Call frame.on() or frame.respond() for it as soon as the page's script runs.",
        False,
    ),
    ErrorCode.NO_ANSWER: Explanation(
        "The request was not answered in time.",
        "Try again, or allow more time by the option timeout.",
        True,
    ),
    ErrorCode.HANDLER_FAILED: Explanation(
        "The other peer's handler has failed.",
        "Look at the console of that peer's page.",
        False,
    ),
    ErrorCode.DECLINED: Explanation(
        "The file was not accepted.",
        "An app accepts files in its listener for p2p:file.",
        False,
    ),
    ErrorCode.CANCELLED: Explanation(
        "The transfer was cancelled.",
        "Send the file again if that was a mistake.",
        False,
    ),
    ErrorCode.STALLED: Explanation(
        "The transfer has made no progress for too long.",
        "The other page may be frozen, or its network too slow; try again.",
        True,
    ),
    ErrorCode.CORRUPT: Explanation(
        "What arrived is not what was sent.",
        "Send the file again.",
        True,
    ),
    ErrorCode.FILE_CHANGED: Explanation(
        "The file has changed, or can't be read any more.",
        "Choose the file again and send it anew.",
        True,
    ),
    ErrorCode.NO_SPACE: Explanation(
        "There is no room left to store the file.",
        "Free some space, or accept the file into a stream of your own.",
        False,
    ),
}


class P2PStreamsError(Exception):
    """The base class of all errors that this package raises on purpose."""


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

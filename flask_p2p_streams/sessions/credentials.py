"""What a peer shows when it comes: its role, its join token, and the seat of a host.

Only the server judges the times in a token, by its own clock. ``tokens`` signs tokens and seats.
"""

from dataclasses import dataclass, replace

from ..limits.budgets import SHORTEST_RENEWAL
from ..protocol.errors import ErrorCode, SignalingError


@dataclass(frozen=True)
class Role:
    """What a peer may do in its session, and between which times.

    ``starts_at`` and ``ends_at`` are in seconds since 1970; None means no limit.
    """

    can_host: bool = True
    can_send: bool = True
    starts_at: float | None = None
    ends_at: float | None = None


@dataclass(frozen=True)
class JoinToken:
    """The right of one peer to join one session.

    ``expires_at`` and ``issued_at`` are in seconds since 1970; so is ``first_issued_at``, when the
    page's first token was issued. ``expires_in`` is for how many seconds the session is
    remembered after its last change. ``closing`` is the number of the session's last closing
    before this token was signed, 0 if there was none, None if the store couldn't tell.
    """

    session_id: str
    peer_id: str
    expires_at: float
    expires_in: float
    issued_at: float
    role: Role
    first_issued_at: float
    closing: int | None


EVERYTHING = Role()


@dataclass(frozen=True)
class Seat:
    """The proof that a peer hosts one epoch of a session."""

    session_id: str
    peer_id: str
    epoch: int


def prolonged(token: JoinToken, now: float, longest: float, closing: int) -> JoinToken:
    """Return a token issued at ``now`` that lasts as long as the one before did.

    All tokens of a page end ``longest`` seconds after the first one was issued. A token that was
    given for longer keeps its time.

    :raises SignalingError: ``token_expired`` if the new token would end almost at once.
    """
    given = token.expires_at - token.issued_at
    end = min(now + given, token.first_issued_at + longest)
    expires_at = max(token.expires_at, end)
    if expires_at - now < min(SHORTEST_RENEWAL, given):
        raise SignalingError(
            ErrorCode.TOKEN_EXPIRED,
            "The tokens of this page have come to their end.",
            hint="Reload the page; tokens are renewed for P2P_TOKEN_MAX_AGE seconds in all.",
        )
    return replace(token, expires_at=expires_at, issued_at=now, closing=closing)

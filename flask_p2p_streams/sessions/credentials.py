"""What a peer may do: its role, its join token, and the seat of a host.

Only the server judges the times in a token, by its own clock. ``tokens`` signs them.
"""

from dataclasses import dataclass, replace

from ..limits.budgets import SHORTEST_RENEWAL
from ..protocol.errors import ErrorCode, SignalingError


@dataclass(frozen=True)
class Role:
    """What a peer may do in its session, and between which times.

    ``starts_at`` and ``ends_at`` are in seconds since 1970; None is any time.
    """

    can_host: bool = True
    can_send: bool = True
    starts_at: float | None = None
    ends_at: float | None = None


@dataclass(frozen=True)
class JoinToken:
    """The right of one peer to join one session.

    ``expires_at`` and ``issued_at`` are in seconds since 1970, ``expires_in`` the
    seconds that the session is remembered for after its last change. The page's first token
    was issued at ``first_issued_at``. ``closing`` is the number of the session's last closing
    that this token knows of, 0 for none; None where it wasn't known when it was signed.
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
    """Return a token issued at ``now``, for as long as the one before was given.

    All together last ``longest`` seconds from the first one, and no renewal takes anything
    from a token that was given longer.

    :raises SignalingError: ``token_expired`` if it would end at once.
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

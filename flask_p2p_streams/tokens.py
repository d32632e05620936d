"""Join tokens and host seats: what the server signs, and reads back.

Only the server judges the times in a token, by its own clock.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, replace
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from .errors import ErrorCode, SignalingError

# The number rises with the shape of what is signed: an older token is then not ours.
TOKEN_SALT = "flask-p2p-streams.token.2"
SEAT_SALT = "flask-p2p-streams.seat"


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
    seconds that the session is remembered for after its last change.
    """

    session_id: str
    peer_id: str
    expires_at: float
    expires_in: float
    issued_at: float
    role: Role


EVERYTHING = Role()


@dataclass(frozen=True)
class Seat:
    """The proof that a peer hosts one epoch of a session."""

    session_id: str
    peer_id: str
    epoch: int


class Signer:
    """Sign tokens and seats with an app's keys.

    :param secret_keys: the keys in order of age, the present one last, as
        itsdangerous wants them for key rotation; it signs with the last and accepts all.
    :param now: the clock, in seconds since 1970.
    """

    def __init__(
        self, secret_keys: Iterable[str | bytes], now: Callable[[], float] = time.time
    ) -> None:
        keys = [key.encode() if isinstance(key, str) else key for key in secret_keys]
        self._tokens = URLSafeSerializer(keys, salt=TOKEN_SALT)
        self._seats = URLSafeSerializer(keys, salt=SEAT_SALT)
        self._now = now

    # Join tokens

    def token(
        self,
        session_id: str,
        peer_id: str,
        max_age: float,
        expires_in: float,
        role: Role = EVERYTHING,
    ) -> str:
        """Sign a token that is good for ``max_age`` seconds from now."""
        now = self._now()
        return _dump(
            self._tokens, JoinToken(session_id, peer_id, now + max_age, expires_in, now, role)
        )

    def renewed(self, token: JoinToken, now: float) -> str:
        """Sign a token anew, issued at ``now`` and for as long as it was given at first."""
        max_age = token.expires_at - token.issued_at
        return _dump(self._tokens, replace(token, expires_at=now + max_age, issued_at=now))

    def read_token(self, text: str) -> JoinToken:
        """Return what a token says.

        :raises SignalingError: ``unauthorized`` if the server has not signed it,
            ``token_expired`` if its time is over.
        """
        session_id, peer_id, expires_at, expires_in, issued_at, role = _load(self._tokens, text)
        token = JoinToken(session_id, peer_id, expires_at, expires_in, issued_at, Role(*role))
        if self._now() >= token.expires_at:
            raise SignalingError(ErrorCode.TOKEN_EXPIRED)
        return token

    # Seats

    def seat(self, session_id: str, peer_id: str, epoch: int) -> str:
        """Sign the proof that a peer hosts an epoch."""
        return _dump(self._seats, Seat(session_id, peer_id, epoch))

    def read_seat(self, text: str, session_id: str, peer_id: str) -> Seat:
        """Return what a seat says.

        :raises SignalingError: ``unauthorized`` if the server has not signed it, or
            has signed it for another session or peer.
        """
        seat = Seat(*_load(self._seats, text))
        if (seat.session_id, seat.peer_id) != (session_id, peer_id):
            raise SignalingError(ErrorCode.UNAUTHORIZED, "The seat belongs to somebody else.")
        return seat


def _dump(serializer: URLSafeSerializer, value: JoinToken | Seat) -> str:
    return serializer.dumps(list(astuple(value)))


def _load(serializer: URLSafeSerializer, text: str) -> Any:
    # Signatures are ASCII; anything else could not even be encoded to compare.
    if not text.isascii():
        raise SignalingError(ErrorCode.UNAUTHORIZED)
    try:
        return serializer.loads(text)
    except BadData as error:
        raise SignalingError(ErrorCode.UNAUTHORIZED) from error

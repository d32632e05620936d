"""Join tokens and host seats: what the server signs, and reads back.

Only the server judges the times in a token, by its own clock.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from .errors import ErrorCode, SignalingError

TOKEN_SALT = "flask-p2p-streams.token"
SEAT_SALT = "flask-p2p-streams.seat"


@dataclass(frozen=True)
class JoinToken:
    """The right of one peer to join one session.

    ``expires_at`` is in seconds since 1970, ``expires_in`` the seconds that
    the session is remembered for after its last change.
    """

    session_id: str
    peer_id: str
    expires_at: float
    expires_in: float


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

    def token(self, session_id: str, peer_id: str, max_age: float, expires_in: float) -> str:
        """Sign a token that is good for ``max_age`` seconds from now."""
        token = JoinToken(session_id, peer_id, self._now() + max_age, expires_in)
        return _dump(self._tokens, token)

    def read_token(self, text: str) -> JoinToken:
        """Return what a token says.

        :raises SignalingError: ``unauthorized`` if the server has not signed it,
            ``token_expired`` if its time is over.
        """
        token = JoinToken(*_load(self._tokens, text))
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

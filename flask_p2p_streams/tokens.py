"""Join tokens and host seats: signed with an app's keys, and read back."""

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from typing import Any, cast

from flask import Flask
from itsdangerous import BadData, URLSafeSerializer

from .errors import ConfigurationError
from .limits.budgets import CLOCK_SKEW
from .protocol.errors import ErrorCode, SignalingError
from .protocol.fields import bad_request, id_problem
from .sessions.credentials import EVERYTHING, JoinToken, Role, Seat

# The number rises when what is signed gets other fields, so that older tokens are refused.
TOKEN_SALT = "flask-p2p-streams.token.3"
SEAT_SALT = "flask-p2p-streams.seat.2"
SCRATCH = "p2p-check-"
"""How the ids of the check page's sessions begin."""

logger = logging.getLogger("flask_p2p_streams")


def secret_keys(app: Flask) -> list[str | bytes]:
    """Return the keys that sign, the present one last.

    :raises ConfigurationError: if there is none, or if one is empty or of a wrong type. That
        holds for the older keys, too, since tokens that these have signed are accepted.
    """
    present, fallbacks = cast(object, app.secret_key), app.config.get("SECRET_KEY_FALLBACKS")
    if not present:
        raise ConfigurationError(
            "The app has no SECRET_KEY, which signs who may join what. Set "
            "app.config['SECRET_KEY'] to a long random value that all workers share "
            "(python -c 'import secrets; print(secrets.token_hex())').",
            key="SECRET_KEY",
        )
    if not isinstance(present, (str, bytes)):
        problem = (
            f"SECRET_KEY must be text or bytes, not {type(present).__name__}. Set it to a text; in "
            "an environment that is read as JSON (from_prefixed_env) a number is one in quotes."
        )
        raise ConfigurationError(problem, key="SECRET_KEY")
    if not isinstance(fallbacks, (list, tuple, type(None))):
        raise ConfigurationError(
            "SECRET_KEY_FALLBACKS must be a list of keys: of a text, each letter would be one.",
            key="SECRET_KEY_FALLBACKS",
        )
    older = [*(fallbacks or ())]
    if not all(isinstance(key, (str, bytes)) and key for key in older):
        raise ConfigurationError(
            "SECRET_KEY_FALLBACKS has a key that is empty, or neither text nor bytes: anybody "
            "could sign with it. Leave it out.",
            key="SECRET_KEY_FALLBACKS",
        )
    # itsdangerous signs with the last key and accepts all of them.
    return [*older, present]


class Signer:
    """Sign tokens and seats with an app's keys.

    Whatever another app has signed is refused, even where that has the same keys.

    :param secret_keys: the keys in order of age, the present one last, as
        itsdangerous wants them for key rotation; it signs with the last and accepts all.
    :param audience: the name of the app.
    :param now: the clock, in seconds since 1970.
    """

    def __init__(
        self,
        secret_keys: Iterable[str | bytes],
        audience: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        keys = [key.encode() if isinstance(key, str) else key for key in secret_keys]
        self._key = keys[-1]
        self._tokens = URLSafeSerializer(keys, salt=TOKEN_SALT)
        self._seats = URLSafeSerializer(keys, salt=SEAT_SALT)
        # A digest, so that a long name makes no token too long, and no token shows the name.
        self._audience = hashlib.sha256(audience.encode()).hexdigest()[:16]
        self._now = now
        self._has_warned = False

    # Join tokens

    def token(
        self,
        session_id: str,
        peer_id: str,
        max_age: float,
        expires_in: float,
        role: Role = EVERYTHING,
        closing: int | None = None,
    ) -> str:
        """Sign the first token of a page, good for ``max_age`` seconds from now."""
        now = self._now()
        end = now + max_age
        return self.signed(JoinToken(session_id, peer_id, end, expires_in, now, role, now, closing))

    def signed(self, token: JoinToken) -> str:
        """Sign a token as it is."""
        return self._dump(self._tokens, token)

    def read_token(self, text: str) -> JoinToken:
        """Return what a token says.

        :raises SignalingError: ``unauthorized`` if this app has not signed it, or if it was issued
            in the future; ``token_expired`` if its time is over; ``bad_request`` if its ids are
            not valid.
        """
        claims = JoinToken(*self._load(self._tokens, text))
        _check_ids(claims)
        # JSON has turned the role into a list.
        token = replace(claims, role=Role(*cast(Any, claims.role)))
        now = self._now()
        if token.issued_at > now + CLOCK_SKEW:
            self._warn_of_clocks(token.issued_at - now)
            raise SignalingError(
                ErrorCode.UNAUTHORIZED,
                "The token is of a time that has not come yet.",
                hint="Set the clocks of all workers, by NTP.",
            )
        if now >= token.expires_at:
            raise SignalingError(ErrorCode.TOKEN_EXPIRED)
        return token

    def has_signed(self, text: str) -> bool:
        """Tell whether a text is a token of this app, whether it has expired or not."""
        try:
            self._load(self._tokens, text)
        except SignalingError:
            return False
        return True

    # Seats

    def seat(self, session_id: str, peer_id: str, epoch: int) -> str:
        """Sign the proof that a peer hosts an epoch."""
        return self._dump(self._seats, Seat(session_id, peer_id, epoch))

    def read_seat(self, text: str, session_id: str, peer_id: str) -> Seat:
        """Return what a seat says.

        :raises SignalingError: ``unauthorized`` if this app has not signed it, or has
            signed it for another session or peer.
        """
        seat = Seat(*self._load(self._seats, text))
        if (seat.session_id, seat.peer_id) != (session_id, peer_id):
            raise SignalingError(ErrorCode.UNAUTHORIZED, "The seat belongs to somebody else.")
        return seat

    # Names

    def pseudonym(self, session_id: str, peer_id: str) -> str:
        """Return a name for a peer of a session that tells those without the key nothing.

        It is the same at all workers, and a hexadecimal number of 16 digits.
        """
        return self._digest("pseudonym", session_id, peer_id)

    def scratch_session(self) -> str:
        """Return the id of a new session that only the check page uses."""
        name = secrets.token_hex(8)
        return f"{SCRATCH}{name}-{self._digest('scratch', name)}"

    def is_scratch(self, session_id: str) -> bool:
        """Tell whether an id is one of :meth:`scratch_session`, which nobody else can make."""
        name, _, digest = session_id.removeprefix(SCRATCH).partition("-")
        if not session_id.startswith(SCRATCH) or not digest.isascii():
            return False
        return hmac.compare_digest(digest, self._digest("scratch", name))

    # The parts

    def _digest(self, *words: str) -> str:
        kind, *rest = words
        text = json.dumps([kind, self._audience, *rest])
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:16]

    def _dump(self, serializer: URLSafeSerializer, value: JoinToken | Seat) -> str:
        return serializer.dumps([self._audience, *astuple(value)])

    def _load(self, serializer: URLSafeSerializer, text: str) -> Any:
        # Signatures are ASCII; itsdangerous could not even encode anything else to compare it.
        if not text.isascii():
            raise SignalingError(ErrorCode.UNAUTHORIZED)
        try:
            audience, *claims = serializer.loads(text)
        except BadData as error:
            raise SignalingError(ErrorCode.UNAUTHORIZED) from error
        if audience != self._audience:
            raise SignalingError(
                ErrorCode.UNAUTHORIZED,
                "The token or the seat is another app's.",
                hint="All workers of an app need the same P2P_AUDIENCE, and no other app may have "
                "it; where it isn't set, the name of the app counts.",
            )
        return claims

    def _warn_of_clocks(self, seconds: float) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "A token was refused that was issued %d s in the future by this worker's clock: "
                "the clocks of the workers differ. Set them all by NTP. (This is said once.)",
                seconds,
            )


def _check_ids(token: JoinToken) -> None:
    ids = {"session": token.session_id, "peer": token.peer_id}
    for name, value in ids.items():
        problem = id_problem(value)
        if problem:
            raise bad_request(f"the {name} id of the token {problem}")

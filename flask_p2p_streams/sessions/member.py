"""A peer's socket: the token that it came with, and what its worker knows of it."""

from dataclasses import dataclass

from .credentials import JoinToken
from .presence import Place
from .record import IDLE_TIMEOUT


@dataclass
class Member:
    """One socket of a peer.

    ``idle_timeout`` is for how many seconds its page may stand still. ``place`` is the peer's
    place as this worker wrote it last, so that it can be changed without reading the store.
    """

    sid: str
    token: JoinToken
    idle_timeout: float = IDLE_TIMEOUT
    place: Place | None = None

    @property
    def session_id(self) -> str:
        """The session that the token is for."""
        return self.token.session_id

    @property
    def peer_id(self) -> str:
        """The peer that the token is for."""
        return self.token.peer_id

"""Signs the tokens of pages, with the last closing of their session in them."""

from ..protocol.errors import SignalingError
from ..sessions.credentials import EVERYTHING, Role
from ..stores.session_store import SessionStore
from ..tokens import Signer


class Issuer:
    """Sign the first token of a page.

    This costs one read of the store. A token holds the number of the last closing before it, so
    that each later closing makes it invalid, even if the clocks of the workers differ.
    """

    def __init__(self, signer: Signer, store: SessionStore) -> None:
        self._signer = signer
        self._store = store

    def token(
        self,
        session_id: str,
        peer_id: str,
        max_age: float,
        expires_in: float,
        role: Role = EVERYTHING,
    ) -> str:
        """Sign a token that is valid for ``max_age`` seconds from now.

        If the store fails, the times decide whether a closing makes it invalid.
        """
        # The store is read before the token is signed: a closing in between makes it invalid.
        closing = self._closing(session_id)
        return self._signer.token(session_id, peer_id, max_age, expires_in, role, closing)

    def scratch_session(self) -> str:
        """Return the id of a new session that only the check page uses."""
        return self._signer.scratch_session()

    def _closing(self, session_id: str) -> int | None:
        try:
            session = self._store.read(session_id)
        except SignalingError:
            # The failure has been logged, and the page needn't fail because of it.
            return None
        return 0 if session is None else session.access.closing

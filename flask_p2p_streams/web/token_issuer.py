"""The tokens of pages, signed with what is known of their session."""

from ..protocol.errors import SignalingError
from ..sessions.credentials import EVERYTHING, Role
from ..stores.session_store import SessionStore
from ..tokens import Signer


class Issuer:
    """Sign the first token of a page.

    It costs one look into the store: a token knows of the closings before it, so that each
    later one withdraws it, whatever the clocks of the workers say.
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
        """Sign a token that is good for ``max_age`` seconds from now.

        Where the store fails, times decide whether a closing withdraws it.
        """
        # The look comes first: a session that is closed after it has closed this token, too.
        closing = self._closing(session_id)
        return self._signer.token(session_id, peer_id, max_age, expires_in, role, closing)

    def _closing(self, session_id: str) -> int | None:
        try:
            session = self._store.read(session_id)
        except SignalingError:
            # It has been logged, and the page needn't fail for it.
            return None
        return 0 if session is None else session.gate.closing

"""The keys of everything that is kept in a store; each begins with ``p2p:``.

Names that come from browsers are hashed, so that no key can be too long or have characters that
a backend doesn't accept.
"""

import hashlib
from typing import Literal

Kind = Literal["session", "place", "other"]

_COUNTED: tuple[Kind, ...] = ("session", "place")

WORKERS = "p2p:workers"
"""The list of the workers' ids."""
MEMORY = "p2p:memory"
"""A key that is missing only if the store has lost its data."""
CANARY = "p2p:canary"
"""A key that is written to find out whether a cache can be reached."""
DOCTOR = "p2p:doctor"
"""A key that ``flask p2p doctor`` writes and reads."""


def session_key(session_id: str) -> str:
    """Return the key of a session's record."""
    return _hashed("session", session_id)


def roster_key(session_id: str) -> str:
    """Return the key of the roster that a session's host reports."""
    return _hashed("roster", session_id)


def socket_key(session_id: str, peer_id: str) -> str:
    """Return the key of the socket by which a peer has joined last."""
    return _hashed("peer", session_id, peer_id)


def place_key(session_id: str, peer_id: str) -> str:
    """Return the key of a peer's place in a session."""
    return _hashed("place", session_id, peer_id)


def worker_key(worker_id: str) -> str:
    """Return the key of a worker's entry."""
    return f"p2p:worker:{worker_id}"


def kind_of(key: str) -> Kind:
    """Return what kind of data a key is for."""
    return next((kind for kind in _COUNTED if key.startswith(f"p2p:{kind}:")), "other")


def _hashed(kind: str, *names: str) -> str:
    # The lengths keep ("a", "b:c") and ("a:b", "c") apart. A single name needs no length.
    text = names[0] if len(names) == 1 else "".join(f"{len(name)}:{name}" for name in names)
    return f"p2p:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"

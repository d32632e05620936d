"""The keys of all that is kept in a store; each begins with ``p2p:``.

What browsers name stands in a key as a hash, so that no name can be too long or too strange
for a backend.
"""

import hashlib
from typing import Literal

Kind = Literal["session", "place", "other"]

_COUNTED: tuple[Kind, ...] = ("session", "place")

WORKERS = "p2p:workers"
"""The list of the workers."""
MEMORY = "p2p:memory"
"""Is only missing when the store has lost what it knew."""
CANARY = "p2p:canary"
"""Tells in memcached whether keys live for as long as they should."""
DOCTOR = "p2p:doctor"
"""Is written and read by ``flask p2p doctor``."""


def session_key(session_id: str) -> str:
    """Return the key of a session's record."""
    return _hashed("session", session_id)


def roster_key(session_id: str) -> str:
    """Return the key of the peers of a session, as its host reports them."""
    return _hashed("roster", session_id)


def socket_key(session_id: str, peer_id: str) -> str:
    """Return the key of the socket that a peer has joined with last."""
    return _hashed("peer", session_id, peer_id)


def place_key(session_id: str, peer_id: str) -> str:
    """Return the key of a peer's place in a session."""
    return _hashed("place", session_id, peer_id)


def worker_key(worker_id: str) -> str:
    """Return the key of a worker's entry."""
    return f"p2p:worker:{worker_id}"


def kind_of(key: str) -> Kind:
    """Tell what a key is of."""
    return next((kind for kind in _COUNTED if key.startswith(f"p2p:{kind}:")), "other")


def _hashed(kind: str, *names: str) -> str:
    # Each name's length keeps ("a", "b:c") apart from ("a:b", "c"); a single name stands bare.
    text = names[0] if len(names) == 1 else "".join(f"{len(name)}:{name}" for name in names)
    return f"p2p:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"

"""Functions for `@p2p.ice_servers`, by the names that tests choose them with."""

import time
from collections.abc import Callable
from typing import Any


def prompt(session_id: str, peer_id: str) -> Any:
    """Answer as fast as a provider that is near."""
    time.sleep(0.05)
    return [{"urls": "turn:t.example", "username": peer_id, "credential": "c"}], 60


def hanging(session_id: str, peer_id: str) -> Any:
    """Wait for a provider that is away, without a limit of its own."""
    time.sleep(3600)


def raising(session_id: str, peer_id: str) -> Any:
    raise ConnectionError("https://key@provider.example")


PROVIDERS: dict[str, Callable[[str, str], Any]] = {
    "prompt": prompt,
    "hanging": hanging,
    "raising": raising,
}

"""Who is said to host: what every socket hears, checked against one another."""

import json
import threading
from collections import defaultdict
from typing import Any


class Claims:
    """Every host that anybody was told of; no epoch of a session may have two."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        self._mutex = threading.Lock()

    def hear(self, session_id: str, listener: str, payload: Any) -> None:
        """Take note of a `session_ready`, a `host_changed` or the answer to a join."""
        host = payload.get("host_peer_id") if isinstance(payload, dict) else None
        if host is not None:
            with self._mutex:
                self._heard[session_id, payload["epoch"]][host].add(listener)

    def hear_frame(self, session_id: str, listener: str, text: str) -> None:
        """Take note of what a page's WebSocket has received."""
        start = text.find("[")
        if text[:2] not in ("42", "43") or start < 0:
            return
        for part in json.loads(text[start:]):
            self.hear(session_id, listener, part)

    def hosts(self, session_id: str) -> dict[int, str]:
        """Return the host of each epoch of a session.

        :raises AssertionError: if one of them has two.
        """
        self.check()
        with self._mutex:
            return {
                epoch: next(iter(hosts))
                for (each, epoch), hosts in self._heard.items()
                if each == session_id
            }

    def check(self) -> None:
        with self._mutex:
            for (session_id, epoch), hosts in self._heard.items():
                assert len(hosts) == 1, (
                    f"{session_id} has two hosts in epoch {epoch}: "
                    + ", ".join(f"{host} (says {sorted(by)})" for host, by in hosts.items())
                )

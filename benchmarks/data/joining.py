"""How long a newcomer takes from its script's start until its channel is open."""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Browser

from benchmarks.results import Figures

from .hall import Guest, Hall
from .rounds import summaries, turns
from .servers import Servers

LEAD_SECONDS = 0.1
"""For each page of a crowd: how long before they start they are told when that is."""


@dataclass(frozen=True)
class Way:
    """What a system's newcomers load, and how they join."""

    scripts: tuple[str, ...]
    options: Mapping[str, object] = field(default_factory=dict)


WAYS = {
    "bare": Way(("/bundles/join_bare.js",)),
    "bare, the newcomer offers": Way(("/bundles/join_bare.js",), {"offers": True}),
    "ours": Way(("/bundles/join_ours.js", "p2p/frame")),
    "PeerJS": Way(("/bundles/join_peerjs.js",)),
}


class Lobby:
    """Pages in which newcomers arrive, again and again, at a hub that stays."""

    def __init__(self, browser: Browser, servers: Servers, size: int) -> None:
        # One channel each.
        kinds = ("bare", "ours", "peerjs")
        self._hall = Hall(browser, servers, kinds, labels=["joins"], serializations=["binary"])
        self._servers = servers
        self._numbers = itertools.count(1)
        names = self._names("first", size)
        self._pages = [Guest(browser, self._url(name), name) for name in names]

    def arrivals(self, size: int, rounds: int) -> Figures:
        """Return the milliseconds until the last of so many at once was in."""
        pages = self._pages[:size]
        samples = turns(WAYS, lambda way: max(self._arrive(way, pages)), rounds)
        return summaries(samples, "bare", "PeerJS")

    def close(self) -> None:
        for page in self._pages:
            page.close()
        self._hall.close()

    def _arrive(self, way: Way, pages: list[Guest]) -> Iterator[float]:
        """Let pages arrive at once; yield how long each takes."""
        names = list(self._names("newcomer", len(pages)))
        for page, name in zip(pages, names, strict=True):
            page.go(self._url(name))
            page.do("starter.preload", way.scripts)
        options = {
            "specifier": way.scripts[0],
            "at": (time.time() + LEAD_SECONDS * len(pages)) * 1_000,
            "hub": self._hall.hub.name,
            "labels": ["joins"],
            **self._servers.to_pages,
            **way.options,
        }
        for page, name in zip(pages, names, strict=True):
            page.do("starter.begin", {"name": name, **options})
        for page in pages:
            yield page.do("starter.ended")

    def _names(self, prefix: str, count: int) -> Iterator[str]:
        for _ in range(count):
            yield f"{self._hall.session_id}-{prefix}-{next(self._numbers)}"

    def _url(self, name: str) -> str:
        return f"{self._servers.app}/newcomer/{self._hall.session_id}/{name}"

"""How long a newcomer takes from its script's start until its channel is open."""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Browser

from .hall import Hall, Page
from .samples import Samples
from .servers import Servers

LEAD_SECONDS = 0.1
"""For each page of a crowd: how long before they start they are told when that is."""


@dataclass(frozen=True)
class Way:
    """A system, and what its newcomers' pages load."""

    name: str
    scripts: tuple[str, ...]
    options: Mapping[str, object] = field(default_factory=dict)


BARE = Way("bare", ("/bundles/join_bare.js",))
BARE_OFFERS = Way("bare, the newcomer offers", ("/bundles/join_bare.js",), {"offers": True})
OURS = Way("ours", ("/bundles/join_ours.js", "p2p"))
PEERJS = Way("PeerJS", ("/bundles/join_peerjs.js",))
WAYS = (BARE, BARE_OFFERS, OURS, PEERJS)


class Lobby:
    """Pages in which newcomers arrive, again and again, at a hub that stays."""

    def __init__(self, browser: Browser, servers: Servers, size: int) -> None:
        # One channel each.
        self._hall = Hall(
            browser,
            servers,
            ("bare", "ours", "peerjs"),
            labels=["joins"],
            serializations=["binary"],
        )
        self._servers = servers
        self._numbers = itertools.count(1)
        self._pages = [Page(browser, self._url(name), name) for name in self._names("first", size)]

    def single(self, rounds: int) -> dict[str, Samples]:
        """Return the milliseconds of one newcomer."""
        return self._rounds(1, rounds)

    def crowd(self, rounds: int) -> dict[str, Samples]:
        """Return the milliseconds until the last of all of them at once was in."""
        return self._rounds(len(self._pages), rounds)

    def close(self) -> None:
        for page in self._pages:
            page.close()
        self._hall.close()

    def _rounds(self, size: int, rounds: int) -> dict[str, Samples]:
        values: dict[str, list[float]] = {way.name: [] for way in WAYS}
        for number in range(rounds + 1):
            for way in WAYS:
                taken = max(self._arrive(way, self._pages[:size]))
                if number > 0:  # The first ones warm it up.
                    values[way.name].append(taken)
        return {name: Samples(each) for name, each in values.items()}

    def _arrive(self, way: Way, pages: list[Page]) -> Iterator[float]:
        """Let pages arrive at once; yield how long each takes."""
        names = list(self._names("newcomer", len(pages)))
        for page, name in zip(pages, names, strict=True):
            page.go(self._url(name))
            page.do("starter.preload", way.scripts)
        options = {
            "specifier": way.scripts[0],
            "at": (time.time() + LEAD_SECONDS * len(pages)) * 1_000,
            "hub": self._hall.hub.name,
            "bareRelay": self._servers.bare_relay,
            "peerServer": self._servers.peer_server,
            "labels": ["joins"],
            **way.options,
        }
        for page, name in zip(pages, names, strict=True):
            page.do("starter.begin", {"name": name, **options})
        for page in pages:
            yield page.do("starter.ended")["mls"]

    def _names(self, prefix: str, count: int) -> Iterator[str]:
        for _ in range(count):
            yield f"{self._hall.session_id}-{prefix}-{next(self._numbers)}"

    def _url(self, name: str) -> str:
        return f"{self._servers.app}/newcomer/{self._hall.session_id}/{name}"

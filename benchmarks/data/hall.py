"""Pages that are connected in every system at once, one of them the hub of all."""

import itertools
from collections.abc import Sequence

from playwright.sync_api import Browser

from benchmarks.pages import Page

from .rounds import SYSTEMS
from .servers import Servers


class Guest(Page):
    """One page of a hall, or of a newcomer."""

    def go(self, url: str) -> None:
        super().go(url)
        self._page.wait_for_function("globalThis.bench ?? globalThis.starter")


class Hall:
    """A hub, which hosts our session, and those who are connected to it.

    :param away: the browser of the others, where that isn't the hub's.
    """

    _numbers = itertools.count(1)

    def __init__(
        self,
        browser: Browser,
        servers: Servers,
        kinds: Sequence[str] = tuple(SYSTEMS),
        away: Browser | None = None,
        **options: object,
    ) -> None:
        self.session_id = f"hall-{next(self._numbers)}"
        self.others: list[Guest] = []
        self._away = away or browser
        self._servers = servers
        self._kinds = kinds
        self._options = {**servers.to_pages, **options}
        self.hub = self._enter(browser, "hub")
        self.hub.do("bench.sees", 0)

    def grow(self, size: int) -> None:
        """Let others come until there are so many, all connected."""
        while len(self.others) < size:
            page = self._enter(self._away, f"other-{len(self.others) + 1}")
            page.do("bench.join", self.hub.name)
            self.others.append(page)
        self.hub.do("bench.sees", size)

    def _enter(self, browser: Browser, name: str) -> Guest:
        # Names that no other hall has: the relay and PeerServer know nothing of sessions.
        name = f"{self.session_id}-{name}"
        framed = "ours" in self._kinds
        path = f"hall/{self.session_id}/{name}" if framed else "frameless"
        page = Guest(browser, f"{self._servers.app}/{path}", name)
        page.do("bench.enter", {"name": name, "kinds": self._kinds, **self._options})
        return page

    def close(self) -> None:
        for page in [*self.others, self.hub]:
            page.close()

"""The pages of one session, and the ways in which one of them goes."""

import itertools
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Error

from benchmarks.pages import Page

SCRIPTS = tuple(
    Path(__file__).with_name(name).read_text() for name in ("recorder.js", "channels.js")
)


class Member(Page):
    """A page with one frame, which joins when it is made."""

    def __init__(self, browser: Browser, url: str, session_id: str, peer_id: str) -> None:
        self._url = url
        super().__init__(browser, f"{url}/page/{session_id}/{peer_id}", peer_id, SCRIPTS)

    @property
    def is_host(self) -> bool:
        return bool(self.do("recorder.isHost"))

    # How it goes. Each returns when that was, in milliseconds since 1970.

    def leave(self) -> float:
        """Go to another page of the same site."""
        self.go(f"{self._url}/left")
        return float(self._page.evaluate("sessionStorage.lostAt"))

    def crash(self) -> float:
        """Let the renderer crash, so that no handler runs."""
        at = float(self.do("recorder.now"))
        with self._page.expect_event("crash"), suppress(Error):
            self._page.goto("chrome://crash")
        return at

    def freeze(self) -> float:
        """Stop the page's main thread; its sockets and connections stay open."""
        self.devtools().send("Debugger.enable")
        return float(self.do("recorder.freeze"))


class Session:
    """Pages that join one session, one after the other."""

    _numbers = itertools.count(1)

    def __init__(self, browser: Browser, url: str) -> None:
        self.pages: list[Member] = []
        self._browser = browser
        self._url = url
        self._id = f"pages-{next(self._numbers)}"
        self._peers = itertools.count(1)

    def grow(self, size: int) -> None:
        """Let pages join until there are so many, and all see each other."""
        while len(self.pages) < size:
            peer_id = f"peer-{next(self._peers)}"
            self.pages.append(Member(self._browser, self._url, self._id, peer_id))
            self.pages[-1].do("recorder.joined")
        for page in self.pages:
            page.do("recorder.sees", size)

    @property
    def host(self) -> Member:
        [host] = [page for page in self.pages if page.is_host]
        return host

    def close(self) -> None:
        for page in self.pages:
            page.close()

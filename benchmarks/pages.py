"""Real pages in one Chromium, each in a context of its own."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Error, sync_playwright

from tests.kit.chromium import FLAGS

SCRIPTS = [Path(__file__).with_name(name).read_text() for name in ("recorder.js", "channels.js")]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run the system's Chromium, or else the one that Playwright has downloaded."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Page:
    """One page with one frame, which joins when it is made."""

    def __init__(self, browser: Browser, url: str, session_id: str, peer_id: str) -> None:
        self.peer_id = peer_id
        self._url = url
        self._context = browser.new_context()
        self._page = self._context.new_page()
        for script in SCRIPTS:
            self._page.add_init_script(script)
        self._page.goto(f"{url}/page/{session_id}/{peer_id}")

    def do(self, script: str, argument: object = None) -> Any:
        """Run a script in the page, and wait for what it returns."""
        return self._page.evaluate(script, argument)

    @property
    def is_host(self) -> bool:
        return bool(self.do("document.querySelector('p2p-frame').iamHost"))

    def devtools(self) -> CDPSession:
        return self._context.new_cdp_session(self._page)

    # How it goes. Each returns when that was, in milliseconds since 1970.

    def leave(self) -> float:
        """Go to another page of the same site."""
        self._page.goto(f"{self._url}/left")
        return float(self.do("sessionStorage.lostAt"))

    def crash(self) -> float:
        """Let the renderer crash, so that no handler runs."""
        at = float(self.do("recorder.now()"))
        with self._page.expect_event("crash"), suppress(Error):
            self._page.goto("chrome://crash")
        return at

    def freeze(self) -> float:
        """Stop the page's main thread; its sockets and connections stay open."""
        self.devtools().send("Debugger.enable")
        return float(self.do("recorder.freeze()"))

    def close(self) -> None:
        self._context.close()


class Session:
    """Pages that join one session, one after the other."""

    _numbers = itertools.count(1)

    def __init__(self, browser: Browser, url: str) -> None:
        self.pages: list[Page] = []
        self._browser = browser
        self._url = url
        self._id = f"pages-{next(self._numbers)}"
        self._peers = itertools.count(1)

    def grow(self, size: int) -> None:
        """Let pages join until there are so many, and all see each other."""
        while len(self.pages) < size:
            peer_id = f"peer-{next(self._peers)}"
            self.pages.append(Page(self._browser, self._url, self._id, peer_id))
            self.pages[-1].do("recorder.joined()")
        for page in self.pages:
            page.do("count => recorder.sees(count)", size)

    @property
    def host(self) -> Page:
        [host] = [page for page in self.pages if page.is_host]
        return host

    def close(self) -> None:
        for page in self.pages:
            page.close()

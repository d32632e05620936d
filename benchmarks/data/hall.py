"""Pages that are connected in every system at once, one of them the hub of all."""

import itertools
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, CDPSession

from .servers import Servers

KINDS = ("bare", "ours", "peerjs", "simple")
TIMEOUT_MLS = 120_000


class Page:
    """One page of a hall, in a context and so in a process of its own."""

    def __init__(self, browser: Browser, url: str, name: str) -> None:
        self.name = name
        self._context = browser.new_context()
        self._context.set_default_timeout(TIMEOUT_MLS)
        self._page = self._context.new_page()
        self.go(url)

    def go(self, url: str) -> None:
        """Go to another page of the same site, which leaves what was."""
        self._page.goto(url)
        self._page.wait_for_function("globalThis.bench ?? globalThis.starter")

    def do(self, call: str, argument: object = None) -> Any:
        """Call a function of the page's, and wait for what it returns."""
        late = f"new Promise((_, fail) => {{ setTimeout(fail, {TIMEOUT_MLS}, '{call} hangs') }})"
        return self._page.evaluate(f"it => Promise.race([{call}(it), {late}])", argument)

    def devtools(self) -> CDPSession:
        return self._context.new_cdp_session(self._page)

    def close(self) -> None:
        self._context.close()


class Hall:
    """A hub, which hosts our session, and those who are connected to it."""

    _numbers = itertools.count(1)

    def __init__(
        self,
        browser: Browser,
        servers: Servers,
        kinds: Sequence[str] = KINDS,
        **options: object,
    ) -> None:
        self.session_id = f"hall-{next(self._numbers)}"
        self.others: list[Page] = []
        self._browser = browser
        self._servers = servers
        self._kinds = kinds
        self._options = {
            "bareRelay": servers.bare_relay,
            "simpleRelay": servers.simple_relay,
            "peerServer": servers.peer_server,
            **options,
        }
        self.hub = self._enter("hub")
        self.hub.do("bench.sees", 0)

    def grow(self, size: int) -> None:
        """Let others come until there are so many, all connected."""
        while len(self.others) < size:
            page = self._enter(f"other-{len(self.others) + 1}")
            page.do("bench.join", self.hub.name)
            self.others.append(page)
        self.hub.do("bench.sees", size)

    def _enter(self, name: str) -> Page:
        # Names that no other hall has: the relay and PeerServer know nothing of sessions.
        name = f"{self.session_id}-{name}"
        framed = "ours" in self._kinds
        path = f"hall/{self.session_id}/{name}" if framed else "frameless"
        page = Page(self._browser, f"{self._servers.app}/{path}", name)
        page.do("bench.enter", {"name": name, "kinds": self._kinds, **self._options})
        return page

    def close(self) -> None:
        for page in [*self.others, self.hub]:
            page.close()

"""Real pages in one Chromium, each in a context of its own, and so in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

from tests.kit.chromium import FLAGS, program

TIMEOUT_MS = 120_000


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run the system's Chromium, or else the one that Playwright has downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


class Page:
    """One page.

    :param scripts: run before anything else in it.
    """

    def __init__(
        self, browser: Browser, url: str, name: str, scripts: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self._context = browser.new_context()
        self._context.set_default_timeout(TIMEOUT_MS)
        self._page = self._context.new_page()
        for script in scripts:
            self._page.add_init_script(script)
        self.go(url)

    def go(self, url: str) -> None:
        """Go to another page of the same site, which leaves what was."""
        self._page.goto(url)

    def do(self, call: str, argument: object = None) -> Any:
        """Call a function of the page's, and wait for what it returns."""
        late = f"new Promise((_, fail) => {{ setTimeout(fail, {TIMEOUT_MS}, '{call} hangs') }})"
        return self._page.evaluate(f"it => Promise.race([{call}(it), {late}])", argument)

    def devtools(self) -> CDPSession:
        return self._context.new_cdp_session(self._page)

    def close(self) -> None:
        self._context.close()

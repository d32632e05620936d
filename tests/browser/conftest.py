import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.servers import Server, running

from .peers import Room

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A machine whose only interface is the loopback one has no other candidates.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            # The system's, or else the one that Playwright has downloaded.
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=FLAGS,
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def servers() -> "Iterator[dict[str, Server]]":
    """The test pages' server on each async mode, started when first asked for."""
    with ExitStack() as stack:
        yield _Servers(stack)


class _Servers(dict[str, Server]):
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __missing__(self, mode: str) -> Server:
        self[mode] = self._stack.enter_context(running("tests.browser.pages_app", mode))
        return self[mode]


@pytest.fixture
def room(
    browser: Browser, servers: dict[str, Server], request: pytest.FixtureRequest
) -> Iterator[Room]:
    """A room on the server of the test's async mode (eventlet, unless it is parametrized)."""
    room = Room(browser, servers[getattr(request, "param", "eventlet")].url)
    yield room
    room.close()

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.kit.chromium import FLAGS, whole_program
from tests.kit.pages import Room, pages
from tests.kit.servers import Server, running

from .circle import Circle, Circles


@pytest.fixture(scope="session")
def servers() -> "Iterator[dict[str, Server]]":
    """The test pages' server on each async mode, started when first asked for."""
    with ExitStack() as stack:
        yield _Servers(stack)


class _Servers(dict[str, Server]):
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __missing__(self, mode: str) -> Server:
        self[mode] = self._stack.enter_context(pages(mode))
        return self[mode]


@pytest.fixture
def room(
    browser: Browser, servers: dict[str, Server], request: pytest.FixtureRequest
) -> Iterator[Room]:
    """A room on the server of the test's async mode (eventlet, unless it is parametrized)."""
    room = Room(browser, servers[getattr(request, "param", "eventlet")].url)
    yield room
    room.close()


@pytest.fixture
def other(browser: Browser, servers: dict[str, Server]) -> Iterator[Room]:
    """Another room on the same server."""
    other = Room(browser, servers["eventlet"].url)
    yield other
    other.close()


@pytest.fixture
def caching_room(room: Room) -> Iterator[Room]:
    """The same room in a Chromium that keeps pages for the way back, which Playwright turns off."""
    launcher = room.browser.browser_type
    browser = launcher.launch(
        executable_path=whole_program() or launcher.executable_path,
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    caching = Room(browser, room.url)
    caching.session_id = room.session_id
    yield caching
    caching.close()
    browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the example app is."""
    with running("example_app", "--port") as server:
        yield server.url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def crowd(browser: Browser) -> Iterator[BrowserContext]:
    """Where those are whom nobody looks at."""
    crowd = browser.new_context()
    yield crowd
    crowd.close()


@pytest.fixture(scope="module")
def circles(
    browser: Browser, servers: dict[str, Server], request: pytest.FixtureRequest
) -> Iterator[Circles]:
    """The pages that the tests of a module share, as joining takes longer than most of them."""
    config = getattr(request.module, "CONFIG", {})
    circles = Circles(browser, servers["eventlet"].url, request.module.PEERS, config)
    yield circles
    circles.close()


@pytest.fixture
def circle(circles: Circles, request: pytest.FixtureRequest) -> Iterator[Circle]:
    """A host and clients, with nothing left of the tests before."""
    with circles.lend(request.session) as circle:
        yield circle

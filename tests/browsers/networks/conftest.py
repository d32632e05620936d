from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.kit.chromium import FLAGS, program
from tests.kit.nats import Nat
from tests.kit.network import Network
from tests.kit.pages import Room
from tests.kit.streams import Meeting, Speaker

from .lab import Site, Turn
from .paths import RECORDER


class LateBrowser:
    """A browser that is started when somebody sits down at it: few tests need all of them."""

    def __init__(self, launch: Callable[[], Browser]) -> None:
        self._launch = launch
        self._browser: Browser | None = None

    def new_context(self) -> BrowserContext:
        self._browser = self._browser or self._launch()
        return self._browser.new_context()

    def close(self) -> None:
        if self._browser:
            self._browser.close()


class Place:
    """A network with the pages' servers in its hub, and a Chromium on each computer."""

    def __init__(self, network: Network, browser: Browser) -> None:
        self.network = network
        self._browser = browser
        self._stack = ExitStack()
        self._browsers: dict[str, LateBrowser] = {}
        self._sites: dict[str, Site] = {}
        self.site()

    def add(self, name: str) -> None:
        self.network.add(name)
        self._stack.enter_context(self.browsing(name))

    def add_behind_nat(self, name: str) -> Nat:
        nat = Nat(self.network, name)
        self._stack.enter_context(self.browsing(name))
        return nat

    @contextmanager
    def browsing(self, name: str) -> Iterator[None]:
        """Run a Chromium on a computer that is there."""
        path = program() or self._browser.browser_type.executable_path
        script = self.network.script(name, path)
        launch = self._browser.browser_type.launch
        self._browsers[name] = LateBrowser(lambda: launch(executable_path=script, args=FLAGS))
        yield
        self._browsers.pop(name).close()

    def site(self, **flask: Any) -> Site:
        """Return the server whose app is configured so; it stays, for the tests that come."""
        key = repr(sorted(flask.items()))
        if key not in self._sites:
            self._sites[key] = Site(self.network, self._stack, **flask)
        return self._sites[key]

    @contextmanager
    def meeting(
        self, record: Callable[[str, object], None], site: Site | None = None
    ) -> "Iterator[NetMeeting]":
        with ExitStack() as stack:
            url = (site or self.site()).url
            rooms = {
                name: Room(cast("Browser", browser), url)
                for name, browser in self._browsers.items()
            }
            first = next(iter(rooms.values()))
            for room in rooms.values():
                room.session_id = first.session_id
                stack.callback(room.close)
            # A test that fails in the middle of a cut must not take those after it along.
            for name in rooms:
                stack.callback(self.network.mend, name)
            yield NetMeeting(first, record, rooms)

    def close(self) -> None:
        self._stack.close()


class NetMeeting(Meeting):
    """A session whose speakers sit at different computers."""

    def __init__(
        self, room: Room, record: Callable[[str, object], None], rooms: dict[str, Room]
    ) -> None:
        super().__init__(room, record)
        self.rooms = rooms
        # Browsers say in the console what they don't reach.
        self.tolerated = (*self.tolerated, "WebSocket connection to", "net::ERR_", "status of 400")

    def gather(self, *names: str, **options: Any) -> list[Speaker]:
        """Let each of them join from the computer of its name's first letter."""
        return [self.join(name, **self._seat(name), **options)[0] for name in names]

    def sit_down(self, name: str) -> Speaker:
        """Open such a page without waiting for its state."""
        return self.open(name, **self._seat(name))

    def _seat(self, name: str) -> dict[str, Any]:
        rooms = {name[0]: room for name, room in self.rooms.items()}
        return {"room": rooms[name[0]], "init_script": RECORDER}


@pytest.fixture(scope="session")
def place(browser: Browser) -> Iterator[Place]:
    """Three computers, named after those that sit there."""
    with ExitStack() as stack:
        network = Network()
        stack.callback(network.close)
        place = Place(network, browser)
        stack.callback(place.close)
        for name in ("ann", "bob", "cem"):
            place.add(name)
        yield place


@pytest.fixture
def meeting(place: Place, record_property: Callable[[str, object], None]) -> Iterator[NetMeeting]:
    with place.meeting(record_property) as meeting:
        yield meeting


@pytest.fixture
def meet(
    place: Place, record_property: Callable[[str, object], None]
) -> Iterator[Callable[[Site], NetMeeting]]:
    """Begin a session with the server of one's choice."""
    with ExitStack() as stack:
        yield lambda site: stack.enter_context(place.meeting(record_property, site))


@pytest.fixture(scope="session")
def homes(place: Place) -> tuple[Nat, Nat]:
    """Two more computers, dan's and eve's, each behind a NAT of its own."""
    return place.add_behind_nat("dan"), place.add_behind_nat("eve")


@pytest.fixture
def nats(homes: tuple[Nat, Nat]) -> Iterator[tuple[Nat, Nat]]:
    """These two, with symmetric NATs; what a test has done to the NATs is mended after it."""
    for nat in homes:
        nat.translate(symmetric=True)
    yield homes
    for nat in homes:
        nat.mend()


@pytest.fixture(scope="session")
def turn(place: Place) -> Iterator[Turn]:
    """A TURN server in the hub."""
    with ExitStack() as stack:
        yield Turn(place.network, stack)

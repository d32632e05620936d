import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser

from tests.kit.chromium import FLAGS, program
from tests.kit.network import HUB, Network
from tests.kit.pages import OPTIONS, PAGES, Room
from tests.kit.servers import on, started
from tests.kit.streams import Meeting

PORT = 5000
WAIT = f"""
from tests.kit.servers import listens
from tests.kit.waiting import until
until(lambda: listens({PORT}), "The server isn't listening.")
"""


class Place:
    """A network with the pages' server in its hub, and a Chromium on each computer."""

    def __init__(self, network: Network, browser: Browser) -> None:
        self.network = network
        self._browser = browser
        self._stack = ExitStack()
        self._stack.enter_context(serving(network))
        self._browsers: dict[str, Browser] = {}

    def add(self, name: str) -> None:
        self.network.add(name)
        self._stack.enter_context(self.browsing(name))

    @contextmanager
    def browsing(self, name: str) -> Iterator[None]:
        """Run a Chromium on a computer that is there."""
        path = program() or self._browser.browser_type.executable_path
        script = self.network.script(name, path)
        launch = self._browser.browser_type.launch
        self._browsers[name] = launch(executable_path=script, args=FLAGS)
        yield
        self._browsers.pop(name).close()

    @contextmanager
    def meeting(self, record: Callable[[str, object], None]) -> "Iterator[NetMeeting]":
        with ExitStack() as stack:
            url = f"http://{HUB}:{PORT}"
            rooms = {name: Room(browser, url) for name, browser in self._browsers.items()}
            first = next(iter(rooms.values()))
            for room in rooms.values():
                room.session_id = first.session_id
                stack.callback(room.close)
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
        self.tolerated = (*self.tolerated, "WebSocket connection to", "net::ERR_")


@contextmanager
def serving(network: Network) -> Iterator[None]:
    # A server and a page that have lost each other find out within the test.
    options = {**OPTIONS, "ping_interval": 1, "ping_timeout": 1}
    config = json.dumps(on("eventlet", **PAGES, options=options, host="0.0.0.0"))
    with started(
        lambda _: ["-m", "tests.kit.app", config, str(PORT)], before=network.command("hub")
    ):
        subprocess.run(network.command("hub", sys.executable, "-c", WAIT), check=True)
        yield


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

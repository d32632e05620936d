import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.server.wire import Wire, get, until
from tests.support.servers import running

MODES = ["eventlet", "gevent", "threading"]
Open = Callable[[], Wire]


@pytest.fixture(scope="session", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    # All of them come from one address.
    with running("tests.server.app", request.param, '{"P2P_JOIN_RATE": null}') as server:
        yield server.url


@pytest.fixture
def open_wire(url: str) -> Iterator[Open]:
    """Open WebSockets that are closed afterwards; then the server must hold nothing of them."""
    with ExitStack() as stack:

        def open_one() -> Wire:
            wire = Wire(url)
            stack.callback(wire.close)
            return wire

        yield open_one
    assert_nothing_is_held(url)


def assert_nothing_is_held(url: str) -> None:
    held: dict[str, int] = {}

    def nothing() -> bool:
        held.update(json.loads(get(f"{url}/held")))
        return not any(held.values())

    until(nothing, lambda: f"The server still holds {held}.")

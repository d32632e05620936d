import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.security.attacker import Attacker
from tests.security.healthy import Healthy, name_of_a_session
from tests.server.wire import get, until
from tests.support.servers import running

MODES = ["eventlet", "gevent", "threading"]
# Each refusal is to be seen for itself; the limits have tests of their own.
UNLIMITED = {"P2P_SIGNAL_RATE": None, "P2P_SESSION_SIGNAL_RATE": None, "P2P_JOIN_RATE": None}
Open = Callable[[], Attacker]


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with running("tests.security.app", request.param, json.dumps(UNLIMITED)) as server:
        yield server.url


@pytest.fixture
def open_wire(url: str) -> Iterator[Open]:
    """Open WebSockets that are closed afterwards; then the server must hold nothing of them."""
    with ExitStack() as stack:

        def open_one() -> Attacker:
            wire = Attacker(url)
            stack.callback(wire.close)
            return wire

        yield open_one
    assert_nothing_is_held(url)


@pytest.fixture
def healthy(open_wire: Open) -> Iterator[Healthy]:
    with Healthy(open_wire(), open_wire(), name_of_a_session()).negotiating() as session:
        yield session


def assert_nothing_is_held(url: str) -> None:
    held: dict[str, int] = {}

    def nothing() -> bool:
        held.update(json.loads(get(f"{url}/held")))
        return not any(held.values())

    until(nothing, lambda: f"The server still holds {held}.")

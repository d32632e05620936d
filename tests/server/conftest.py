from collections.abc import Callable, Iterator

import pytest

from tests.kit.servers import running
from tests.server.leaks import without_leaks
from tests.server.wire import Wire

MODES = ["eventlet", "gevent", "threading"]
Open = Callable[[], Wire]


@pytest.fixture(scope="session", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    # All of them come from one address.
    with running("tests.server.app", request.param, '{"P2P_JOIN_RATE": null}') as server:
        yield server.url


@pytest.fixture
def open_wire(url: str) -> Iterator[Open]:
    with without_leaks(url, Wire) as open_one:
        yield open_one

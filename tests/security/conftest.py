import json
from collections.abc import Callable, Iterator

import pytest

from tests.kit.servers import running
from tests.security.attacker import Attacker
from tests.security.healthy import Healthy, name_of_a_session
from tests.server.leaks import without_leaks

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
    with without_leaks(url, Attacker) as open_one:
        yield open_one


@pytest.fixture
def healthy(open_wire: Open) -> Iterator[Healthy]:
    with Healthy(open_wire(), open_wire(), name_of_a_session()).negotiating() as session:
        yield session

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest

from flask_p2p_streams.signaling import host_probe
from tests.kit.fixtures import Open
from tests.kit.fixtures import open_wire as open_wire
from tests.kit.servers import MODES, PATIENT, Server, app
from tests.security.healthy import Healthy, name_of_a_session

# Each refusal is to be seen for itself; the limits have tests of their own.
RATES = ("P2P_SIGNAL_RATE", "P2P_SESSION_SIGNAL_RATE", "P2P_JOIN_RATE")
UNLIMITED: dict[str, Any] = dict.fromkeys(RATES)
PAUSES = (*host_probe.PAUSES[:-1], 10.0)
# A host that gets no turn when it is asked whether it lives hasn't gone.
PROBES = {
    "flask_p2p_streams.signaling.host_probe.PAUSES": PAUSES,
    "flask_p2p_streams.signaling.host_probe.PROBE_TIMEOUT": sum(PAUSES),
}
PROXIED = {"x_for": 1, "x_proto": 1, "x_host": 1}
# An app that uses Socket.IO for itself, over whatever transport, and takes files there.
OWN: dict[str, Any] = {
    "own_socketio": True,
    "options": {**PATIENT["options"], "async_handlers": False},
}

BEHIND: dict[str, Any] = {"flask": PATIENT["flask"], **OWN, "handlers": ["own"]}


def attacked(
    mode: str,
    *,
    own: bool = False,
    proxied: bool = False,
    constants: Mapping[str, Any] = {},
    keepers: Mapping[str, str] = {},
    **config: Any,
) -> AbstractContextManager[Server]:
    """Run the server that is attacked; it tells what it has written."""
    return app(
        mode,
        flask={"P2P_HOST_GRACE": 0.5, "P2P_JOIN_TIMEOUT": 60, **config},
        **({**OWN, "handlers": ["chat"]} if own else {"options": PATIENT["options"]}),
        proxy=PROXIED if proxied else None,
        log="DEBUG",
        overheard=True,
        constants={**PROBES, **constants},
        **keepers,
    )


def behind(mode: str) -> AbstractContextManager[Server]:
    """Run an app with a `SocketIO` of its own, of which no proxy shows `/admin/`."""
    return app(mode, **BEHIND)


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, **UNLIMITED) as server:
        yield server.url


@pytest.fixture
def healthy(open_wire: Open) -> Iterator[Healthy]:
    with Healthy(open_wire(), open_wire(), name_of_a_session()).negotiating() as session:
        yield session

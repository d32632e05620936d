from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.kit.fixtures import open_wire as open_wire
from tests.kit.servers import MODES, PATIENT, Server, app


def site(mode: str, **config: object) -> AbstractContextManager[Server]:
    """Run an app that counts, and uses Socket.IO for something else, too."""
    small = {"P2P_HOST_GRACE": 0.5, "P2P_MAX_SIGNAL_BYTES": 16_384}
    return app(
        mode,
        flask={**PATIENT["flask"], **small, **config},
        options=PATIENT["options"],
        counting_store=True,
        handlers=["other"],
        # A client's address is what the last proxy says that it is.
        proxy={},
    )


@pytest.fixture(scope="session", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with site(request.param) as server:
        yield server.url

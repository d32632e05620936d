"""Fixtures that several folders have in common."""

from collections.abc import Callable, Iterator

import pytest

from tests.kit.leaks import without_leaks
from tests.kit.stores import StoreServer, running_redis
from tests.kit.wire import Wire

Open = Callable[[], Wire]


@pytest.fixture(scope="module")
def redis() -> Iterator[StoreServer]:
    """A Redis for the tests of one module: workers that have ended stay listed for a while."""
    with running_redis() as server:
        yield server


@pytest.fixture
def open_wire(url: str) -> Iterator[Open]:
    """Open connections to the server at `url`, which holds nothing of them afterwards."""
    with without_leaks(url, Wire) as open_one:
        yield open_one

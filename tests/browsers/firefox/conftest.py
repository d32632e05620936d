from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.kit.pages import Room, pages
from tests.kit.streams import Meeting

from .firefox import Firefox


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    firefox = Firefox()
    yield firefox
    firefox.close()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with pages("eventlet") as server:
        yield server.url


@pytest.fixture
def meeting(
    browser: Browser, url: str, record_property: Callable[[str, object], None]
) -> Iterator[Meeting]:
    room = Room(browser, url)
    yield Meeting(room, record_property)
    room.close()

"""Pages that come in pieces: by Turbo under a strict policy, by htmx, and glued together."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.chromium import PATIENCE_MS
from tests.kit.servers import running


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running("tests.browsers.chromium.layouts_app") as server:
        yield server.url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page, in which no error goes by unseen."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def wait_for_frame(page: Page, within: str = "body") -> None:
    page.wait_for_selector(
        f"{within} p2p-frame[state=connected]", state="attached", timeout=PATIENCE_MS
    )


def test_turbo_visits_under_a_strict_policy(page: Page, url: str) -> None:
    page.goto(f"{url}/turbo-start/{uuid4()}/ann")
    page.evaluate("window.stays = true")
    for _ in range(2):
        page.click("#enter")
        wait_for_frame(page)
        page.click("#leave")
        page.wait_for_selector("#enter")
    assert page.evaluate("window.stays")
    assert page.evaluate("window.violations") == []


@pytest.mark.parametrize("head", ["with", "without"])
def test_a_fragment_of_htmx(page: Page, url: str, head: str) -> None:
    page.goto(f"{url}/htmx/{head}/{uuid4()}/ann")
    for _ in range(2):
        page.evaluate("document.querySelector('#here').replaceChildren()")
        page.click("button")
        wait_for_frame(page)


def test_a_page_that_is_glued(page: Page, url: str) -> None:
    page.goto(f"{url}/glued/{uuid4()}/x")
    wait_for_frame(page, "#ann")
    wait_for_frame(page, "#bob")
    imported = "import('p2p').then(({ P2pController }) => typeof P2pController)"
    assert page.evaluate(imported) == "function"

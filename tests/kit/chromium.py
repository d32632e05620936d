"""The one Chromium of a test process: Playwright doesn't bear two of its own at once."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.kit.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A machine whose only interface is the loopback one has no other candidates.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


PATIENCE_MS = 1000 * PATIENCE

HEADLESS_SHELL = "chromium-headless-shell"
"""The same engine without a user interface: a page costs a fifth of the processor's time."""


def program() -> str | None:
    """Return where the Chromium for the tests is; None where there is only Playwright's own."""
    return os.environ.get("CHROMIUM") or shutil.which(HEADLESS_SHELL) or shutil.which("chromium")


def whole_program() -> str | None:
    """Return where a Chromium with all its parts is, for what the headless shell can't do."""
    given = os.environ.get("CHROMIUM")
    return given if given and HEADLESS_SHELL not in given else shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    # Most tests need no browser, and import nothing of it.
    from playwright.sync_api import expect, sync_playwright

    # Not the five seconds that it waits otherwise: a busy machine is no failure.
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield chromium
        chromium.close()

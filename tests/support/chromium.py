"""The one Chromium of a test run: Playwright doesn't bear two of its own at once."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    # Most tests need no browser, and import nothing of it.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            # The system's, or else the one that Playwright has downloaded.
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=FLAGS,
        )
        yield chromium
        chromium.close()

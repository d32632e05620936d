"""Peers in real pages, and what the tests ask of them."""

import itertools
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page

from tests.kit.chromium import PATIENCE_MS
from tests.kit.servers import Server, app
from tests.kit.waiting import until

TIMEOUT_MS = PATIENCE_MS
PAGES: dict[str, Any] = {
    # Long enough for a host to come back on a busy machine.
    "flask": {"P2P_HOST_GRACE": 10},
    "own_socketio": True,
    "handlers": ["root"],
    "controllers": True,
}
"""The app whose pages are opened."""
OPTIONS: dict[str, Any] = {"transports": ["websocket"], "async_handlers": False}
FRAME = "document.querySelector('p2p-frame')"
# Keeps what a page asked for in place of its token, and what it was answered. (DevTools may
# have dropped the body of an answer by the time that a test asks for it.)
RENEWALS = """
  const { fetch } = window
  window.renewals = []
  window.fetch = async (url, options) => {
    const response = await fetch(url, options)
    if (String(url).endsWith("/p2p/token")) {
      renewals.push({ asked: JSON.parse(options.body), answer: await response.clone().json() })
    }
    return response
  }
"""


def pages(mode: str) -> AbstractContextManager[Server]:
    """Run the server of the pages on an async mode."""
    return app(mode, **PAGES, options=OPTIONS)


class Peer:
    """One page with one `<p2p-frame>`, in a browser context of its own."""

    def __init__(self, page: Page, peer_id: str) -> None:
        self.page = page
        self.peer_id = peer_id

    # What it does

    def send(self, data: object) -> None:
        """Send a message and wait until it is shown here."""
        self.page.evaluate(f"data => {FRAME}.send(data)", data)

    def call(self, method: str) -> None:
        self.page.evaluate(f"void {FRAME}.{method}()")

    def freeze(self) -> None:
        """Stop the page's main thread; its sockets and connections stay open."""
        self._devtools = self.page.context.new_cdp_session(self.page)
        stops: list[object] = []
        self._devtools.on("Debugger.paused", lambda stop: stops.append(stop))
        self._devtools.send("Debugger.enable")
        self._devtools.send("Debugger.pause")
        # That is where it does the next thing; what hasn't stopped can't be told to go on.
        until(
            lambda: stops,
            f"{self.peer_id} doesn't stop.",
            # Events come in while Playwright waits.
            meanwhile=lambda: self.page.wait_for_timeout(10),
        )

    def thaw(self) -> None:
        self._devtools.send("Debugger.resume")
        self._devtools.detach()

    # What it waits for

    def wait_for_state(self, state: str) -> "Peer":
        self.page.wait_for_selector(
            f"p2p-frame[state={state}]", state="attached", timeout=TIMEOUT_MS
        )
        return self

    def wait_for_role(self, role: str) -> "Peer":
        self.page.wait_for_selector(
            f"p2p-frame[state=connected][peer-role={role}]", state="attached", timeout=TIMEOUT_MS
        )
        return self

    def wait_for_peers(self, expected: dict[str, str]) -> "Peer":
        same = f"""expected => {{
          const actual = Object.fromEntries({FRAME}.peers)
          const ids = Object.keys({{ ...expected, ...actual }})
          return ids.every((id) => actual[id] === expected[id])
        }}"""
        self._wait(same, expected, lambda: self.peers)
        return self

    def wait_for_messages(self, expected: list[tuple[str, object]]) -> "Peer":
        enough = """count => {
          return window.events.filter(({ detail }) => detail.type === "Data").length >= count
        }"""
        self._wait(enough, len(expected), lambda: self.messages)
        assert self.messages == expected
        return self

    def wait_for_error(self, code: str) -> "dict[str, Any]":
        found = "code => window.events.find(({ detail }) => detail.code === code)"
        handle = self.page.wait_for_function(found, arg=code, timeout=TIMEOUT_MS)
        return dict(handle.json_value()["detail"])

    def wait_for_sockets(self, count: int) -> None:
        """Wait until the server holds that many sockets."""
        holds = "async (count) => (await (await fetch('/sockets')).json()).count === count"
        self._wait(
            holds, count, lambda: self.page.evaluate("fetch('/sockets').then((r) => r.json())")
        )

    # What it sees

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(self.page.evaluate("window.events"))

    @property
    def messages(self) -> list[tuple[str, object]]:
        details = [event["detail"] for event in self.events if event["name"] == "message"]
        return [(one["senderId"], one["data"]) for one in details if one["type"] == "Data"]

    @property
    def peers(self) -> dict[str, str]:
        return dict(self.page.evaluate(f"Object.fromEntries({FRAME}.peers)"))

    @property
    def epoch(self) -> int:
        return int(self.page.evaluate(f"{FRAME}.epoch"))

    @property
    def state(self) -> str:
        return str(self.page.evaluate(f"{FRAME}.state"))

    # Private

    def _wait(self, condition: str, arg: object, seen: Any) -> None:
        try:
            self.page.wait_for_function(condition, arg=arg, timeout=TIMEOUT_MS)
        except Exception as error:
            raise AssertionError(f"{self.peer_id} waited for {arg} and saw {seen()}") from error


class Room:
    """A session of its own for one test, and the pages that join it."""

    _numbers = itertools.count(1)

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.session_id = f"room-{next(self._numbers)}"
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        peer_id: str,
        *,
        template: str = "plain",
        config: Mapping[str, object] | None = None,
        query: str = "",
        init_script: str = "",
        context: BrowserContext | None = None,
    ) -> Peer:
        """Open a page without waiting for its state."""
        page = (context or self.new_context()).new_page()
        if init_script:
            page.add_init_script(init_script)
        page.goto(self.address(peer_id, template, config, query))
        return Peer(page, peer_id)

    def join(self, peer_id: str, **options: Any) -> Peer:
        """Open a page and wait until it is connected."""
        return self.open(peer_id, **options).wait_for_state("connected")

    def address(
        self,
        peer_id: str,
        template: str,
        config: Mapping[str, object] | None = None,
        query: str = "",
    ) -> str:
        text = quote(json.dumps(config or {}))
        path = f"{template}/{self.session_id}/{quote(peer_id)}"
        return f"{self.url}/{path}?config={text}&{query}"

    def moderate(self, action: str, peer_id: str = "") -> None:
        """Let the app kick or ban a peer, or close or lock the session."""
        address = "/".join([self.url, action, self.session_id, *([peer_id] if peer_id else [])])
        response = self._contexts[0].request.post(address)
        assert response.ok

    def new_context(self) -> BrowserContext:
        context = self.browser.new_context()
        self._contexts.append(context)
        return context

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def heard_late(page: Page) -> str:
    """Return what a listener is told that comes late."""
    heard = f"""new Promise((resolve) => {FRAME}.addEventListener(
      "p2p:error",
      ({{ detail }}) => resolve(detail.code),
    ))"""
    return str(page.evaluate(heard))

"""Real pages in a cluster: each behind a front of its own, and all that it notices kept."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, cast
from urllib.parse import quote

from playwright.sync_api import Browser, WebSocket

from tests.cluster.claims import Claims
from tests.cluster.front import Front, Worker
from tests.kit.pages import FRAME, Peer

NOTICEABLE = ("negotiating", "connecting", "connected", "disconnected", "closed", "error")


class Page(Peer):
    """A page, and the front through which it reaches the workers."""

    def __init__(self, page: Any, peer_id: str, front: Front) -> None:
        super().__init__(page, peer_id)
        self.front = front
        self.sockets = 0
        self._seen = 0

    @property
    def host(self) -> str | None:
        return cast("str | None", self.page.evaluate(f"{FRAME}.hostPeerId"))

    def begin_to_watch(self) -> None:
        self._seen, self._host = len(self.events), self.host

    def assert_undisturbed(self) -> None:
        """Fail if its state has changed since it is watched, its host, or if there was an error."""
        noticed = [event for event in self.events[self._seen :] if self._is_noticeable(event)]
        assert noticed == [], f"{self.peer_id} has noticed it: {noticed}"
        assert (self.state, self.host) == ("connected", self._host)

    def _is_noticeable(self, event: dict[str, Any]) -> bool:
        if event["name"] == "host-changed":
            return bool(event["detail"]["hostPeerId"] != self._host)
        return event["name"] in NOTICEABLE


class Session:
    """One session and its pages."""

    def __init__(self, browser: Browser, claims: Claims, session_id: str) -> None:
        self.id = session_id
        self._browser = browser
        self._claims = claims
        self._stack = ExitStack()
        self._pages: list[Page] = []

    def open(
        self, peer_id: str, *workers: Worker, config: Mapping[str, object] | None = None
    ) -> Page:
        """Open a page on the first of the workers that listens, and wait for nothing."""
        front = Front(*workers)
        self._stack.callback(front.close)
        context = self._browser.new_context()
        self._stack.callback(context.close)
        page = context.new_page()
        opened = Page(page, peer_id, front)
        page.on("websocket", lambda socket: self._listen(opened, socket))
        text = quote(json.dumps(config or {}))
        page.goto(f"{front.url}/plain/{self.id}/{peer_id}?config={text}")
        self._pages.append(opened)
        return opened

    def join(
        self, peer_id: str, *workers: Worker, config: Mapping[str, object] | None = None
    ) -> Page:
        """Open a page, and wait until it is connected."""
        page = self.open(peer_id, *workers, config=config)
        page.wait_for_state("connected")
        return page

    def begin_to_watch(self) -> None:
        """From now on no page may notice anything but messages and peers."""
        for page in self._pages:
            page.begin_to_watch()

    def talk(self, text: str, *speakers: Page) -> None:
        """Let each of these pages say something, which all of them have to get."""
        for speaker in speakers:
            speaker.send(text)
        for page in speakers:
            page.page.wait_for_function(_SHOWS, arg=[text, len(speakers)])

    def close(self) -> None:
        self._stack.close()

    def _listen(self, page: Page, socket: WebSocket) -> None:
        def hear(payload: str | bytes) -> None:
            if isinstance(payload, str):
                self._claims.hear_frame(self.id, page.peer_id, payload)

        page.sockets += 1
        socket.on("framereceived", hear)


_SHOWS = """([text, count]) => {
  const said = ({ name, detail }) => name === "message" && detail.data === text
  return window.events.filter(said).length === count
}"""

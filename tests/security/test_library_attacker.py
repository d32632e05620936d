"""The same attacker with a library: python-socketio's client, as a bot would use it."""

from collections.abc import Iterator
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as NotConnected

from tests.kit.fixtures import Open
from tests.kit.http import get
from tests.kit.waiting import PATIENCE
from tests.security.healthy import Healthy


class Bot:
    """One client of the library."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.heard: list[tuple[str, Any]] = []
        self.refusal: Any = None
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self._hear, namespace="/p2p")
        self.client.on("connect_error", self._refused, namespace="/p2p")

    def join(self, auth: Any) -> "Bot":
        options = {"transports": ["websocket"], "namespaces": ["/p2p"], "wait_timeout": PATIENCE}
        self.client.connect(self._url, auth=auth, **options)
        return self

    def ask(self, event: str, payload: Any) -> Any:
        return self.client.call(event, payload, namespace="/p2p", timeout=PATIENCE)

    def _hear(self, event: str, *payload: Any) -> None:
        self.heard.append((event, payload))

    def _refused(self, error: Any) -> None:
        self.refusal = error


@pytest.fixture
def bot(url: str, open_wire: Open) -> Iterator[Bot]:
    """A bot that hangs up before the leak check of `open_wire`."""
    bot = Bot(url)
    yield bot
    bot.client.disconnect()


@pytest.mark.parametrize("auth", [None, {}, "token", [], {"token": "forged"}, {"token": 7}])
def test_a_bot_without_a_token_is_refused(bot: Bot, healthy: Healthy, auth: Any) -> None:
    with pytest.raises(NotConnected):
        bot.join(auth)
    assert bot.refusal["data"]["code"] in {"bad_request", "unauthorized"}


def test_a_bot_that_joins_can_take_over_nothing(bot: Bot, url: str, healthy: Healthy) -> None:
    bot.join({"token": get(f"{url}/token/{healthy.session_id}/bot")})
    offer = {"type": "offer", "sdp": "v=0\r\n"}
    for to in ("ann", "bob", "nobody", "bot"):
        signal = {"to": to, "epoch": 2**53 - 1, "negotiation": "n", "description": offer}
        assert bot.ask("sdp_offer", signal)["error"]["code"] in {"forbidden", "stale_epoch"}
    for event in ("session_ready", "host_changed", "peer_expelled", "session_error", "message"):
        answer = bot.ask(event, {"peer_id": "ann", "host_peer_id": "bot", "epoch": 2**53 - 1})
        assert answer["error"]["code"] == "bad_request"
    roster = {"epoch": 2**53 - 1, "peers": {"ann": "closed"}}
    assert bot.ask("session_roster", roster)["error"]["code"] == "forbidden"
    assert {event for event, _ in bot.heard} <= {"session_ready", "host_changed"}

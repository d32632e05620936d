"""The server's path on real sockets: what gets through, and what nobody may do to others."""

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from secrets import token_hex
from typing import Any

import pytest
from websocket import ABNF, WebSocketException

from flask_p2p_streams.limits.budgets import BATCHES, RELAY_BURST, UNREAD_BYTES
from tests.kit.fixtures import Open
from tests.kit.http import get_json
from tests.kit.leaks import assert_nothing_is_held
from tests.kit.servers import MODES
from tests.kit.waiting import until
from tests.kit.wire import Wire
from tests.security.deaf import Deaf
from tests.server.conftest import site

MOST = 1000
"""Rounds after which a server that has no limit is found out."""


class Link:
    """A host and a client that say numbered things to each other over the server."""

    def __init__(self, open_wire: Open) -> None:
        self.id = token_hex(4)
        self.host = open_wire().join(self.id, "host")
        self.client = open_wire().join(self.id, "client")
        self.epoch: int = self.host.wait_for("session_ready", 2)["epoch"]
        self.count = 0

    def talk(self) -> None:
        """Say one thing each way, and hear it."""
        self.count += 1
        for sender, to in ((self.host, "client"), (self.client, "host")):
            assert sender.ask("relay", self.batch(to, n=self.count)) == {"ok": True}
        for receiver, name in ((self.host, "client"), (self.client, "host")):
            receiver.read(partial(self._has_heard, receiver, name))

    def assert_nothing_is_missing(self) -> None:
        for wire, sender in ((self.host, "client"), (self.client, "host")):
            assert self._heard(wire, sender) == list(range(1, self.count + 1))

    def batch(self, to: str, size: int = 10, **changes: Any) -> str:
        whole = {"to": to, "epoch": self.epoch, "negotiation": "a-link", "n": 1, "ack": 0}
        return json.dumps({**whole, "packets": ["x" * size], **changes})

    def _heard(self, wire: Wire, sender: str) -> list[int]:
        return [each["n"] for each in wire.received("relay") if each["from"] == sender]

    def _has_heard(self, wire: Wire, sender: str) -> bool:
        return self.count in self._heard(wire, sender)


@pytest.fixture
def link(open_wire: Open) -> Link:
    return Link(open_wire)


@pytest.fixture
def eve(open_wire: Open, link: Link) -> Wire:
    return open_wire().join(link.id, "eve")


def counted(url: str) -> dict[str, Any]:
    counts: dict[str, Any] = get_json(f"{url}/counted")
    return counts


def code(answer: Any) -> str:
    assert answer["ok"] is False
    return str(answer["error"]["code"])


def test_what_is_said_arrives_in_order_and_asks_the_store_nothing(url: str, link: Link) -> None:
    before = counted(url)["store_calls"]
    for _ in range(60):
        link.talk()
    link.assert_nothing_is_missing()
    assert counted(url)["store_calls"] == before


def test_a_whole_frame_passes_at_once(link: Link) -> None:
    # As base64, in as many batches as it takes, and with quotes that JSON escapes.
    parts = [32_768] * 10 + [21_848]
    for number, size in enumerate(parts, 1):
        assert link.client.ask("relay", link.batch("host", size, n=number, part=True))["ok"]
    quotes = link.batch("client", n=1, packets=['"' * 32_768])
    assert link.host.ask("relay", quotes) == {"ok": True}
    link.host.wait_for("relay", len(parts))
    assert sum(len(each["packets"][0]) for each in link.host.received("relay")) == 349_528
    assert link.client.wait_for("relay")["packets"] == ['"' * 32_768]


def test_what_others_may_not_relay(open_wire: Open, link: Link, eve: Wire) -> None:
    stranger = open_wire().join(token_hex(4), "stranger")
    assert code(eve.ask("relay", link.batch("client"))) == "forbidden"
    assert code(stranger.ask("relay", link.batch("host"))) == "stale_epoch"
    own = stranger.wait_for("session_ready")["epoch"]
    assert code(stranger.ask("relay", link.batch("host", epoch=own))) == "no_such_peer"
    assert code(link.host.ask("relay", link.batch("stranger"))) == "no_such_peer"
    assert code(link.host.ask("relay", link.batch("nobody"))) == "no_such_peer"
    # Nor may who has let go of the server, and hasn't joined again.
    assert eve.ask("session_leave", '{"reason":"connected"}') == {"ok": True}
    assert code(eve.ask("relay", link.batch("host"))) == "not_joined"
    assert code(link.host.ask("relay", link.batch("eve"))) == "no_such_peer"
    link.talk()
    link.assert_nothing_is_missing()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"packets": ["x" * 32_769]}, "too_large"),
        ({"packets": ["x"] * 65}, "too_large"),
        ({"packets": ["\x01"]}, "bad_request"),
        ({"packets": ["\ud800"]}, "bad_request"),
        ({"packets": [b"\xff".hex(), 7]}, "bad_request"),
        ({"packets": {"0": "x"}}, "bad_request"),
        ({"n": -1}, "bad_request"),
        ({"other": 1}, "bad_request"),
        ({"epoch": 1}, "stale_epoch"),
    ],
)
def test_what_is_refused_harms_nobody(
    url: str, link: Link, eve: Wire, changes: dict[str, Any], refusal: str
) -> None:
    before = counted(url)["tracebacks"]
    assert code(eve.ask("relay", link.batch("host", **changes))) == refusal
    assert code(eve.ask("relay", "null")) == code(eve.ask("relay", "[[]]")) == "bad_request"
    assert code(eve.ask("relay", "{},{}")) == "bad_request"
    link.talk()
    link.assert_nothing_is_missing()
    assert counted(url)["tracebacks"] == before


def test_binary_is_a_bad_packet(url: str, link: Link, eve: Wire) -> None:
    before = counted(url)
    eve.send('451-/p2p,["relay",{"_placeholder":true,"num":0}]')
    eve.send_frame(b"\x00\xff", ABNF.OPCODE_BINARY)
    assert eve.try_out("relay", link.batch("host")) == {"ok": True}
    link.talk()
    link.assert_nothing_is_missing()
    after = counted(url)
    assert after["bad_packets"] > before["bad_packets"]
    assert after["tracebacks"] == before["tracebacks"]


# How much


class Site:
    """A server, and connections to it that end with the test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stack = ExitStack()

    def open(self) -> Wire:
        wire = Wire(self.url)
        self._stack.callback(wire.close)
        return wire

    def deaf(self) -> Deaf:
        deaf = Deaf(self.url)
        self._stack.callback(deaf.drop)
        return deaf

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module", params=MODES)
def slow_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server whose links get next to no new tokens while a test runs, however slow it is."""
    with site(request.param, P2P_RELAY_RATE=1024) as server:
        yield server.url


@pytest.fixture
def slow(slow_url: str) -> Iterator[Site]:
    site = Site(slow_url)
    yield site
    site.close()
    assert_nothing_is_held(slow_url)


def fill(link: Link, sender: Wire, to: str, size: int = 32_768) -> dict[str, Any]:
    """Relay until the link is full, and return the refusal."""
    for number in range(1, MOST):
        answer = sender.ask("relay", link.batch(to, size, n=number))
        if not answer["ok"]:
            error: dict[str, Any] = answer["error"]
            return error
    raise AssertionError("Everything was taken.")


def test_a_link_that_is_full_leaves_room_to_others(slow: Site) -> None:
    link = Link(slow.open)
    eve = slow.open().join(link.id, "eve")
    error = fill(link, eve, "host")
    assert error["code"] == "relay_full"
    assert 100 <= error["retry_after_ms"] <= 60_000
    link.talk()
    link.assert_nothing_is_missing()
    assert eve.ask("hello", "{}")["error"]["code"] == "bad_request"


@pytest.mark.parametrize("kind", ["garbage", "batches", "client"])
def test_a_flood_hinders_nobody_and_is_ended(slow: Site, kind: str) -> None:
    link = Link(slow.open)
    before = counted(slow.url)
    eve = slow.open().join(link.id, "eve")
    payload = {
        "garbage": "{}",
        "batches": link.batch("host", 1000),
        "client": link.batch("client", 1000),
    }[kind]
    joins = itertools.count()
    slowest, rounds = 0.0, 0
    while rounds < 5 or counted(slow.url)["evicted"] == before["evicted"]:
        assert rounds < MOST
        flood(eve, f'42/p2p,["relay",{payload}]', 100)
        slowest = max(slowest, join_time(slow, link, next(joins)))
        link.talk()
        rounds += 1
    eve.wait_for_end()
    link.talk()
    link.assert_nothing_is_missing()
    after = counted(slow.url)
    assert after["evicted"] == before["evicted"] + 1
    assert after["tracebacks"] == before["tracebacks"]
    # Of what she has sent, no more came through than a link may send at once.
    heard = [each for each in link.host.received("relay") if each["from"] == "eve"]
    assert sum(len(each["packets"][0]) for each in heard) <= RELAY_BURST
    assert bool(heard) == (kind == "batches")
    # On a machine that does many other things, too.
    assert slowest < 2


def test_rubbish_that_comes_slowly_is_ended_too(slow: Site) -> None:
    link = Link(slow.open)
    eve = slow.open().join(link.id, "eve")
    # Fewer than a socket may send at once, so that none of them comes too fast.
    flood(eve, '42/p2p,["relay",{}]', int(BATCHES.burst) - 10)
    eve.wait_for_end()
    assert {error["code"] for error in eve.received("session_error")} <= {"bad_request"}
    link.talk()
    link.assert_nothing_is_missing()


def flood(wire: Wire, packet: str, count: int) -> None:
    # It may be closed in the middle.
    with contextlib.suppress(OSError, WebSocketException):
        for _ in range(count):
            wire.send(packet)


def join_time(site: Site, link: Link, number: int) -> float:
    """Let a client join, and return the seconds until its host knows of it."""
    started = time.monotonic()
    wire = site.open().join(link.id, f"guest-{number}")
    link.host.read(lambda: f"guest-{number}" in newcomers(link.host))
    taken = time.monotonic() - started
    wire.close()
    return taken


def newcomers(host: Wire) -> set[str]:
    return {each["peer_id"] for each in host.received("session_ready")}


@pytest.mark.parametrize("mode", MODES)
def test_a_host_that_reads_slowly_is_not_closed_for_what_is_relayed(mode: str) -> None:
    with (
        site(mode, P2P_RELAY_RATE=None, P2P_SESSION_RELAY_RATE=None) as server,
        contextlib.closing(Site(server.url)) as slow,
    ):
        session_id = token_hex(4)
        deaf = slow.deaf()
        deaf.join(session_id, "host")
        clients = [slow.open().join(session_id, f"client-{number}") for number in range(4)]
        epoch = clients[0].wait_for("session_ready")["epoch"]
        batch = {"to": "host", "epoch": epoch, "negotiation": "a", "n": 1, "ack": 0}
        payload = json.dumps({**batch, "packets": ["x" * 32_768]})
        with deaf.saying_pong():
            refused = [False] * len(clients)
            for _ in range(MOST):
                for number, client in enumerate(clients):
                    answer = client.ask("relay", payload)
                    refused[number] = not answer["ok"] and code(answer) == "relay_full"
                if all(refused):
                    break
                time.sleep(0.01)
            assert all(refused)
            waiting = get_json(f"{server.url}/waiting")
            assert UNREAD_BYTES / 4 < max(waiting) < UNREAD_BYTES / 2
            # There is still room for those who join.
            newcomer = slow.open().join(session_id, "newcomer")
            assert newcomer.wait_for("session_ready")["host_peer_id"] == "host"
            assert not deaf.is_cut()
        counts = counted(server.url)
        assert counts["limited"]["unread"] == 0
        assert counts["limited"]["relay_unread"] >= len(clients)
        # It reads on, and then there is room for relaying again.
        deaf.wait_for("relay", counts["relay_batches"])
        until(
            lambda: max(get_json(f"{server.url}/waiting")) < UNREAD_BYTES / 4,
            lambda: "It still waits.",
        )
        assert clients[0].ask("relay", payload) == {"ok": True}

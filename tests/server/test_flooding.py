import contextlib
import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from secrets import token_hex
from typing import Any

import pytest
from websocket import ABNF, WebSocketException

from tests.kit.http import get, get_json
from tests.kit.leaks import assert_nothing_is_held
from tests.kit.servers import MODES
from tests.kit.waiting import until
from tests.kit.wire import Wire
from tests.server.conftest import site as served

MOST_FLOODS = 1000
"""Floods after which a server that has no limit is found out."""


class Site:
    """A server that lets an address join twice, and then every 2 s; and connections to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stack = ExitStack()
        # Each test comes from addresses of its own.
        self._addresses = (f"2001:db8:{token_hex(2)}:{n:x}::1" for n in itertools.count())

    def address(self) -> str:
        return next(self._addresses)

    def open(self, address: str | None = None) -> Wire:
        wire = Wire(self.url, address or self.address())
        self._stack.callback(wire.close)
        return wire

    def token(self, session_id: str, peer_id: str) -> str:
        return get(f"{self.url}/token/{session_id}/{peer_id}")

    def counted(self) -> dict[str, Any]:
        counted: dict[str, Any] = get_json(f"{self.url}/counted")
        return counted

    def close(self) -> None:
        self._stack.close()


class Room:
    """A host and a client that go on negotiating."""

    def __init__(self, site: Site) -> None:
        self.id = token_hex(4)
        self.host = site.open().join(self.id, "host")
        self.client = site.open().join(self.id, "client")
        self.epoch = self.host.wait_for("session_ready", 2)["epoch"]
        self._count = 0

    def negotiate(self) -> None:
        """Let an offer and an answer through, one after the other."""
        self._count += 1
        assert self.host.ask("sdp_offer", self._signal("client", "offer")) == {"ok": True}
        self.client.wait_for("sdp_offer", self._count)
        assert self.client.ask("sdp_answer", self._signal("host", "answer")) == {"ok": True}
        self.host.wait_for("sdp_answer", self._count)

    def _signal(self, to: str, kind: str) -> str:
        return (
            f'{{"to":"{to}","epoch":{self.epoch},"negotiation":"n",'
            f'"description":{{"type":"{kind}","sdp":"v=0"}}}}'
        )


@pytest.fixture(scope="module", params=MODES)
def limited_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with served(request.param, P2P_JOIN_RATE=0.5) as server:
        yield server.url


@pytest.fixture
def site(limited_url: str) -> Iterator[Site]:
    site = Site(limited_url)
    yield site
    site.close()
    assert_nothing_is_held(limited_url)


@pytest.fixture
def room(site: Site) -> Room:
    return Room(site)


def flood(wire: Wire, packet: str, count: int) -> None:
    # It may be closed in the middle.
    with contextlib.suppress(OSError, WebSocketException):
        for _ in range(count):
            wire.send(packet)


def flood_until_evicted(site: Site, room: Room, eve: Wire, packet: str) -> None:
    """Let others negotiate beside a flood: ten times at least, and until that is ended."""
    before = site.counted()["evicted"]
    # However slow the server is, its patience refills more slowly than it is used up.
    rounds = 0
    while rounds < 10 or site.counted()["evicted"] == before:
        assert rounds < MOST_FLOODS
        flood(eve, packet, 100 if rounds < 10 else 400)
        room.negotiate()
        rounds += 1
    eve.wait_for_end()


def is_rate_limited(error: dict[str, Any]) -> bool:
    return bool(error["code"] == "rate_limited" and 100 <= error["retry_after_ms"] <= 60_000)


# Events


def test_a_flood_is_refused_and_then_ended(site: Site, room: Room) -> None:
    before = site.counted()
    eve = site.open().join(token_hex(4), "eve")
    flood_until_evicted(site, room, eve, '42/p2p,0["hello",{}]')
    # What she has sent and nobody reads any more may take the goodbye with it.
    assert {error["code"] for error in eve.received("session_error")} <= {"rate_limited"}
    assert is_rate_limited(eve.answers[0]["error"])
    room.negotiate()
    after = site.counted()
    assert after["evicted"] == before["evicted"] + 1
    assert after["limited"]["signal"] > before["limited"]["signal"] + 100
    assert after["tracebacks"] == before["tracebacks"]


def test_a_flood_does_not_hinder_its_own_session(site: Site, room: Room) -> None:
    eve = site.open().join(room.id, "eve")
    flood_until_evicted(site, room, eve, '42/p2p,["ice_candidate",{}]')
    assert room.host.wait_for("peer_left")["peer_id"] == "eve"
    room.negotiate()


def test_who_is_refused_now_and_then_may_stay(site: Site, room: Room) -> None:
    ann = site.open().join(token_hex(4), "ann")
    # However slow the server is, its limit refills more slowly than it is used up.
    floods = 0
    while not is_rate_limited(error := ann.ask("hello", "{}")["error"]):
        assert (floods := floods + 1) <= MOST_FLOODS
        flood(ann, '42/p2p,["hello",{}]', 40)
    time.sleep(error["retry_after_ms"] / 1000)
    assert ann.ask("hello", "{}")["error"]["code"] == "bad_request"


def test_who_is_in_another_namespace_stays_there(site: Site) -> None:
    eve = site.open().join(token_hex(4), "eve")
    eve.connect({}, namespace="/other")
    # However slow the server is, its patience refills more slowly than it is used up.
    floods = 0
    while not eve.received("session_error"):
        assert (floods := floods + 1) <= MOST_FLOODS
        flood(eve, '42/p2p,["hello",{}]', 400)
        assert eve.ask("echo", '"here"', namespace="/other") == "here"
    assert eve.ask("echo", '"still here"', namespace="/other") == "still here"


# Joins


def test_an_address_that_joins_too_often(site: Site, room: Room) -> None:
    address = site.address()
    token = site.token(room.id, "eve")
    late, calls = too_early(site, address, token)
    assert is_rate_limited(late.refusal["data"])
    assert site.counted()["store_calls"] == calls
    site.open().join(room.id, "ann")
    time.sleep(late.refusal["data"]["retry_after_ms"] / 1000 + 0.1)
    late.refusal = None
    late.connect({"token": token})
    assert late.joined


def test_who_goes_on_joining_is_closed(site: Site, room: Room) -> None:
    evicted = site.counted()["evicted"]
    eve = site.open()
    flood(eve, '40/p2p,{"token":"forged"}', 1000)
    room.negotiate()
    eve.wait_for_end()
    assert site.counted()["evicted"] == evicted + 1


def too_early(site: Site, address: str, token: str) -> tuple[Wire, int]:
    """Join until it is too early for that, however slow this test is.

    Return who was refused, and the calls of the store before.
    """
    for _ in range(MOST_FLOODS):
        exhaust(site.open(address))
        calls = site.counted()["store_calls"]
        late = site.open(address)
        late.connect({"token": token})
        if not late.joined:
            return late, calls
    pytest.fail("Nobody is too early.")


def exhaust(wire: Wire) -> None:
    """Join until the next second at least is too early for another one."""
    while (wait_ms := refused(wire).get("retry_after_ms", 0)) < 1000:
        time.sleep(wait_ms / 1000)


def refused(wire: Wire) -> dict[str, Any]:
    wire.refusal = None
    wire.connect({"token": "forged"})
    refusal: dict[str, Any] = wire.refusal["data"]
    return refusal


# What can't be read


@pytest.mark.parametrize(
    "packet",
    [
        "42/p2p,notjson",
        "42/p2p,[]",
        "42/p2p,",
        "42/p2p," + "[" * 5_000,
        "44/p2p,{}",
        "49",
        '451-/nowhere,["x",{"_placeholder":true,"num":0}]',
        # Attachments without end are announced, and would all be kept.
        '459999999999-/p2p,["sdp_offer",{"_placeholder":true,"num":0}]',
        "4699-/p2p,0[]",
    ],
)
def test_bad_packets_end_a_connection_without_a_traceback(
    site: Site, room: Room, packet: str
) -> None:
    before = site.counted()
    eve = site.open().join(room.id, "eve")
    flood(eve, packet, 8)
    assert eve.ask("hello", "{}")["error"]["code"] == "bad_request"
    flood(eve, packet, 8)
    eve.wait_for_end()
    assert eve.wait_for("session_error")["code"] == "bad_request"
    assert room.host.wait_for("peer_left")["peer_id"] == "eve"
    after = site.counted()
    # The server ends it before it has read all; its patience for one more takes ten seconds.
    assert 10 <= after["bad_packets"] - before["bad_packets"] < 16
    assert after["tracebacks"] == before["tracebacks"]


def test_binary_frames_are_bad_packets(site: Site, room: Room) -> None:
    before = site.counted()
    eve = site.open().join(room.id, "eve")
    with contextlib.suppress(OSError, WebSocketException):
        for _ in range(20):
            eve.send_frame(b"\x00\xff", ABNF.OPCODE_BINARY)
    eve.wait_for_end()
    assert site.counted()["tracebacks"] == before["tracebacks"]


@pytest.mark.parametrize("frame", ["x", "", "4", "4" + "[" * 5_000, "3" + "[" * 5_000, "b@"])
def test_what_is_no_frame_ends_its_connection_at_once(site: Site, room: Room, frame: str) -> None:
    before = site.counted()
    eve = site.open().join(room.id, "eve")
    eve.send(frame)
    # Both come long before the pings would notice anything, which takes 85 seconds.
    eve.wait_for_end()
    assert room.host.wait_for("peer_left")["peer_id"] == "eve"
    after = site.counted()
    assert after["bad_packets"] == before["bad_packets"] + 1
    assert after["tracebacks"] == before["tracebacks"]


def test_a_mistake_of_the_apps_own_is_logged_and_held_against_nobody(site: Site) -> None:
    before = site.counted()
    ann = site.open()
    ann.connect({}, namespace="/other")
    for _ in range(20):
        ann.send('42/other,["fail","x"]')
    assert ann.ask("echo", '"still here"', namespace="/other") == "still here"
    after = site.counted()
    assert after["tracebacks"] == before["tracebacks"] + 20
    assert after["bad_packets"] == before["bad_packets"]


def test_nothing_is_held_of_floods(site: Site) -> None:
    eve = site.open().join(token_hex(4), "eve")
    flood(eve, '42/p2p,["hello",{}]', 150)

    def is_remembered() -> bool:
        return bool(get_json(f"{site.url}/held")["throttled"])

    until(is_remembered, lambda: "Nothing is counted.")

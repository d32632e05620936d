"""What tokens and seats are good for on real servers, and what posts to their renewal cost."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from flask_p2p_streams.limits.budgets import RENEWALS
from flask_p2p_streams.tokens import Signer
from tests.kit.fixtures import Open
from tests.kit.http import get
from tests.kit.servers import MODES
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire
from tests.security.conftest import attacked
from tests.security.healthy import name_of_a_session

KEYS = ["a key for tests"]
DAY_MS = 86_400_000
"""For which the app's tokens are good."""
OWN, OTHER = "an_app", "another"
SLOW: dict[str, Any] = {"P2P_JOIN_RATE": 0.02}
"""Each address may join once, and then every 50 s."""


def signer(audience: str, age: float = 0) -> Signer:
    return Signer(KEYS, audience, lambda: time.time() - age)


def token_of(audience: str, session_id: str, peer_id: str, age: float = 0) -> str:
    return signer(audience, age).token(session_id, peer_id, 7200, 600)


# Another app's


def test_a_token_of_another_app_with_the_same_key_is_refused(open_wire: Open) -> None:
    session_id = name_of_a_session()
    eve = open_wire()
    eve.connect({"token": token_of(OTHER, session_id, "eve")})
    assert eve.refusal["data"]["code"] == "unauthorized"
    assert "P2P_AUDIENCE" in eve.refusal["data"]["hint"]
    ann = open_wire()
    ann.connect({"token": token_of(OWN, session_id, "ann")})
    assert ann.joined


def test_nor_does_a_seat_of_it_take_the_host_s_place(open_wire: Open) -> None:
    session_id = name_of_a_session()
    ann = open_wire().join(session_id, "ann")
    epoch = ann.wait_for("session_ready")["epoch"]
    eve = open_wire()
    # Its epoch is later, so that it would win.
    seat = signer(OTHER).seat(session_id, "eve", epoch + 1)
    eve.connect({"token": token_of(OWN, session_id, "eve"), "seat": seat})
    assert eve.refusal["data"]["code"] == "unauthorized"
    bob = open_wire().join(session_id, "bob")
    assert bob.wait_for("session_ready")["host_peer_id"] == "ann"
    assert ann.received("host_changed")[-1]["host_peer_id"] == "ann"


# Not before


def test_a_token_of_an_hour_to_come_is_refused(url: str, open_wire: Open) -> None:
    session_id = name_of_a_session()
    # How far clocks may differ to the second is for tests/unit/test_tokens.py to say.
    for age, joins in ((-3600, False), (-60, False), (-15, True), (3600, True)):
        wire = open_wire()
        wire.connect({"token": token_of(OWN, session_id, f"ann-{age}", age)})
        assert wire.joined is joins
    assert get(f"{url}/log").count("the clocks of the workers differ") == 1


# What posts cost


@pytest.fixture(scope="module", params=MODES)
def slow(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, proxied=True, **SLOW) as server:
        yield server.url


@pytest.fixture
def opened(slow: str) -> Iterator["Visitors"]:
    with ExitStack() as stack:
        yield Visitors(slow, stack)


class Visitors:
    """Those who come to a server that counts their addresses."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url = url
        self._stack = stack

    def post(self, address: str, body: bytes, **headers: str) -> tuple[int, Any]:
        """Post to the renewal as JSON from this page's own origin, unless the headers differ."""
        told = {"Content-Type": "application/json", "X-Forwarded-For": address}
        told.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            request = Request(f"{self.url}/p2p/token", body, told)
            with urlopen(request, timeout=PATIENCE) as response:
                return response.status, json.loads(response.read())
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def joins(self, address: str, session_id: str, peer_id: str) -> bool:
        wire = Wire(self.url, address)
        self._stack.callback(wire.close)
        wire.join(session_id, peer_id)
        return wire.joined


def body_of(token: str) -> bytes:
    return json.dumps({"token": token}).encode()


def test_what_is_posted_without_a_genuine_token_takes_no_join_from_its_visitor(
    opened: Visitors,
) -> None:
    address, session_id = "203.0.113.5", name_of_a_session()
    genuine = body_of(get(f"{opened.url}/token/{session_id}/ann"))
    posts: list[tuple[bytes, dict[str, str], str]] = [
        (genuine, {"Content_Type": "text/plain"}, "bad_request"),
        (genuine, {"Content_Type": "application/x-www-form-urlencoded"}, "bad_request"),
        (genuine, {"Origin": "https://evil.example"}, "forbidden"),
        (genuine, {"Origin": "null"}, "forbidden"),
        (genuine, {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}, "forbidden"),
        (genuine, {"Sec_Fetch_Site": "cross-site"}, "forbidden"),
        (genuine, {"Sec_Fetch_Site": "same-site", "Origin": "https://a.example"}, "forbidden"),
        (b"{}", {}, "bad_request"),
        (b"[" * 8000, {}, "bad_request"),
        (b'{"token":"' + b"x" * 9000 + b'"}', {}, "too_large"),
        (body_of("x" * 4000), {}, "unauthorized"),
        (genuine.replace(b".", b".x"), {}, "unauthorized"),
        (body_of(token_of(OTHER, session_id, "ann")), {}, "unauthorized"),
        (body_of(get(f"{opened.url}/expired/{session_id}/ann")), {}, "token_expired"),
    ]
    for body, headers, code in posts:
        for _ in range(5):
            status, answer = opened.post(address, body, **headers)
            assert (status, answer["error"]["code"]) == (403, code), headers
    assert opened.joins(address, session_id, "ann")


def test_what_carries_one_counts_as_a_join(opened: Visitors) -> None:
    address, session_id = "203.0.113.6", name_of_a_session()
    token = get(f"{opened.url}/token/{session_id}/ann")
    status, answer = opened.post(address, body_of(token), Sec_Fetch_Site="same-origin")
    assert (status, answer["ok"]) == (200, True)
    assert DAY_MS - 60_000 <= answer["expires_in_ms"] <= DAY_MS
    assert opened.post(address, body_of(answer["token"]))[0] == 429
    assert not opened.joins(address, session_id, "ann")


def test_one_token_again_and_again_takes_little_from_the_others_of_its_address(url: str) -> None:
    # This server has no limit for addresses, so what is seen is the peer's own.
    token = get(f"{url}/token/{name_of_a_session()}/eve")
    request = Request(f"{url}/p2p/token", body_of(token), {"Content-Type": "application/json"})
    answers: list[int] = []
    # However slow the server is, it renews faster than a token for one more comes.
    while 429 not in answers:
        try:
            with urlopen(request, timeout=PATIENCE) as response:
                answers.append(response.status)
        except HTTPError as error:
            answers.append(error.code)
    assert answers.count(200) >= RENEWALS.burst
    assert set(answers) == {200, 429}


# Proxies


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_that_the_app_does_not_know_of_is_named_once(mode: str) -> None:
    with attacked(mode) as server, ExitStack() as stack:
        session_id = name_of_a_session()
        for number in range(3):
            wire = Wire(server.url, f"203.0.113.{number}")
            stack.callback(wire.close)
            wire.join(session_id, str(number))
        log = get(f"{server.url}/log")
    assert log.count("has the header X-Forwarded-For") == 1
    assert "WARNING" in next(line for line in log.splitlines() if "X-Forwarded-For" in line)


def test_a_proxy_that_is_declared_is_no_news(opened: Visitors) -> None:
    assert opened.joins("203.0.113.7", name_of_a_session(), "ann")
    assert "has the header" not in get(f"{opened.url}/log")

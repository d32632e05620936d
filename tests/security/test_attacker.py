"""A program that says whatever it likes, beside a session that must not notice."""

import contextlib
import json
import re
import socket
import struct
from collections.abc import Callable, Iterator
from itertools import chain
from secrets import token_hex
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
import websocket

from tests.kit.fixtures import Open
from tests.kit.frames import frame
from tests.kit.http import get
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire
from tests.security import corpus
from tests.security.healthy import Healthy, name_of_a_session

MAX_SIGNAL_BYTES = 65_536
CODES = {"bad_request", "too_large", "forbidden", "stale_epoch"}
ERROR_KEYS = {"code", "message", "hint", "retry"}


@pytest.fixture(scope="module", autouse=True)
def nothing_secret_in_the_log(url: str) -> Iterator[None]:
    yield
    text = get(f"{url}/log")
    assert text
    assert corpus.SECRET not in text
    assert "v=0" not in text
    # Whatever itsdangerous has signed: a token or a seat.
    assert not re.search(r"\bW[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}", text)


@pytest.fixture
def eve(open_wire: Open, healthy: Healthy) -> Wire:
    """A client of the healthy session, with a token of her own: nobody is nearer."""
    return open_wire().join(healthy.session_id, "eve")


def sent_and_refused(eve: Wire, attacks: "Iterator[corpus.Attack]") -> int:
    count = 0
    for attack in attacks:
        count += 1
        answer = eve.try_out(attack.event, attack.arguments)
        shown = f"{attack.event} {attack.arguments[:200]} -> {answer}"
        assert answer is not None, shown
        assert answer["ok"] is False, shown
        assert answer["error"]["code"] in attack.codes, shown
        assert set(answer["error"]) == ERROR_KEYS, shown
        assert len(json.dumps(answer)) < 1_000, shown
    return count


def test_every_hostile_packet_gets_its_refusal(eve: Wire, healthy: Healthy) -> None:
    epoch = healthy.epoch
    attacks = chain(
        corpus.wrong_fields(epoch),
        corpus.wrong_shapes(epoch),
        corpus.wrong_moves(epoch),
        corpus.wrong_addresses(epoch),
        corpus.too_much(epoch, MAX_SIGNAL_BYTES),
        corpus.noise(seed=3, count=150),
    )
    assert sent_and_refused(eve, attacks) > 600
    # She has achieved nothing: not even that she is out.
    assert [name for name, _ in eve.events] == ["session_ready"]
    assert healthy.host.received("peer_left") == []


def test_who_has_joined_nothing_gets_nothing(open_wire: Open, healthy: Healthy) -> None:
    eve = open_wire().join(healthy.session_id, "eve")
    assert eve.ask("session_leave", '{"reason":"connected"}') == {"ok": True}
    for event in ("sdp_offer", "sdp_answer", "ice_candidate"):
        signal = json.dumps(corpus.valid(event, "host", healthy.epoch))
        assert eve.ask(event, signal)["error"]["code"] == "not_joined"


def test_no_session_reaches_into_another(open_wire: Open, healthy: Healthy) -> None:
    elsewhere = name_of_a_session()
    eve = open_wire().join(elsewhere, "eve")
    mallory = open_wire().join(elsewhere, "mallory")
    own = eve.wait_for("session_ready", 2)["epoch"]
    names = ["client", "host", f"{healthy.session_id}:client", f"../{healthy.session_id}/client"]
    names += [f"p2p:{healthy.session_id}", f"p2p:{healthy.session_id}:client", "%3Aclient"]
    for to in names:
        offer = json.dumps(corpus.valid("sdp_offer", to, own))
        assert eve.ask("sdp_offer", offer)["error"]["code"] == "no_such_peer"
        answer = json.dumps(corpus.valid("sdp_answer", to, own))
        assert mallory.ask("sdp_answer", answer)["error"]["code"] == "forbidden"
    signal = json.dumps(corpus.valid("sdp_offer", "client", healthy.epoch))
    assert eve.ask("sdp_offer", signal)["error"]["code"] in ("stale_epoch", "no_such_peer")


def test_names_that_look_alike_are_different_sessions(
    open_wire: Open, healthy: Healthy, url: str
) -> None:
    own = healthy.session_id
    for name in (own.upper() + "A", own + " ", own + ":host", own + "%00", "p2p:" + own):
        eve = open_wire()
        eve.connect({"token": get(f"{url}/token/{quote(name)}/host")})
        assert eve.wait_for("session_ready")["peer_id"] == "host"
        assert eve.ask("session_join", "{}")["role"] == "host"


# At the door


def test_tokens_that_are_not_good(open_wire: Open, healthy: Healthy, url: str) -> None:
    good = get(f"{url}/token/{healthy.session_id}/eve")
    other = get(f"{url}/token/{healthy.session_id}/mallory")
    seat = get(f"{url}/seat/{healthy.session_id}/host/{healthy.epoch}")
    body, _, signature = good.rpartition(".")
    forged = [
        f"{body}.{other.rpartition('.')[2]}",
        f"{other.rpartition('.')[0]}.{signature}",
        good[:-1],
        good + "A",
        good.swapcase(),
        "." + good,
        body,
        f"{body}.",
        seat,
        "x" * 4_000,
        "\u00e9.\u00e9",
        "\u0000",
        "null",
    ]
    for token in forged:
        assert refusal(open_wire, {"token": token}) == "unauthorized", token
    assert refusal(open_wire, {"token": "x" * 4_097}) == "too_large"
    expired = get(f"{url}/expired/{healthy.session_id}/eve")
    assert refusal(open_wire, {"token": expired}) == "token_expired"
    assert refusal(open_wire, {"token": expired[:-1]}) == "unauthorized"
    for wrong in (7, ["x"], {"a": 1}, True, 1e400, "\ud800"):
        assert refusal(open_wire, {"token": wrong}) in ("bad_request", "unauthorized")
    for key in ("session_id", "peer_id", "can_host", "from"):
        assert refusal(open_wire, {"token": good, key: "host"}) == "bad_request"


def test_seats_that_are_not_good(open_wire: Open, healthy: Healthy, url: str) -> None:
    session_id, epoch = healthy.session_id, healthy.epoch
    token = get(f"{url}/token/{session_id}/eve")
    of_the_host = get(f"{url}/seat/{session_id}/host/{epoch}")
    of_another_session = get(f"{url}/seat/{session_id}x/eve/{epoch + 9}")
    for seat in (of_the_host, of_another_session, token, of_the_host[:-1], "x", "."):
        assert refusal(open_wire, {"token": token, "seat": seat}) == "unauthorized"
    eve = open_wire().join(session_id, "eve")
    for seat in (of_the_host, of_another_session, token):
        answer = eve.ask("session_join", json.dumps({"seat": seat}))
        assert answer["error"]["code"] == "unauthorized"


def test_a_seat_of_an_epoch_that_is_over_makes_a_client(open_wire: Open, url: str) -> None:
    session_id = token_hex(4)
    first = open_wire().join(session_id, "eve").wait_for("session_ready")["epoch"]
    host = open_wire().join(session_id, "eve")
    assert host.wait_for("session_ready")["epoch"] > first
    assert host.ask("session_leave", '{"reason":"closed"}') == {"ok": True}
    ann = open_wire().join(session_id, "ann")
    assert ann.wait_for("session_ready")["host_peer_id"] == "ann"
    old = get(f"{url}/seat/{session_id}/eve/{first}")
    eve = open_wire().join(session_id, "eve", seat=old)
    assert eve.wait_for("session_ready")["host_peer_id"] == "ann"


def test_a_host_that_lives_is_not_lost_because_somebody_says_so(
    open_wire: Open, healthy: Healthy
) -> None:
    eve = open_wire().join(healthy.session_id, "eve")
    for lost in (healthy.epoch, healthy.epoch - 1, healthy.epoch + 1, 2**53 - 1):
        answer = eve.ask("session_join", json.dumps({"lost_epoch": lost}))
        assert answer["role"] == "client"
        assert answer["host_peer_id"] == "host"


def test_a_token_in_the_address_is_none(open_wire: Open, healthy: Healthy, url: str) -> None:
    token = get(f"{url}/token/{healthy.session_id}/eve")
    address = url.replace("http", "ws", 1)
    address += f"/socket.io/?EIO=4&transport=websocket&token={token.partition('.')[0]}"
    stranger = websocket.create_connection(address, timeout=PATIENCE)
    stranger.recv()
    stranger.send("40/p2p,")
    assert json.loads(str(stranger.recv()).partition(",")[2])["message"] == "unauthorized"
    stranger.close()
    stranger.shutdown()


def refusal(open_wire: Open, auth: object) -> str:
    stranger = open_wire()
    stranger.connect(auth)
    assert not stranger.joined
    assert set(stranger.refusal["data"]) == ERROR_KEYS
    assert stranger.refusal["data"]["code"] == stranger.refusal["message"]
    stranger.close()
    return str(stranger.refusal["message"])


# Below Socket.IO


def test_broken_packets_end_at_most_their_own_connection(open_wire: Open, healthy: Healthy) -> None:
    for number, packet in enumerate(corpus.BROKEN_PACKETS):
        # One peer may not come so often.
        eve = open_wire().join(healthy.session_id, f"eve-{number}")
        with contextlib.suppress(ConnectionError):
            eve.send(packet)
            assert_still_answered(eve)
        eve.close()


@pytest.mark.parametrize("packet", corpus.HALF_PACKETS)
def test_half_a_packet_holds_nobody_up(open_wire: Open, healthy: Healthy, packet: str) -> None:
    eve = open_wire().join(healthy.session_id, "eve")
    eve.send(packet)
    # It waits for no second half: what comes next is a packet of its own.
    assert_still_answered(eve)


def assert_still_answered(eve: Wire) -> None:
    eve.send('42/p2p,77["hello",{}]')
    # Its answers may be to no namespace that Wire knows.
    while text := eve.hear():
        if text.startswith("43/p2p,77["):
            return
        assert corpus.SECRET not in text


BROKEN_FRAMES = [
    frame(2, b"\x00\x01\x02"),
    frame(2, b""),
    frame(2, b"4" * 60_000),
    frame(1, b"\xff\xfe\xc3\x28"),
    frame(1, b'42/p2p,["sdp_offer",{"to":"\xed\xa0\x80"}]'),
    b"\x81\x0942/p2p,[]",  # without a mask
    frame(1, b"x", first=0x80 | 0x40),
    frame(1, b"x", first=0x80 | 0x70),
    frame(3, b"reserved"),
    frame(11, b"reserved"),
    frame(0, b"continues nothing"),
    frame(1, b"42/p2p,", first=0) + frame(1, b"[]"),
    frame(9, b"p" * 1_000),
    frame(9, b"ping") * 200,
    frame(10, b"unasked"),
    frame(8, b""),
    frame(8, b"\x03"),
    frame(8, struct.pack("!H", 1005) + b"\xff"),
    frame(8, struct.pack("!H", 65_535)),
    bytes([0x81, 0xFF]) + b"\xff" * 8,
    bytes([0x81, 0xFF]) + struct.pack("!Q", 2**40) + b"\0\0\0\0" + b"x" * 100,
    b"GET / HTTP/1.1\r\n\r\n",
    b"\0" * 500,
]


def test_broken_frames_end_at_most_their_own_connection(open_wire: Open, healthy: Healthy) -> None:
    for data in BROKEN_FRAMES:
        eve = open_wire().join(healthy.session_id, "eve")
        with contextlib.suppress(OSError):
            eve.send_raw(data)
        eve.drop()


def test_a_packet_in_a_thousand_fragments(open_wire: Open, healthy: Healthy) -> None:
    eve = open_wire().join(healthy.session_id, "eve")
    with contextlib.suppress(OSError):
        eve.send_raw(frame(1, b"42/p2p,", first=0))
        for _ in range(1_000):
            eve.send_raw(frame(0, b"[" * 100, first=0))
    eve.drop()


REQUESTS: list[Callable[[str], str]] = [
    lambda sid: "/socket.io/?EIO=4&transport=polling",
    lambda sid: "/socket.io/?EIO=3&transport=polling",
    lambda sid: "/socket.io/?EIO=4&transport=polling&sid=" + sid,
    lambda sid: "/socket.io/?EIO=4&transport=websocket",
    lambda sid: "/socket.io/?EIO=4&transport=websocket&sid=" + sid,
    lambda sid: "/socket.io/?EIO=NaN&transport=" + "x" * 500,
    lambda sid: "/socket.io/?" + "a=b&" * 500,
    lambda sid: "/socket.io/",
]


def test_requests_that_are_no_websocket_are_refused(healthy: Healthy, url: str) -> None:
    for request in REQUESTS:
        for data in (None, b"", b"4" * 1_000, b'40/p2p,{"token":"x"}'):
            with pytest.raises(HTTPError) as refused, urlopen(url + request("x"), data, 10):
                pass
            with refused.value:
                assert 400 <= refused.value.code < 500


def test_half_a_handshake(healthy: Healthy, url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    for start in (b"", b"GET /socket.io/?EIO=4", b"GET / HTTP/1.1\r\nUpgrade: websocket"):
        with socket.create_connection((host, int(port)), 5) as half:
            half.sendall(start)

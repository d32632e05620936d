"""The same where the app has a SocketIO of its own: long polling, compression, attachments."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.kit.frames import BINARY, COMPRESSED, CONTINUATION, FINAL, TEXT, frame, text
from tests.kit.http import get, get_json
from tests.kit.raw import Handshaken
from tests.kit.servers import MODES
from tests.kit.waiting import PATIENCE, until
from tests.kit.wire import Wire
from tests.security import floods
from tests.security.conftest import UNLIMITED, attacked
from tests.security.healthy import Healthy
from tests.security.test_inbound import assert_little_is_kept, memory, pour

# Of who joins nothing a server is tired soon, but not of who gets no turn for three seconds.
IMPATIENT: dict[str, Any] = {**UNLIMITED, "P2P_JOIN_TIMEOUT": 5}
MAX_ATTACHMENTS = 100


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, own=True, **IMPATIENT) as server:
        yield server.url


class Poller:
    """A client that polls, and never gets a WebSocket."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/socket.io/?EIO=4&transport=polling"
        self.sid = json.loads(self.ask(self._url)[1][1:])["sid"]

    def post(self, body: bytes) -> int:
        return self.ask(f"{self._url}&sid={self.sid}", body)[0]

    def poll(self) -> str:
        return self.ask(f"{self._url}&sid={self.sid}")[1]

    def ask(
        self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> "tuple[int, str]":
        answer = requests.request(
            "POST" if body else "GET", url, data=body, headers=headers, timeout=PATIENCE
        )
        assert answer.headers.get("Content-Type", "text/plain").startswith("text/plain")
        return answer.status_code, answer.text


OpenPoller = Callable[[], Poller]


@pytest.fixture
def open_poller(url: str) -> Iterator[OpenPoller]:
    with ExitStack() as stack:

        def open_one() -> Poller:
            poller = Poller(url)
            # Engine.IO's goodbye; it may be over already.
            stack.callback(poller.post, b"1")
            return poller

        yield open_one


# Long polling


def test_polling_goes_on_as_it_was(open_poller: OpenPoller, url: str) -> None:
    poller = open_poller()
    assert poller.post(b'40/chat,\x1e42/chat,7["size","four"]') == 200
    assert "43/chat,7[4]" in poller.poll()


@pytest.mark.parametrize(
    "body",
    [
        *(b"x", b"2", b"3", b"5", b"6", b"0{}", b"\xff", b"4" + b"[" * 5_000, b"ba", b"d=x"),
        b"42[]\x1ex",
        b"\x1e".join([b"42[]"] * 17),
        b'{"a":1}',
    ],
)
def test_what_is_no_packet_is_refused(
    healthy: Healthy, open_poller: OpenPoller, url: str, body: bytes
) -> None:
    before = get(f"{url}/log").count("Traceback")
    assert open_poller().post(body) == 400
    assert get(f"{url}/log").count("Traceback") == before


def test_too_large_a_post_gets_its_answer(
    healthy: Healthy, open_poller: OpenPoller, url: str
) -> None:
    poller = open_poller()
    assert poller.post(b"4" * 1_100_000) == 413
    # Such a session is over.
    assert poller.post(b"40") == 400


def test_no_address_comes_back_in_an_answer(
    healthy: Healthy, open_poller: OpenPoller, url: str
) -> None:
    poller = open_poller()
    for transport in ("polling", "websocket"):
        for body in (None, b"40"):
            address = f"{url}/socket.io/?EIO=4&transport={transport}&sid=%3Cb%3Emarked"
            status, answer = poller.ask(address, body)
            assert status == 400
            assert "marked" not in answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "websocket"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "8"},
    ],
)
def test_what_is_no_handshake_leaves_no_connection(
    open_poller: OpenPoller, url: str, headers: dict[str, str]
) -> None:
    poller = open_poller()
    before = held(url)["connections"]
    status, _ = poller.ask(f"{url}/socket.io/?EIO=4&transport=websocket", headers=headers)
    assert 400 <= status < 500
    assert held(url)["connections"] <= before


def test_a_head_without_end_is_refused(open_poller: OpenPoller, url: str) -> None:
    poller = open_poller()
    status, _ = poller.ask(
        f"{url}/socket.io/?EIO=4&transport=polling",
        headers={f"X-{n}": "x" * 1_000 for n in range(30)},
    )
    assert status == 431


def test_who_polls_and_joins_nothing_is_closed(open_poller: OpenPoller, url: str) -> None:
    ann = open_poller()
    assert ann.post(b"40/chat,") == 200
    strangers = [open_poller() for _ in range(2)]
    strangers[0].post(b"40")
    until(lambda: held(url)["connections"] <= 1, lambda: f"{held(url)}")
    assert ann.post(b'42/chat,["size","x"]') == 200
    assert [each.post(b"42[]") for each in strangers] == [400, 400]


# Attachments, where the app takes some


@pytest.fixture
def ann(open_wire: Any) -> Wire:
    """Somebody whom the app lets into its own namespace."""
    ann: Wire = open_wire()
    ann.connect({}, namespace="/chat")
    return ann


def announce(ann: Wire, count: int) -> None:
    parts = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(count))
    ann.send(f'45{count}-/chat,7["size",{parts}]')


def sizes(ann: Wire) -> Any:
    ann.answers.pop(7, None)
    ann.read(lambda: 7 in ann.answers)
    return ann.answers[7]


def test_attachments_arrive_as_far_as_they_are_bounded(ann: Wire) -> None:
    announce(ann, MAX_ATTACHMENTS)
    for _ in range(MAX_ATTACHMENTS):
        ann.send_frame(b"x" * 9_000, BINARY)
    assert sizes(ann) == 9_000 * MAX_ATTACHMENTS


def test_more_attachments_are_no_attachments(ann: Wire) -> None:
    announce(ann, MAX_ATTACHMENTS + 1)
    announce(ann, 1)
    ann.send_frame(b"x" * 8, BINARY)
    assert sizes(ann) == 8


def test_attachments_of_more_than_a_message_are_dropped(ann: Wire, healthy: Healthy) -> None:
    announce(ann, 3)
    ann.send_frame(b"x" * 900_000, BINARY)
    ann.send_frame(b"x" * 900_000, BINARY)
    announce(ann, 1)
    ann.send_frame(b"x" * 7, BINARY)
    assert sizes(ann) == 7


def test_what_is_announced_on_another_namespace_is_dropped(ann: Wire) -> None:
    for namespace in ("/p2p", "/made-up"):
        ann.send(f"40{namespace},")
        ann.send(f'451-{namespace},["x",{{"_placeholder":true,"num":0}}]')
        announce(ann, 1)
        ann.send_frame(b"x" * 6, BINARY)
        assert sizes(ann) == 6


# Compression


def bomb() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(deflate.compress(b"4" * floods.MIB) for _ in range(200))
    return packed + deflate.flush(zlib.Z_SYNC_FLUSH)


def parts() -> Iterator[bytes]:
    """A message that never ends, and swells to 1 MiB with each of its parts."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    for number in range(200):
        packed = deflate.compress(b"4" * floods.MIB) + deflate.flush(zlib.Z_SYNC_FLUSH)
        yield frame(CONTINUATION if number else TEXT, packed, first=0 if number else COMPRESSED)


@pytest.mark.parametrize("kind", ["whole", "in parts"])
@pytest.mark.parametrize("is_member", [False, True])
def test_a_message_that_swells_is_not_kept(
    healthy: Healthy, url: str, kind: str, is_member: bool
) -> None:
    before = memory(url)
    eve = Handshaken(url, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert "permessage-deflate" in eve.answer
    if is_member:
        rooms = held(url)["rooms"]
        eve.raw_socket.sendall(text("40/chat,"))
        until(lambda: held(url)["rooms"] > rooms, lambda: "Nobody has joined.")
    whole = iter([frame(TEXT, bomb(), first=FINAL | COMPRESSED)])
    pour(eve, whole if kind == "whole" else parts())
    assert_little_is_kept(url, before)
    eve.drop()


def held(url: str) -> dict[str, int]:
    counted: dict[str, int] = get_json(f"{url}/held")
    return counted

from collections.abc import Iterator
from secrets import token_hex

import pytest

from tests.kit.fixtures import Open
from tests.kit.http import get
from tests.kit.leaks import without_leaks
from tests.kit.servers import MODES
from tests.kit.wire import Wire
from tests.server.conftest import site


class Room:
    """A host and a client that must not notice anything."""

    def __init__(self, open_wire: Open) -> None:
        self.id = token_hex(4)
        self.host = open_wire().join(self.id, "host")
        self.client = open_wire().join(self.id, "client")
        self.epoch = self.host.wait_for("session_ready", 2)["epoch"]

    def offer(self, sdp: str = "v=0", to: str = "client") -> str:
        return (
            f'{{"to":"{to}","epoch":{self.epoch},"negotiation":"n",'
            f'"description":{{"type":"offer","sdp":"{sdp}"}}}}'
        )

    def assert_undisturbed(self) -> None:
        assert self.host.ask("sdp_offer", self.offer()) == {"ok": True}
        self.client.wait_for("sdp_offer")
        assert [name for name, _ in self.client.events] == ["session_ready", "sdp_offer"]
        known = {"session_ready", "host_changed", "peer_left"}
        assert {name for name, _ in self.host.events} <= known


@pytest.fixture
def room(open_wire: Open) -> Iterator[Room]:
    room = Room(open_wire)
    yield room
    room.assert_undisturbed()


@pytest.fixture
def eve(open_wire: Open, room: Room) -> Wire:
    """A client of the room that behaves badly."""
    return open_wire().join(room.id, "eve")


def code(answer: object) -> object:
    assert isinstance(answer, dict)
    return answer["error"]["code"]


# At the door


@pytest.mark.parametrize(
    "auth", [None, "token", ["token"], 7, {}, {"token": None}, {"token": 7}, {"token": "x.y"}]
)
def test_a_forged_token(open_wire: Open, room: Room, auth: object) -> None:
    stranger = open_wire()
    stranger.connect(auth)
    assert stranger.refusal["message"] in ("unauthorized", "bad_request")
    assert set(stranger.refusal["data"]) == {"code", "message", "hint", "retry"}


def test_no_auth_at_all(open_wire: Open, room: Room) -> None:
    stranger = open_wire()
    stranger.send("40/p2p,")
    stranger.read(lambda: stranger.refusal is not None)
    assert stranger.refusal["message"] == "unauthorized"


def test_an_expired_token(open_wire: Open, room: Room, url: str) -> None:
    late = open_wire()
    late.connect({"token": get(f"{url}/expired/room/late")})
    assert late.refusal["message"] == "token_expired"


def test_a_token_of_another_session_reaches_nobody_here(open_wire: Open, room: Room) -> None:
    stranger = open_wire().join("elsewhere", "eve")
    assert stranger.wait_for("session_ready")["host_peer_id"] == "eve"
    answer = stranger.ask("sdp_offer", room.offer())
    assert code(answer) == "stale_epoch"


def test_who_was_refused_may_come_again_on_the_same_socket(open_wire: Open, room: Room) -> None:
    peer = open_wire()
    peer.connect({"token": "forged"})
    peer.refusal = None
    peer.join(room.id, "bob")
    assert peer.joined


@pytest.fixture(params=MODES)
def open_impatient(request: pytest.FixtureRequest) -> Iterator[Open]:
    with (
        # Of who joins nothing it is tired soon, but not of who gets no turn for three seconds.
        site(request.param, P2P_JOIN_TIMEOUT=5) as server,
        without_leaks(server.url, Wire) as open_one,
    ):
        yield open_one


def test_who_is_in_no_namespace_is_closed_after_a_while(open_impatient: Open) -> None:
    room = Room(open_impatient)
    silent, refused = open_impatient(), open_impatient()
    refused.connect({"token": "forged"})
    released = open_impatient().join(room.id, "bob")
    released.ask("session_leave", '{"reason":"connected"}')
    released.send("41/p2p,")
    other = open_impatient()
    other.connect({}, namespace="/other")
    for wire in (silent, refused, released):
        wire.wait_for_end()
    # A client that the server lets go has not left.
    roster = f'{{"epoch":{room.epoch},"peers":{{"bob":"connected"}}}}'
    assert room.host.ask("session_roster", roster) == {"ok": True}
    assert room.host.received("peer_left") == []
    # The app's own use of Socket.IO is left alone.
    assert other.ask("echo", '"still here"', namespace="/other") == "still here"
    room.assert_undisturbed()


def test_who_joins_when_it_is_being_closed_is_not_held(open_wire: Open, room: Room) -> None:
    late = open_wire()
    # Engine.IO's own goodbye; what comes after it is nobody's.
    late.send("1")
    late.send('40/p2p,{"token":"x"}')
    late.wait_for_end()


# Inside


@pytest.mark.parametrize("event", ["hello", "connect", "disconnect", "disconnecting", "__init__"])
def test_an_unknown_or_reserved_event(room: Room, eve: Wire, event: str) -> None:
    assert code(eve.ask(event, "{}")) == "bad_request"
    assert code(eve.ask(event, '"transport close"')) == "bad_request"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1.5", "true", "-1"])
def test_no_number_gets_through_that_is_none(room: Room, eve: Wire, number: str) -> None:
    signal = '{"to":"host","epoch":%s,"negotiation":"n","candidates":[{"candidate":""}]}'
    assert code(eve.ask("ice_candidate", signal % number)) == "bad_request"
    signal = (
        '{"to":"host","epoch":%d,"negotiation":"n",'
        '"candidates":[{"candidate":"","sdpMLineIndex":%s}]}'
    )
    assert code(eve.ask("ice_candidate", signal % (room.epoch, number))) == "bad_request"
    assert code(eve.ask("session_join", f'{{"lost_epoch":{number}}}')) == "bad_request"
    assert code(eve.ask("session_roster", f'{{"epoch":{number},"peers":{{}}}}')) == "bad_request"


def test_too_many_arguments(room: Room, eve: Wire) -> None:
    assert code(eve.ask("session_leave", '{"reason":"closed"},1')) == "bad_request"


def test_a_client_that_plays_the_host(room: Room, eve: Wire) -> None:
    assert code(eve.ask("sdp_offer", room.offer())) == "forbidden"
    assert code(eve.ask("session_roster", f'{{"epoch":{room.epoch},"peers":{{}}}}')) == "forbidden"


def test_a_signal_that_is_too_large_gets_an_answer(room: Room, eve: Wire) -> None:
    assert code(eve.ask("sdp_offer", room.offer("v" * 20_000))) == "too_large"
    assert code(eve.ask("sdp_offer", room.offer("\\r\\n" * 8_000 + "v" * 500))) == "too_large"


def test_a_packet_that_is_far_too_large_ends_its_own_connection(room: Room, eve: Wire) -> None:
    eve.send('42/p2p,["sdp_offer","' + "v" * 200_000 + '"]')
    eve.wait_for_end()
    assert room.host.wait_for("peer_left")["peer_id"] == "eve"


@pytest.mark.parametrize(
    "packet",
    [
        "42/p2p,notjson",
        "42/p2p,{}",
        "42/p2p,[]",
        "42/p2p,[7,8]",
        '42/p2p,[{"a":1},{}]',
        "42/p2p," + "[" * 5_000,
        "43/p2p,7[]",
        "44/p2p,{}",
        "49",
        "40/p2p,{}",
        "40/nowhere,{}",
        '451-/p2p,["sdp_offer",{"_placeholder":true,"num":0}]',
    ],
)
def test_broken_packets(open_wire: Open, room: Room, packet: str) -> None:
    eve = open_wire().join(room.id, "eve")
    eve.send(packet)
    eve.close()
    assert room.host.wait_for("peer_left")["peer_id"] == "eve"

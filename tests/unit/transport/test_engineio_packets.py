import pytest

from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.transport.engineio_packets import FRAME, MESSAGES_IN_A_ROW, CheckedWebSocket


@pytest.mark.parametrize("frame", ["1", "2probe", "3", "3probe", "5", "40", "42[]", "40/p2p,{}"])
def test_what_engine_io_sends(frame: str) -> None:
    assert FRAME.match(frame)


@pytest.mark.parametrize(
    "frame",
    ["", "x", "7", "\u00b2", "\u0664", "4", "4[", "4x", "b", "b4AAA", "2[[", "3{", "3" * 20],
)
def test_what_it_does_not(frame: str) -> None:
    assert not FRAME.match(frame)


class Connection:
    """What of an Engine.IO connection is looked at."""

    def __init__(self, *, upgraded: bool = True, last_ping: float | None = None) -> None:
        self.upgraded = upgraded
        self.last_ping = last_ping


class Heard:
    """A WebSocket that has said so much, and what became of it."""

    def __init__(self, connection: Connection, *packets: object) -> None:
        self.environ = "its own"
        self.refused = 0
        self.turns = 0
        self.metrics = Metrics()
        self._packets = iter(packets)
        self.checked = CheckedWebSocket(
            self, connection, self.metrics, self._refuse, self._give_way
        )

    def wait(self) -> object:
        return next(self._packets, None)

    def all(self) -> list[object]:
        return list(iter(self.checked.wait, None))

    def _refuse(self) -> bool:
        self.refused += 1
        return self.refused < 10

    def _give_way(self) -> None:
        self.turns += 1


def test_messages_and_pongs_that_were_asked_for_pass() -> None:
    heard = Heard(Connection(last_ping=1.0), "40", "3", b"\0", "1")
    assert heard.all() == ["40", "3", b"\0", "1"]
    assert heard.refused == 0
    assert heard.checked.environ == "its own"


@pytest.mark.parametrize("packet", ["0", "2", "2probe", "3", "3probe", "5", "6"])
def test_what_nobody_asked_for_is_left_out(packet: str) -> None:
    heard = Heard(Connection(), packet, "42", packet)
    assert heard.all() == ["42"]
    assert heard.refused == 2


def test_who_sends_nothing_else_is_ended() -> None:
    heard = Heard(Connection(), *["6"] * 20)
    with pytest.raises(ValueError, match="nobody has asked for"):
        heard.all()
    assert heard.refused == 10


def test_what_is_no_frame_ends_a_connection() -> None:
    heard = Heard(Connection(), "x")
    with pytest.raises(ValueError, match="no frame"):
        heard.all()
    assert heard.metrics.snapshot(sockets=0, sessions=0)["bad_packets"] == 1


def test_an_upgrade_is_engine_ios_own() -> None:
    heard = Heard(Connection(upgraded=False), "2probe", "5", "x" * 99)
    # What it can't read it takes for a refusal.
    assert heard.all() == ["2probe", "5", "6"]
    assert heard.refused == 0


def test_others_get_their_turn() -> None:
    heard = Heard(Connection(), *["42"] * 100)
    assert len(heard.all()) == 100
    assert heard.turns == 100 // MESSAGES_IN_A_ROW

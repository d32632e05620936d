import json
from dataclasses import replace

import pytest

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.limits.budgets import MORE_PEERS
from flask_p2p_streams.sessions import rosters
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.sessions.rosters import MAX_ROSTER, SETTLING, Roster

NOW = 1_700_000_000.0
EPOCH = 1_700_000_000_000
HOSTED = Session("room", EPOCH, "ann", "sid-a", None)
PEERS = {"ann": "connected", "bob": "connected", "cyd": "connecting", "dan": "failed", "é": "new"}
ROSTER = Roster(EPOCH, PEERS)


def refusal(peers: object, max_peers: int | None = None) -> ErrorCode:
    with pytest.raises(SignalingError) as raised:
        rosters.parse({"epoch": 5, "peers": peers}, max_peers)
    return raised.value.code


def some(count: int, state: str = "connected") -> dict[str, str]:
    return {f"{state}-{number}": state for number in range(count)}


# As a host sends it


def test_a_roster_is_read() -> None:
    assert rosters.parse({"epoch": EPOCH, "peers": PEERS}) == ROSTER


@pytest.mark.parametrize("peers", [[], {"bob": "happy"}, {"bob": ["connected"]}, {"": "connected"}])
def test_a_wrong_roster(peers: object) -> None:
    assert refusal(peers) is ErrorCode.BAD_REQUEST


def test_no_host_has_more_peers_than_places() -> None:
    # And those that have gone, or were let in by two workers in one instant.
    full = {"epoch": 5, "peers": some(11) | some(MORE_PEERS - 1, "disconnected")}
    assert len(rosters.parse(full, 10).peers) == 10 + MORE_PEERS
    assert refusal(some(11) | some(MORE_PEERS, "failed"), 10) is ErrorCode.TOO_LARGE
    assert refusal(some(MAX_ROSTER + MORE_PEERS + 1)) is ErrorCode.TOO_LARGE


# As it is kept


def test_text_and_back() -> None:
    assert rosters.from_text(rosters.to_text(ROSTER)) == ROSTER


def test_the_text_takes_little_more_than_the_ids() -> None:
    peers = {f"{number:03}" + "é" * 125: "connected" for number in range(100)}
    assert len(rosters.to_text(Roster(EPOCH, peers)).encode()) < 100 * (253 + 3) + 60


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "[" * 100_000,
        '{"ann": "connected"}',
        '{"epoch": 5}',
        '{"epoch": "5", "peers": {}}',
        '{"epoch": 5, "peers": []}',
        '{"epoch": 5, "peers": {}, "more": 1}',
    ],
)
def test_a_corrupt_text_tells_of_nobody(text: object) -> None:
    assert rosters.from_text(text) == Roster(0, {})


def test_what_is_no_peer_is_left_out() -> None:
    text = json.dumps({"epoch": 5, "peers": {"connected": ["ann", 7], "happy": ["b"], "new": "c"}})
    assert rosters.from_text(text) == Roster(5, {"ann": "connected"})


# What it counts for


def test_who_takes_a_place() -> None:
    assert rosters.present(ROSTER) == {"ann", "bob", "cyd", "é"}


def test_who_is_connected_under_an_epoch() -> None:
    assert rosters.connected(ROSTER, EPOCH) == {"ann", "bob"}
    assert rosters.connected(ROSTER, EPOCH + 1) == frozenset()
    assert rosters.connected(Roster(0, {}), 5) == frozenset()


def test_places_are_kept_while_the_host_has_its_seat() -> None:
    dropped = replace(HOSTED, host_sid=None, absent_since=NOW)
    for session, holds in (
        (HOSTED, True),
        (dropped, True),
        (replace(dropped, absent_since=NOW - 2), False),
        (replace(HOSTED, host=None), False),
        (None, False),
    ):
        assert rosters.holds(ROSTER, session, NOW, grace=2.0) is holds


def test_places_of_a_former_host_s_peers_are_kept_for_a_moment() -> None:
    following = replace(HOSTED, epoch=EPOCH + 1000, host="bob")
    assert rosters.holds(ROSTER, following, NOW + 1 + SETTLING, grace=2.0)
    assert not rosters.holds(ROSTER, following, NOW + 1.1 + SETTLING, grace=2.0)
    assert rosters.holds(replace(ROSTER, epoch=following.epoch), following, NOW + 99, grace=2.0)

from typing import Any

from flask_p2p_streams.limits.budgets import MAX_CANDIDATES, MAX_DESCRIPTIONS
from flask_p2p_streams.signaling.negotiation import Negotiations, Sent


def candidates(start: int, count: int) -> list[dict[str, Any]]:
    return [{"candidate": f"candidate:{start + number}", "sdpMid": "0"} for number in range(count)]


def test_descriptions_pass_a_few_times() -> None:
    sent = Sent()
    assert [sent.describe() for _ in range(MAX_DESCRIPTIONS + 2)] == [True] * 30 + [False] * 2


def test_candidates_pass_until_there_are_too_many_different_ones() -> None:
    sent = Sent()
    assert sent.trickle(candidates(0, 60))
    assert sent.trickle(candidates(0, 60))
    assert not sent.trickle(candidates(60, MAX_CANDIDATES - 60 + 1))
    assert sent.trickle(candidates(60, MAX_CANDIDATES - 60))
    assert not sent.trickle(candidates(MAX_CANDIDATES, 1))
    assert sent.trickle(candidates(0, MAX_CANDIDATES))


def test_so_do_repeats_until_there_are_too_many_packets() -> None:
    sent = Sent()
    passed = [sent.trickle(candidates(0, 1)) for _ in range(MAX_CANDIDATES + 2)]
    assert passed == [True] * MAX_CANDIDATES + [False] * 2


def test_a_new_offer_begins_anew_and_a_repeated_one_does_not() -> None:
    negotiations = Negotiations()
    first = negotiations.offered("bob", "n1")
    reply = negotiations.by_client("bob")
    assert negotiations.offered("bob", "n1") is first is negotiations.by_host("bob")
    assert negotiations.by_client("bob") is reply
    assert negotiations.offered("bob", "n2") is not first
    assert negotiations.by_client("bob") is not reply
    assert negotiations.offer("bob") == "n2"


def test_who_has_gone_is_forgotten() -> None:
    negotiations = Negotiations()
    negotiations.offered("bob", "n1")
    negotiations.by_client("cyd")
    assert len(negotiations) == 2
    for peer_id in ("bob", "cyd", "dan"):
        negotiations.forget(peer_id)
    assert len(negotiations) == 0
    assert negotiations.offer("bob") is None

"""Turns for what is relayed: they leave most of a worker's time to all others."""

import itertools
from contextlib import suppress

import pytest

from flask_p2p_streams.config import Config
from flask_p2p_streams.limits.budgets import RELAY_GAP, RELAY_SAVED, RELAY_TURN, RELAY_WAIT
from flask_p2p_streams.limits.throttle import Throttle
from flask_p2p_streams.limits.turns import LEARNED, Turns
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.protocol.errors import ErrorCode
from tests.conftest import Clock

COST = 0.001
GAP = COST * RELAY_GAP


@pytest.fixture
def turns(clock: Clock) -> Turns:
    """Turns of which it is known what they take, with none saved."""
    turns = Turns(clock)
    learn(turns, clock, COST)
    while not turns.take(1.0, RELAY_WAIT)[0]:
        pass
    clock.advance(GAP)
    return turns


def learn(turns: Turns, clock: Clock, cost: float) -> None:
    for _ in range(20 * LEARNED):
        with turns.timed():
            clock.advance(cost)


def test_before_anything_is_known_nobody_waits(clock: Clock) -> None:
    turns = Turns(clock)
    assert [turns.take(1.0, RELAY_WAIT) for _ in range(100)] == [(0.0, False)] * 100


def test_one_comes_after_the_other(turns: Turns) -> None:
    waits = [turns.take(1.0, RELAY_WAIT)[0] for _ in range(5)]
    steps = [later - sooner for sooner, later in itertools.pairwise(waits)]
    assert steps == pytest.approx([GAP] * 4, rel=1e-3)


def test_a_quiet_time_is_saved_up_to_a_limit(turns: Turns, clock: Clock) -> None:
    clock.advance(100 * RELAY_SAVED)
    at_once = 0
    while not turns.take(1.0, RELAY_WAIT)[0]:
        at_once += 1
    assert at_once == pytest.approx(RELAY_SAVED / GAP, abs=2)


def test_who_has_many_links_waits_for_less(turns: Turns) -> None:
    for _ in range(10):
        turns.take(1.0, RELAY_WAIT)
    whole = turns.take(1.0, RELAY_WAIT)[0]
    assert turns.take(0.1, RELAY_WAIT)[0] == pytest.approx((whole + GAP) / 10, rel=1e-3)


def test_a_turn_that_is_too_far_away_is_not_taken(turns: Turns, clock: Clock) -> None:
    while not (late := turns.take(1.0, RELAY_WAIT))[1]:
        assert late[0] <= RELAY_WAIT
    assert turns.take(1.0, RELAY_WAIT) == late
    clock.advance(2 * GAP)
    assert not turns.take(1.0, RELAY_WAIT)[1]


def test_a_turn_that_was_interrupted_counts_for_no_more_than_some(clock: Clock) -> None:
    turns = Turns(clock)
    learn(turns, clock, 100 * RELAY_TURN)
    waits = [turns.take(1.0, RELAY_WAIT)[0] for _ in range(3)]
    assert waits[2] - waits[1] == pytest.approx(RELAY_TURN * RELAY_GAP, rel=1e-3)


def test_one_that_is_refused_costs_as_well(clock: Clock) -> None:
    turns = Turns(clock)
    for _ in range(20 * LEARNED):
        with suppress(ValueError), turns.timed():
            clock.advance(COST)
            raise ValueError
    waits = [turns.take(1.0, RELAY_WAIT)[0] for _ in range(50)]
    assert waits[-1] - waits[-2] == pytest.approx(GAP, rel=1e-3)


def test_the_refusal_waits_as_long_as_anybody_does(clock: Clock) -> None:
    metrics = Metrics()
    throttle = Throttle(Config(), metrics, clock)
    learn(throttle.turns, clock, COST)
    answers = [throttle.turn(1.0, RELAY_WAIT) for _ in range(round(2 * RELAY_WAIT / GAP))]
    refusals = [(wait, refusal) for wait, refusal in answers if refusal]
    assert refusals
    for wait, refusal in refusals:
        assert wait == RELAY_WAIT
        assert refusal.code is ErrorCode.RELAY_FULL
        assert refusal.retry_after_ms == pytest.approx(RELAY_WAIT * 1000, rel=0.1)
    assert metrics.snapshot(sockets=0, sessions=0)["limited"]["relay"] == len(refusals)


def test_where_nothing_may_wait_it_is_refused_at_once(clock: Clock) -> None:
    throttle = Throttle(Config(), Metrics(), clock)
    learn(throttle.turns, clock, COST)
    answers = [throttle.turn(1.0, 0.0) for _ in range(50)]
    assert {wait for wait, _ in answers} == {0.0}
    assert answers[0][1] is None
    assert answers[-1][1] is not None

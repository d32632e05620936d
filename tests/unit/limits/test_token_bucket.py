from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.limits.token_bucket import KEPT_BUCKETS, MAX_BUCKETS, Limit, Rate
from tests.conftest import Clock

RATE = Rate(per_second=10.0, burst=20.0)


@pytest.fixture
def limit(clock: Clock) -> Limit:
    return Limit(RATE, clock)


def taken(limit: Limit, key: str, attempts: int) -> int:
    return sum(limit.take(key) == 0.0 for _ in range(attempts))


def test_a_burst_and_then_the_rate(limit: Limit, clock: Clock) -> None:
    assert taken(limit, "a", 100) == 20
    clock.advance(0.5)
    assert taken(limit, "a", 100) == 5
    clock.advance(1000)
    assert taken(limit, "a", 100) == 20


def test_a_refusal_says_when_to_come_again(limit: Limit, clock: Clock) -> None:
    assert taken(limit, "a", 20) == 20
    assert limit.take("a") == pytest.approx(0.1)
    assert limit.take("a", 5) == pytest.approx(0.5)
    clock.advance(limit.take("a") + 1e-6)
    assert limit.take("a") == 0.0


def test_those_that_are_refused_are_asked_to_come_one_after_the_other(clock: Clock) -> None:
    limit = Limit(RATE, clock, queue=0.3)
    assert taken(limit, "a", 20) == 20
    # A queue that is full begins anew.
    assert [round(limit.take("a"), 6) for _ in range(5)] == [0.1, 0.2, 0.3, 0.1, 0.2]
    clock.advance(0.11)
    assert limit.take("a") == 0.0
    assert limit.take("b") == 0.0
    clock.advance(1000)
    assert taken(limit, "a", 20) == 20
    assert limit.take("a") == pytest.approx(0.1)


def test_a_refusal_takes_nothing(limit: Limit, clock: Clock) -> None:
    taken(limit, "a", 1000)
    clock.advance(0.11)
    assert limit.take("a") == 0.0


def test_keys_do_not_hinder_each_other(limit: Limit) -> None:
    taken(limit, "a", 1000)
    assert limit.take("b") == 0.0


def test_parts_of_tokens(limit: Limit) -> None:
    assert sum(limit.take("a", 0.25) == 0.0 for _ in range(100)) == 80


def test_a_clock_that_goes_back_gives_nothing_away(limit: Limit, clock: Clock) -> None:
    taken(limit, "a", 20)
    clock.advance(-100)
    assert limit.take("a") > 0


def test_no_rate_is_no_limit(clock: Clock) -> None:
    limit = Limit(None, clock)
    assert taken(limit, "a", 1000) == 1000
    assert len(limit) == 0


def test_a_key_can_be_forgotten(limit: Limit) -> None:
    limit.take("a")
    limit.forget("a")
    limit.forget("unknown")
    assert len(limit) == 0


def test_full_buckets_are_forgotten_first(limit: Limit, clock: Clock) -> None:
    for number in range(MAX_BUCKETS - 1):
        limit.take(str(number))
    clock.advance(1)
    taken(limit, "in debt", 20)
    assert len(limit) == MAX_BUCKETS
    limit.take("new")
    assert len(limit) == 2
    assert limit.take("in debt") > 0


def test_who_owes_most_is_remembered_longest(limit: Limit) -> None:
    taken(limit, "in debt", 20)
    for number in range(MAX_BUCKETS * 2):
        limit.take(str(number))
    assert KEPT_BUCKETS <= len(limit) <= MAX_BUCKETS
    assert limit.take("in debt") > 0


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_burst_and_rate(pauses: list[float]) -> None:
    clock = Clock()
    limit, passed, started = Limit(RATE, clock), 0, clock()
    for pause in pauses:
        clock.advance(pause)
        passed += taken(limit, "a", 30)
        assert passed <= RATE.burst + RATE.per_second * (clock() - started) + 0.01


def test_threads_share_a_bucket(clock: Clock) -> None:
    limit = Limit(Rate(1.0, 500.0), clock)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: taken(limit, "a", 100), range(8))) == 500

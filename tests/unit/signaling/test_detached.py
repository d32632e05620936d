from flask_p2p_streams.signaling.detached import DETACHED_TERM, Detached
from tests.conftest import Clock


def test_who_is_detached_is_counted_until_the_next_roster(clock: Clock) -> None:
    detached = Detached(clock)
    detached.add("room", "ann")
    detached.add("room", "bob")
    detached.add("hall", "eve")
    assert detached.of("room") == {"ann", "bob"}
    detached.forget("room", "ann")
    assert detached.of("room") == {"bob"}
    detached.forget("room")
    detached.forget("room", "bob")
    assert (detached.of("room"), detached.of("hall")) == (set(), {"eve"})


def test_nothing_is_kept_for_ever(clock: Clock) -> None:
    detached = Detached(clock)
    detached.add("room", "ann")
    clock.advance(DETACHED_TERM - 1)
    detached.add("room", "bob")
    detached.add("hall", "eve")
    clock.advance(1)
    assert detached.of("room") == {"bob"}
    clock.advance(DETACHED_TERM)
    assert detached.of("room") == detached.of("hall") == set()
    detached.add("attic", "ann")
    assert len(detached) == 1

from flask_p2p_streams.signaling.detached import RELEASED_TERM, Released
from tests.conftest import Clock


def test_who_is_released_is_counted_until_the_next_roster(clock: Clock) -> None:
    released = Released(clock)
    released.add("room", "ann")
    released.add("room", "bob")
    released.add("hall", "eve")
    assert released.of("room") == {"ann", "bob"}
    released.forget("room", "ann")
    assert released.of("room") == {"bob"}
    released.forget("room")
    released.forget("room", "bob")
    assert (released.of("room"), released.of("hall")) == (set(), {"eve"})


def test_nothing_is_kept_for_ever(clock: Clock) -> None:
    released = Released(clock)
    released.add("room", "ann")
    clock.advance(RELEASED_TERM - 1)
    released.add("room", "bob")
    released.add("hall", "eve")
    clock.advance(1)
    assert released.of("room") == {"bob"}
    clock.advance(RELEASED_TERM)
    assert released.of("room") == released.of("hall") == set()
    released.add("attic", "ann")
    assert len(released) == 1

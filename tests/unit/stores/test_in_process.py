import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.limits.budgets import MAX_PLACES
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.stores import keys
from flask_p2p_streams.stores.base import AtomicStore
from flask_p2p_streams.stores.guarded import GuardedStore
from flask_p2p_streams.stores.in_process import MemoryStore
from flask_p2p_streams.stores.session_store import SessionStore
from flask_p2p_streams.testing import join
from tests.conftest import Clock


def session_of(number: int) -> str:
    return keys.session_key(str(number))


def roster_of(number: int) -> str:
    return keys.roster_key(str(number))


def place_of(number: int) -> str:
    return keys.place_key("room", str(number))


def full(clock: Clock, term: float = 60, refused: Callable[[], object] = int) -> MemoryStore:
    """Return a store that holds three sessions, and no more."""
    store = MemoryStore(refused, clock, max_sessions=3)
    for number in range(3):
        store.write(session_of(number), "v", term)
    return store


def is_refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except SignalingError as error:
        told = "no room" in error.message and "CACHE_TYPE" in error.hint
        return told and (error.code, error.retry_after_ms) == (ErrorCode.UNAVAILABLE, 60_000)
    return False


def test_it_is_a_store(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    assert isinstance(store, AtomicStore)
    assert store.replace("k", None, "first", 60)
    assert not store.replace("k", None, "second", 60)
    assert store.exchange("k", "third", 60) == "first"
    assert store.exchange("l", "new", 60) is None
    assert store.read_many(["l", "m", "k"]) == ["new", None, "third"]
    store.clear()
    assert (len(store), store.read_many(["k"])) == (0, [None])


def test_a_key_ends_at_its_time_and_is_then_a_new_one(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    store.write("k", "v", 60)
    clock.advance(59.9)
    assert store.read_many(["k"]) == ["v"]
    clock.advance(0.1)
    assert store.read_many(["k"]) == [None]
    assert not store.replace("k", "v", "w", 60)
    assert store.replace("k", None, "w", 60)
    clock.advance(59.9)
    assert store.read_many(["k"]) == ["w"]


def test_what_lives_is_kept_and_what_is_new_is_refused(clock: Clock) -> None:
    store = full(clock)
    assert is_refused(lambda: store.write(session_of(9), "v", 60))
    assert is_refused(lambda: store.replace(session_of(9), None, "v", 60))
    assert is_refused(lambda: store.exchange(session_of(9), "v", 60))
    assert not store.replace(session_of(9), "v", "w", 60)
    assert store.read_many([session_of(n) for n in range(3)]) == ["v", "v", "v"]


def test_whoever_lives_may_change_and_write_its_first_roster(clock: Clock) -> None:
    store = full(clock)
    for number in range(3):
        assert store.replace(session_of(number), "v", "a longer value", 600)
        store.write(roster_of(number), "{}", 60)
    clock.advance(60)
    assert store.read_many([session_of(0), roster_of(0)]) == ["a longer value", None]


def test_room_that_has_become_free_is_given_away(clock: Clock) -> None:
    store = full(clock)
    store.write(session_of(0), "v", 600)
    clock.advance(60)
    store.write(session_of(3), "v", 60)
    store.write(session_of(4), "v", 60)
    assert is_refused(lambda: store.write(session_of(5), "v", 60))
    assert len(store) == 3


def test_other_keys_take_no_session_s_room_and_have_a_bound_of_their_own(clock: Clock) -> None:
    store = MemoryStore(clock=clock, max_sessions=2, max_others=5)
    for number in range(5):
        store.write(f"p2p:peer:{number}", "sid", 3600)
    assert is_refused(lambda: store.write("p2p:peer:5", "sid", 3600))
    store.write(session_of(1), "v", 60)
    store.write(session_of(2), "v", 60)
    assert is_refused(lambda: store.write(session_of(3), "v", 60))


def test_peers_take_no_roster_s_room(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    refusals: list[int] = []
    store = MemoryStore(lambda: refusals.append(1), clock, max_others=2, max_places=3)
    for number in range(3):
        store.write(place_of(number), "v", 3600)
    assert is_refused(lambda: store.write(place_of(3), "v", 60))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "peer_joined" in record.message
    assert "refuses new ones" not in record.message
    # No session was refused.
    assert refusals == []
    store.write(session_of(0), "v", 60)
    store.write(roster_of(0), "{}", 60)
    assert store.replace(place_of(0), "v", "changed", 60)


def test_a_store_that_is_full_of_peers_refuses_none(p2p: P2PStreams, app: Flask) -> None:
    store = app.extensions["p2p_streams"].store.guarded.backend
    for number in range(MAX_PLACES):
        store.write(place_of(number), "", 3600)
    ann, _ = join(app, "room", "ann"), join(app, "room", "bob")
    assert ann.report({"ann": "connected", "bob": "connected"}) == {"ok": True}
    session = p2p.session("room")
    assert session is not None
    assert session.peers == {"ann": "connected", "bob": "connected"}


def test_bytes_are_bounded_too(clock: Clock) -> None:
    store = MemoryStore(clock=clock, max_bytes=10_000)
    store.write(session_of(0), "v", 600)
    store.write(roster_of(0), "{}", 600)
    store.write(roster_of(0), "x" * 12_000, 60)
    # Nothing grows any more, except the records of sessions that live.
    assert is_refused(lambda: store.write(session_of(1), "v", 60))
    assert is_refused(lambda: store.write(roster_of(0), "x" * 12_001, 60))
    store.write(session_of(0), "v" * 5000, 600)
    store.write(roster_of(0), "{}", 600)
    store.write(session_of(1), "v", 60)


def test_one_wide_character_makes_all_of_them_wide(clock: Clock) -> None:
    store = MemoryStore(clock=clock, max_bytes=10_000)
    store.write(roster_of(0), "x" * 3_000 + "\U0001f600", 60)
    assert is_refused(lambda: store.write(session_of(1), "v", 60))
    store.write(roster_of(0), "x" * 3_001, 60)
    store.write(session_of(1), "v", 60)


def test_the_log_says_it_once_with_the_hint(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    refusals: list[int] = []
    store = full(clock, 7200, lambda: refusals.append(1))
    for _ in range(10):
        is_refused(lambda: store.write(session_of(9), "v", 60))
    assert len(refusals) == 10
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "Set CACHE_TYPE to RedisCache" in record.message
    clock.advance(3600)
    is_refused(lambda: store.write(session_of(9), "v", 60))
    assert len(caplog.records) == 2


def test_a_refusal_is_no_failure_of_the_store(clock: Clock) -> None:
    sessions = SessionStore(GuardedStore(full(clock)))
    one = Session("9", 1, "ann", "sid", None)
    assert is_refused(lambda: sessions.update("9", lambda _: (one, None), 60))
    assert sessions.guarded.failures == 0
    assert sessions.read("0") is None


def test_many_that_end_at_once_are_taken_out_in_parts(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    for number in range(1000):
        store.write(str(number), "v", 60)
    clock.advance(60)
    for number in range(9):
        store.write("k", "v", 60)
        assert len(store) == 901 - 100 * number
        assert store.read_many(["999"]) == [None]


def test_terms_that_are_shortened_again_and_again_take_no_room(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    for number in range(10_000):
        store.write("k", "v", 100_000 - number)
    assert len(store._queue) < 200
    clock.advance(90_002)
    store.write("l", "v", 1)
    assert len(store) == 1


# Any story

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "replace", "wrong", "exchange", "wait"]),
        st.integers(0, 5),
        st.integers(1, 30),
    ),
    max_size=80,
)


@dataclass
class Model:
    """What a store must hold, kept as simply as can be."""

    bound: int
    now: float = 0.0
    kept: dict[str, tuple[str, float]] = field(default_factory=dict)

    def value(self, key: str) -> str | None:
        value, end = self.kept.get(key, ("", 0.0))
        return value if end > self.now else None

    def takes(self, key: str) -> bool:
        living = [each for each in self.kept if self.value(each) is not None]
        return key in living or len(living) < self.bound


@given(STEPS)
def test_it_holds_what_it_must(steps: list[tuple[str, int, int]]) -> None:
    model = Model(bound=3)
    store = MemoryStore(clock=lambda: model.now, max_sessions=model.bound)
    for step, number, amount in steps:
        key, value = session_of(number), f"{step}-{amount}" * amount
        if step == "wait":
            model.now += amount
        elif step == "wrong":
            assert not store.replace(key, "no such value", value, amount)
        else:
            calls: dict[str, Callable[[], object]] = {
                "write": lambda: store.write(key, value, amount),  # noqa: B023
                "replace": lambda: store.replace(key, model.value(key), value, amount),  # noqa: B023
                "exchange": lambda: store.exchange(key, value, amount),  # noqa: B023
            }
            assert is_refused(calls[step]) is not model.takes(key)
            if model.takes(key):
                model.kept[key] = (value, model.now + amount)
        keys = [session_of(each) for each in range(6)]
        assert store.read_many(keys) == [model.value(each) for each in keys]
    model.now += 100
    store.write("the end", "", 1)
    assert (len(store), store._bytes, len(store._queue)) == (1, len("the end"), 1)


def test_threads_lose_nothing() -> None:
    store = MemoryStore()

    def add() -> None:
        for _ in range(500):
            done = False
            while not done:
                before = store.read_many(["k"])[0]
                done = store.replace("k", before, str(int(before or 0) + 1), 60)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read_many(["k"]) == ["2000"]


# In an app


def test_a_lesson_goes_on_where_the_process_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    p2p = P2PStreams(app)
    store = app.extensions["p2p_streams"].store.guarded._store
    assert isinstance(store, MemoryStore)
    monkeypatch.setitem(store._bounds, "session", 2)
    ann = join(app, "lesson", "ann")
    join(app, "other", "ann")
    # One more would be the host of a session of its own.
    refusal = join(app, "new", "eve").refusal
    assert refusal is not None
    assert (refusal["code"], refusal["retry"]) == ("unavailable", True)
    assert refusal["retry_after_ms"] == 60_000
    assert p2p.metrics()["limited"]["session"] == 1
    # The next pupil comes into the lesson, and its host may report it for the first time.
    assert join(app, "lesson", "bob").ready["host_peer_id"] == "ann"
    assert ann.report({"bob": "connected"}) == {"ok": True}
    ann.leave()
    assert join(app, "new", "eve").refusal is not None

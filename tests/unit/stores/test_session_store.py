import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from flask_p2p_streams.errors import ConfigurationError, ErrorCode, SignalingError
from flask_p2p_streams.runtime.mutexes import Mutexes, mutex_for
from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.joining import join
from flask_p2p_streams.sessions.outcomes import Hosting, JoinOutcome
from flask_p2p_streams.sessions.record import Access, Session
from flask_p2p_streams.stores.base import Store, checked_store
from flask_p2p_streams.stores.guarded import guarded_store
from flask_p2p_streams.stores.session_store import SessionStore
from tests.kit.candidates import candidate


class Memory:
    """The store of one's own that the documentation shows."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.terms: list[float] = []

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        self.terms.append(expires_in)
        return self.values.setdefault(key, default)

    def write(self, key: str, value: str, expires_in: float) -> None:
        self.terms.append(expires_in)
        self.values[key] = value

    def read(self, key: str) -> str | None:
        return self.values.get(key)


class LockedMemory(Memory):
    def __init__(self) -> None:
        super().__init__()
        self.locked: list[str] = []

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        self.locked.append(key)
        yield


def sessions(store: Store) -> SessionStore:
    return SessionStore(guarded_store(store, Mutexes(mutex_for("threading"))))


def joining(peer_id: str, now: float = 1000.0) -> Candidacy:
    return candidate(peer_id, sid=f"sid-{peer_id}", now=now)


def join_as(store: SessionStore, peer_id: str, expires_in: float = 3600) -> JoinOutcome:
    return store.update("room", lambda session: join(session, joining(peer_id)), expires_in)


def test_what_a_rule_decides_is_kept() -> None:
    store = sessions(Memory())
    assert isinstance(join_as(store, "ann"), Hosting)
    session = store.read("room")
    assert session is not None
    assert session.host == "ann"
    assert not isinstance(join_as(store, "bob"), Hosting)


def test_nothing_is_written_when_nothing_changes() -> None:
    memory = Memory()
    store = sessions(memory)
    join_as(store, "ann")
    join_as(store, "bob")
    assert memory.terms == [3600]


def test_the_store_holds_text_under_keys_that_suit_any_backend() -> None:
    memory = Memory()
    store = sessions(memory)
    hostile = "a b\0\n" + "é" * 100
    store.update(hostile, lambda session: join(session, joining("ann")), 3600)
    store.write_roster(hostile, {"ann": "connected"}, 3600)
    for key, value in memory.values.items():
        assert key.isascii()
        assert key.isprintable()
        assert len(key) < 100
        assert isinstance(value, str)
    assert store.read_roster(hostile) == {"ann": "connected"}
    assert store.read("a b") is None


def test_what_was_read_a_moment_ago_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = sessions(Memory())
    read: list[str] = []
    join_as(store, "ann")
    known = store.read("room")
    assert known is not None
    monkeypatch.setattr(store.guarded, "read", read.append)
    assert store.update("room", lambda session: (session, session), 60, known) == known
    assert read == []


def test_what_has_changed_since_it_was_read_is_read_again() -> None:
    store = sessions(Memory())
    seen: list[int] = []
    join_as(store, "ann")
    known = store.read("room")
    assert known is not None
    store.update("room", lambda _: (replace(known, reported=7), None), 60)

    def rule(session: Session | None) -> tuple[Session | None, None]:
        assert session is not None
        seen.append(session.reported)
        return replace(session, kept_for=60.0), None

    store.update("room", rule, 60, known)
    assert seen == [0, 7]
    after = store.read("room")
    assert after is not None
    assert (after.reported, after.kept_for) == (7, 60.0)


def test_a_term_outlasts_the_renewals() -> None:
    memory = Memory()
    join_as(sessions(memory), "ann", expires_in=1)
    assert memory.terms == [90]


def test_a_corrupt_record_counts_as_missing() -> None:
    memory = Memory()
    store = sessions(memory)
    join_as(store, "ann")
    for key in memory.values:
        memory.values[key] = "{broken"
    assert store.read("room") is None
    assert isinstance(join_as(store, "bob"), Hosting)
    assert store.read("room") is not None


def test_a_record_that_cannot_be_read_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    store = sessions(memory)
    store.update("room", lambda _: (Session("room", 1, "ann", "sid", None), None), 60)
    assert store.read("room") is not None
    assert store.read("hall") is None
    assert caplog.text == ""
    # As a later version may write it.
    [(key, text)] = memory.values.items()
    memory.values[key] = text[:-1] + ', "later": 1}'
    for _ in range(2):
        assert store.read("room") is None
    [line] = caplog.records
    assert line.levelname == "ERROR"
    assert "CACHE_KEY_PREFIX" in line.message


@pytest.mark.parametrize("text", ["[]", "{broken", "7", '{"ann": "happy"}'])
def test_a_corrupt_roster_is_empty(text: str) -> None:
    memory = Memory()
    store = sessions(memory)
    store.write_roster("room", {"ann": "new"}, 60)
    for key in memory.values:
        memory.values[key] = text
    assert store.read_roster("room") == {}


def test_a_process_that_was_faster_is_heeded() -> None:
    class Overtaken(Memory):
        def fetch(self, key: str, expires_in: float, default: str) -> str:
            faster = Session("room", 7, "eve", "sid-eve", None).to_text()
            return super().fetch(key, expires_in, faster)

    decision = join_as(sessions(Overtaken()), "ann")
    assert decision == type(decision)(7, "eve")  # type: ignore[call-arg, arg-type]


def test_a_store_with_a_lock_is_locked() -> None:
    memory = LockedMemory()
    join_as(sessions(memory), "ann")
    assert memory.locked == list(memory.values)


def test_fifty_threads_elect_one_host() -> None:
    store = sessions(Memory())
    barrier = Barrier(50)
    decisions: list[JoinOutcome] = []

    def contend(peer_id: str) -> None:
        barrier.wait()
        decisions.append(join_as(store, peer_id))

    threads = [Thread(target=contend, args=(str(n),)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(decision, Hosting) for decision in decisions) == 1


def test_a_store_that_fails_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Memory):
        def read(self, key: str) -> str | None:
            raise ConnectionError("no route to the cache")

    store = sessions(Broken())
    with caplog.at_level(logging.ERROR), pytest.raises(SignalingError) as raised:
        join_as(store, "ann")
    assert raised.value.code is ErrorCode.UNAVAILABLE
    assert isinstance(raised.value.__cause__, ConnectionError)
    assert "no route to the cache" in caplog.text
    with pytest.raises(SignalingError):
        store.read("room")
    with pytest.raises(SignalingError):
        store.read_roster("room")


@pytest.mark.parametrize("method", ["fetch", "write", "read"])
def test_a_store_that_lacks_a_method_is_refused(method: str) -> None:
    store = Memory()
    setattr(store, method, None)
    with pytest.raises(ConfigurationError, match=f"no method {method}"):
        checked_store(store)


def test_locks_are_bounded_and_steady() -> None:
    mutexes = Mutexes(mutex_for("threading"))
    assert mutexes.of("room") is mutexes.of("room")
    assert len({id(mutexes.of(str(n))) for n in range(1000)}) == 64


def test_each_async_mode_has_a_mutex_of_its_own() -> None:
    gevent = mutex_for("gevent")()
    with gevent:
        pass
    assert type(gevent).__module__.startswith("gevent")
    with mutex_for("threading")():
        pass


def test_a_record_outlasts_what_it_has_to_remember() -> None:
    memory = Memory()
    store = SessionStore(guarded_store(memory, Mutexes(mutex_for("threading"))), lambda: 1000.0)
    access = Access(closing=1000, keep_until=9000.0)
    closed = Session("room", 5, None, None, None, access=access)
    for _ in range(2):
        store.update("room", lambda _: (replace(closed), None), 600)
    assert memory.terms == [8000.0, 8000.0]


def test_a_store_says_whether_others_see_it() -> None:
    memory = Memory()
    assert SessionStore(guarded_store(memory, Mutexes(mutex_for("threading")))).is_shared
    memory.is_shared = False  # type: ignore[attr-defined]
    assert not SessionStore(guarded_store(memory, Mutexes(mutex_for("threading")))).is_shared


def test_a_rule_runs_again_when_another_was_faster() -> None:
    memory = Memory()
    store = sessions(memory)
    seen: list[str | None] = []

    def rule(session: Session | None) -> tuple[Session, None]:
        seen.append(None if session is None else session.host)
        if len(seen) == 1:
            join_as(store, "eve")
        return Session("room", 9, "ann", "sid-ann", None), None

    store.update("room", rule, 60)
    assert seen == [None, "eve"]
    session = store.read("room")
    assert session is not None
    assert session.host == "ann"


def test_an_update_gives_up_at_last(caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    store = sessions(memory)
    epochs = iter(range(1, 1000))

    def rule(_: Session | None) -> tuple[Session, None]:
        epoch = next(epochs)
        for key in memory.values:
            memory.values[key] = Session("room", epoch, "eve", "sid-eve", None).to_text()
        return Session("room", epoch, "ann", "sid-ann", None), None

    join_as(store, "eve")
    with pytest.raises(SignalingError) as raised:
        store.update("room", rule, 60)
    assert raised.value.code is ErrorCode.UNAVAILABLE
    assert "100 times in a row" in caplog.text


def test_an_equal_session_renews_the_term() -> None:
    memory = Memory()
    store = sessions(memory)
    join_as(store, "ann", 100)
    store.update("room", lambda session: (session and replace(session), None), 200)
    store.update("room", lambda session: (session, None), 300)
    assert memory.terms == [100, 200]


def test_which_socket_a_peer_has_joined_with_last() -> None:
    store = sessions(Memory())
    assert store.read_sid("room", "ann") is None
    assert store.exchange_sid("room", "ann", "1") is None
    assert store.exchange_sid("room", "ann", "2") == "1"
    # A retry whose first try did reach the store must not find itself.
    assert store.exchange_sid("room", "ann", "2") is None
    assert store.read_sid("room", "ann") == "2"
    assert store.read_sid("rooma", "nn") is None
    assert store.exchange_sid("room", "bob", "3") is None


def test_for_a_second_a_store_that_failed_is_not_asked() -> None:
    class Broken(Memory):
        asked = 0

        def read(self, key: str) -> str | None:
            self.asked += 1
            raise ConnectionError

    memory = Broken()
    store = sessions(memory)
    for _ in range(3):
        with pytest.raises(SignalingError):
            store.read("room")
    assert memory.asked == 1


def test_no_key_is_no_round_trip() -> None:
    assert sessions(Memory()).guarded.read_many([]) == []

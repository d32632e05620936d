"""Stores in real servers: who wins races, and what faults cost."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from threading import Thread
from typing import Any

import pytest
import redis

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.stores import memcached_client, redis_client, redis_store
from flask_p2p_streams.stores.base import AtomicStore
from flask_p2p_streams.stores.breaker import OPEN_FOR, Breaker
from flask_p2p_streams.stores.guarded import GuardedStore
from tests.conftest import Clock
from tests.kit.races import KINDS, Target, race, running_store, store_on
from tests.kit.stores import (
    StoreServer,
    running_cluster,
    running_memcached,
    running_redis,
    running_sentinel,
)
from tests.kit.waiting import until

# Seconds: far less than calls take that wait for each other, far more than a busy machine does.
# That each gives up after a second is for tests/unit/stores/test_redis_client.py to say.
ONE_AFTER_THE_OTHER = 15.0
SESSIONS = {"threading": 100, "eventlet": 40, "gevent": 40}

# The stores live as long as their process, and the clients close nothing by themselves.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _collect_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def stores() -> Iterator[list[Target]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running_store(kind)) for kind in KINDS]


@pytest.mark.parametrize("mode", SESSIONS)
def test_races(mode: str, stores: list[Target]) -> None:
    for (kind, _), figures in zip(stores, race(mode, stores, SESSIONS[mode]), strict=True):
        contested = figures.pop("contested")
        assert contested > 0, kind
        assert figures == {
            "elections": 4 * SESSIONS[mode],
            "won twice": 0,
            "disagreements": 0,
            "lost updates": 0,
        }, kind


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Redis take its time where it isn't the time that counts."""
    monkeypatch.setattr(redis_client, "SENTINEL_TIMEOUT", 30.0)
    monkeypatch.setattr(redis_client._settings, "__defaults__", (30.0,))
    monkeypatch.setattr(redis_store, "TIMEOUT", 60.0)
    monkeypatch.setattr(memcached_client, "TIMEOUT", 30.0)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, stores: list[Target], patient: None) -> AtomicStore:
    found: AtomicStore = store_on(request.param, dict(stores)[request.param])
    return found


def test_a_store_keeps_what_it_is_given(store: AtomicStore) -> None:
    assert store.is_shared
    assert store.read_many(["a", "b"]) == [None, None]
    assert store.replace("a", None, "1", 60)
    assert not store.replace("a", None, "2", 60)
    assert not store.replace("a", "2", "3", 60)
    assert store.replace("a", "1", "4", 60)
    assert store.exchange("b", "5", 60) is None
    assert store.exchange("b", "6", 60) == "5"
    store.write("c", "7", 60)
    assert store.read_many(["b", "c", "d", "a"]) == ["6", "7", None, "4"]


@pytest.mark.parametrize("kind", ["redis", "memcache"])
def test_a_write_renews_the_term(kind: str, stores: list[Target], patient: None) -> None:
    store = store_on(kind, dict(stores)[kind])
    # Long enough for the next call to come in time.
    assert store.replace("term", None, "1", 4)
    assert store.replace("term", "1", "1", 600)
    store.write("short", "1", 4)
    until(lambda: store.read_many(["short"]) == [None], "It doesn't expire.")
    assert store.read_many(["term"]) == ["1"]
    assert store.replace("short", None, "again", 600)


# Redis


def test_terms_in_redis(stores: list[Target], patient: None) -> None:
    # The keys have Flask-Caching's prefix, and not its time-out of 300 seconds.
    port = dict(stores)["redis"]
    store = store_on("redis", port)
    with redis.Redis(port=port) as client:
        assert store.replace("ttl", None, "1", 3600)
        assert 3_590_000 < client.pttl("flask_cache_ttl") <= 3_600_000
        assert store.replace("ttl", "1", "1", 90.5)
        assert 85_000 < client.pttl("flask_cache_ttl") <= 90_500
        store.exchange("ttl", "2", 4000)
        assert client.pttl("flask_cache_ttl") > 3_990_000
        assert client.get("flask_cache_ttl") == b"2"


def test_a_foreign_value_can_be_replaced(stores: list[Target], patient: None) -> None:
    port = dict(stores)["redis"]
    store = store_on("redis", port)
    with redis.Redis(port=port) as client:
        client.set("flask_cache_foreign", b"\x80\xff pickled")
        (before,) = store.read_many(["foreign"])
        assert before is not None
        assert store.replace("foreign", before, "ours", 60)


@pytest.fixture
def lone() -> Iterator[StoreServer]:
    with running_redis() as server:
        yield server


@pytest.mark.parametrize("kind", ["redis", "sentinel", "cluster"])
def test_a_redis_that_hangs(kind: str, clock: Clock) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(running_cluster() if kind == "cluster" else running_redis())
        front = stack.enter_context(running_sentinel(server)) if kind == "sentinel" else server
        asked = Asked(store_on(kind, front.port))
        store = GuardedStore(asked, Breaker(asked.hint, clock))
        write(store)
        server.pause()
        took = together(50, lambda: store.read("k"))
        assert 0.5 < max(took) < ONE_AFTER_THE_OTHER
        # For a second it isn't even asked.
        count = asked.count
        together(1, lambda: store.read("k"))
        assert asked.count == count
        server.resume()

        def is_back() -> bool:
            clock.advance(OPEN_FOR)
            return succeeds(lambda: store.read("k"))

        until(is_back, "It doesn't come back.")
        assert store.read("k") == "v"


def test_a_redis_that_hangs_makes_more_wait_than_it_has_connections(lone: StoreServer) -> None:
    store = GuardedStore(store_on("redis", lone.port))
    lone.pause()
    # In turns, fifty at a time, these would take twenty seconds.
    assert max(together(1_000, lambda: store.read("k"))) < ONE_AFTER_THE_OTHER


def test_more_calls_than_connections(
    lone: StoreServer, monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    # Each waits for its turn; how long that takes is the machine's affair.
    monkeypatch.setattr(redis_store, "TURN_TIMEOUT", 60.0)
    store = store_on("redis", lone.port)
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(5):
                store.write(f"k{number}", "v", 60)
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=write, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_redis_that_is_started_anew(lone: StoreServer, patient: None) -> None:
    store = store_on("redis", lone.port)
    store.write("k", "v", 60)
    lone.stop()
    lone.start()
    assert store.read_many(["k"]) == [None]
    lone.stop()
    lone.start()
    assert store.replace("k", None, "new", 60)


def test_a_redis_that_is_gone(lone: StoreServer) -> None:
    store = GuardedStore(store_on("redis", lone.port))
    lone.stop()
    assert max(together(10, lambda: store.read("k"))) < ONE_AFTER_THE_OTHER


# Memcached


@pytest.mark.parametrize("kind", ["memcache", "pymemcache"])
def test_a_memcached_that_is_gone_and_comes_back(kind: str, patient: None) -> None:
    with running_memcached() as server:
        store = store_on(kind, server.port)
        assert store.replace("k", None, "v", 60)
        server.stop()
        for call in (
            lambda: GuardedStore(store).read("k"),
            lambda: GuardedStore(store).replace("k", None, "w", 60),
            lambda: GuardedStore(store).exchange("k", "w", 60),
        ):
            together(1, call)
        server.start()
        guarded = GuardedStore(store)
        until(lambda: succeeds(lambda: guarded.read("k")), "It doesn't come back.")
        assert guarded.replace("k", None, "new", 60)


def test_a_memcached_that_hangs() -> None:
    with running_memcached() as server:
        store = GuardedStore(store_on("memcache", server.port))
        write(store)
        server.pause()
        assert max(together(50, lambda: store.read("k"))) < ONE_AFTER_THE_OTHER
        server.resume()
        until(lambda: succeeds(lambda: store.read("k")), "It doesn't come back.")
        assert store.read("k") == "v"


class Asked:
    """A store that counts how often it is read."""

    def __init__(self, store: AtomicStore) -> None:
        self._store = store
        self.count = 0

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        self.count += 1
        return self._store.read_many(keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def write(store: GuardedStore) -> None:
    """Write a key; where a busy machine takes longer than a second, the store is asked again."""
    until(lambda: succeeds(lambda: store.write("k", "v", 60)), "It can't be written.")


def together(count: int, call: Callable[[], object]) -> list[float]:
    """Make calls at once that must fail, and return the seconds that each took."""
    took: list[float] = []

    def fail() -> None:
        started_at = time.monotonic()
        with pytest.raises(SignalingError) as raised:
            call()
        assert raised.value.code is ErrorCode.UNAVAILABLE
        took.append(time.monotonic() - started_at)

    threads = [Thread(target=fail) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == count
    return took


def succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except SignalingError:
        return False
    return True

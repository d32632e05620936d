from typing import Any

import pytest
from cachelib.simple import SimpleCache

from flask_p2p_streams.stores.memcached_store import MemcachedStore, Version


class Spied(SimpleCache):
    """A cache that lets others come between two of a store's calls."""

    def __init__(self) -> None:
        super().__init__(threshold=10_000)
        self.before_add: Any = None
        self.before_set: Any = None
        self.trips = 0

    def add(self, key: str, value: Any, timeout: Any = None) -> bool:
        self.trips += 1
        self._interrupted("before_add")
        return super().add(key, value, timeout)

    def set(self, key: str, value: Any, timeout: Any = None) -> bool | None:
        self.trips += 1
        self._interrupted("before_set")
        return super().set(key, value, timeout)

    def get_many(self, *keys: str) -> list[Any]:
        self.trips += 1
        return super().get_many(*keys)

    def _interrupted(self, name: str) -> None:
        task = getattr(self, name)
        setattr(self, name, None)
        if task is not None:
            task()


class Dead(SimpleCache):
    """What python-memcached makes of a server that is out of reach: no error."""

    def add(self, *_: Any, **__: Any) -> bool:
        return False

    def set(self, *_: Any, **__: Any) -> bool:
        return False

    def get(self, *_: Any) -> None:
        return None


class Crash(BaseException):
    pass


def crash() -> None:
    raise Crash


@pytest.fixture
def cache() -> Spied:
    return Spied()


@pytest.fixture
def store(cache: Spied) -> MemcachedStore:
    return MemcachedStore(cache, "hint")


def test_one_of_two_is_first(cache: Spied, store: MemcachedStore) -> None:
    cache.before_add = lambda: store.replace("k", None, "theirs", 60)
    assert not store.replace("k", None, "ours", 60)
    assert store.read_many(["k"]) == ["theirs"]


def test_one_of_two_is_next(cache: Spied, store: MemcachedStore) -> None:
    store.write("k", "first", 60)
    cache.before_add = lambda: store.replace("k", "first", "theirs", 60)
    assert not store.replace("k", "first", "ours", 60)
    assert store.read_many(["k"]) == ["theirs"]


def test_the_same_text_at_another_version_is_another(cache: Spied, store: MemcachedStore) -> None:
    store.write("k", "first", 60)

    def there_and_back() -> None:
        store.write("k", "other", 60)
        store.write("k", "first", 60)

    cache.before_add = there_and_back
    assert not store.replace("k", "first", "ours", 60)


def test_an_exchange_comes_after_those_who_were_faster(cache: Spied, store: MemcachedStore) -> None:
    store.write("k", "first", 60)
    cache.before_add = lambda: store.write("k", "theirs", 60)
    assert store.exchange("k", "ours", 60) == "theirs"


def test_a_writer_that_dies_before_it_tells_has_written(
    cache: Spied, store: MemcachedStore
) -> None:
    store.write("k", "first", 60)
    cache.before_set = crash
    with pytest.raises(Crash):
        store.replace("k", "first", "second", 60)
    assert store.read_many(["k"]) == ["second"]
    assert store.replace("k", "second", "third", 60)


@pytest.mark.parametrize("writes", [1, 2, 3, 63, 64, 65, 300])
def test_a_head_that_lags_is_put_right(cache: Spied, store: MemcachedStore, writes: int) -> None:
    store.write("k", "0", 60)
    head = cache.get("k:head")
    for number in range(1, writes + 1):
        store.write("k", str(number), 60)
    cache.set("k:head", head, 60)
    assert store.read_many(["k"]) == [str(writes)]
    cache.trips = 0
    assert store.read_many(["k"]) == [str(writes)]
    assert cache.trips == 2


def test_a_head_that_lags_too_far_is_a_failure(
    cache: Spied, store: MemcachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_p2p_streams.stores.memcached_store.MOST_WALKED", 10)
    store.write("k", "0", 60)
    head = cache.get("k:head")
    for number in range(40):
        store.write("k", str(number), 60)
    cache.set("k:head", head, 60)
    with pytest.raises(OSError, match="too far"):
        store.read_many(["k"])


def test_a_late_writer_leaves_the_head_alone(
    cache: Spied, store: MemcachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("k", "first", 60)
    head = cache.get("k:head")
    monkeypatch.setattr("flask_p2p_streams.stores.memcached_store.LATE", -1.0)
    store.write("k", "second", 60)
    assert cache.get("k:head") == head
    assert store.read_many(["k"]) == ["second"]


def test_a_session_s_second_life_knows_nothing_of_its_first(
    cache: Spied, store: MemcachedStore
) -> None:
    store.write("k", "first", 60)
    store.write("k", "second", 60)
    cache.delete("k:head")
    assert store.read_many(["k"]) == [None]
    assert store.replace("k", None, "new", 60)
    assert store.read_many(["k"]) == ["new"]


def test_many_are_read_in_two_round_trips(cache: Spied, store: MemcachedStore) -> None:
    keys = [str(number) for number in range(10)]
    for key in keys:
        store.write(key, key, 60)
    cache.trips = 0
    assert store.read_many(keys) == keys
    assert cache.trips == 2


def test_a_cache_that_takes_nothing_fails_loudly() -> None:
    store = MemcachedStore(Dead(), "hint")
    with pytest.raises(OSError, match="not taken"):
        store.read_many(["k"])
    with pytest.raises(OSError, match="not taken"):
        store.replace("k", None, "v", 60)
    with pytest.raises(OSError, match="neither taken nor returned"):
        store._add("k:head", Version("life", 0, 0, "v"))


def test_what_others_have_written_is_a_failure(cache: Spied, store: MemcachedStore) -> None:
    cache.set("k:head", "7", 60)
    with pytest.raises(ValueError, match="unpack"):
        store.read_many(["k"])


def test_a_term_is_given_on(cache: Spied) -> None:
    terms: list[int] = []
    store = MemcachedStore(cache, "hint", lambda: 1000.25)
    original = cache.add

    def add(key: str, value: Any, timeout: Any = None) -> bool:
        terms.append(timeout)
        return original(key, value, timeout)

    cache.add = add  # type: ignore[method-assign]
    store.write("k", "v", 90)
    store.write("k", "w", 90)
    assert terms == [92, 152]

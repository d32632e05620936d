import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from flask_p2p_streams.stores import worker_registry
from flask_p2p_streams.stores.keys import WORKERS
from flask_p2p_streams.stores.worker_registry import WORKER_TERM, WorkerEntry, WorkerRegistry
from tests.conftest import Clock

ANN = WorkerEntry("a1", "web-1:17", 1_700_000_000.5, "gevent", True, "0.1.0", 3, 2, ("chat", "é"))
BOB = WorkerEntry("b2", "web-2:18", 1_700_000_001, "gevent", True, "0.1.0")


class Shelf:
    """A store in memory that counts its round trips, and forgets by a clock."""

    def __init__(self, clock: Clock) -> None:
        self.values: dict[str, tuple[str, float]] = {}
        self.trips = 0
        self.meanwhile: Callable[[], None] | None = None
        self._clock = clock

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        self.trips += 1
        return [self._value(key) for key in keys]

    def write(self, key: str, value: str, expires_in: float) -> None:
        self.trips += 1
        self.values[key] = (value, self._clock.time + expires_in)

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        self.trips += 1
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if self._value(key) != before:
            return False
        self.values[key] = (after, self._clock.time + expires_in)
        return True

    def ids(self) -> list[str]:
        listed: list[str] = json.loads(self.values[WORKERS][0])
        return listed

    def _value(self, key: str) -> str | None:
        value, until = self.values.get(key, (None, 0))
        return value if until > self._clock.time else None


@pytest.fixture
def shelf(clock: Clock) -> Shelf:
    return Shelf(clock)


@pytest.fixture
def workers(shelf: Shelf, clock: Clock) -> WorkerRegistry:
    return WorkerRegistry(shelf, clock)


def test_who_lives(shelf: Shelf, workers: WorkerRegistry, clock: Clock) -> None:
    assert workers.living() == []
    workers.write(ANN)
    WorkerRegistry(shelf, clock).write(BOB)
    assert workers.living() == [ANN, BOB]
    assert workers.is_alive("a1")
    assert not workers.is_alive("c3")


def test_who_is_silent_is_dead_after_a_term(
    shelf: Shelf, workers: WorkerRegistry, clock: Clock
) -> None:
    workers.write(ANN)
    clock.advance(WORKER_TERM - 1)
    WorkerRegistry(shelf, clock).write(BOB)
    assert workers.living() == [ANN, BOB]
    clock.advance(1)
    assert workers.living() == [BOB]
    assert not workers.is_alive("a1")


def test_the_dead_are_taken_from_the_list_by_who_registers(
    shelf: Shelf, workers: WorkerRegistry, clock: Clock
) -> None:
    workers.write(ANN)
    clock.advance(WORKER_TERM)
    WorkerRegistry(shelf, clock).write(BOB)
    assert shelf.ids() == ["b2"]


def test_who_comes_back_is_listed_again(
    shelf: Shelf, workers: WorkerRegistry, clock: Clock
) -> None:
    workers.write(ANN)
    clock.advance(WORKER_TERM)
    WorkerRegistry(shelf, clock).write(BOB)
    workers.write(ANN)
    assert shelf.ids() == ["b2", "a1"]


def test_an_emptied_store_is_filled_again(shelf: Shelf, workers: WorkerRegistry) -> None:
    workers.write(ANN)
    shelf.values.clear()
    workers.write(ANN)
    assert workers.living() == [ANN]


def test_a_worker_that_is_listed_costs_two_round_trips(
    shelf: Shelf, workers: WorkerRegistry
) -> None:
    workers.write(ANN)
    shelf.trips = 0
    workers.write(replace(ANN, sockets=4))
    assert shelf.trips == 2
    workers.living()
    assert shelf.trips == 4
    workers.is_alive("a1")
    assert shelf.trips == 5


def test_the_list_outlives_its_term(shelf: Shelf, workers: WorkerRegistry, clock: Clock) -> None:
    for _ in range(3):
        workers.write(ANN)
        assert workers.living() == [ANN]
        clock.advance(worker_registry.LIST_TERM * 0.6)
    assert shelf.read_many([WORKERS]) != [None]


def test_two_that_register_at_once(shelf: Shelf, workers: WorkerRegistry, clock: Clock) -> None:
    shelf.meanwhile = lambda: WorkerRegistry(shelf, clock).write(BOB)
    workers.write(ANN)
    assert workers.living() == [BOB, ANN]


def test_a_list_that_others_keep_changing_is_left_for_the_next_time(
    shelf: Shelf, workers: WorkerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "replace", lambda *_: False)
    workers.write(ANN)
    assert workers.living() == []
    monkeypatch.undo()
    workers.write(ANN)
    assert workers.living() == [ANN]


def test_the_list_is_bounded(shelf: Shelf, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_registry, "MAX_WORKERS", 2)
    for each in ("a1", "b2", "c3"):
        WorkerRegistry(shelf, clock).write(replace(ANN, id=each))
    assert shelf.ids() == ["a1", "b2"]
    assert WorkerRegistry(shelf, clock).is_alive("c3")


def test_the_sessions_of_an_entry_are_bounded(
    workers: WorkerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_registry, "MAX_LISTED", 1)
    workers.write(ANN)
    assert workers.living()[0].sessions == ("chat",)


def record(**changes: object) -> str:
    return json.dumps({**json.loads(ANN.to_text()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "[" * 100_000,
        record(id=1),
        record(has_queue=1),
        record(sockets=True),
        record(sockets=None),
        record(sessions="chat"),
        record(sessions=["chat", 1]),
    ],
)
def test_what_is_no_entry_is_missing(shelf: Shelf, workers: WorkerRegistry, text: str) -> None:
    workers.write(ANN)
    shelf.write("p2p:worker:a1", text, 60)
    assert workers.living() == []
    assert not workers.is_alive("a1")


def test_an_entry_of_a_later_version(shelf: Shelf, workers: WorkerRegistry) -> None:
    workers.write(ANN)
    shelf.write("p2p:worker:a1", record(load=0.5), 60)
    assert workers.living() == [ANN]


@pytest.mark.parametrize("text", ["nonsense", "{}", '"a1"', "[1]", "[" * 100_000])
def test_what_is_no_list_is_written_anew(shelf: Shelf, workers: WorkerRegistry, text: str) -> None:
    shelf.write(WORKERS, text, 60)
    assert workers.living() == []
    workers.write(ANN)
    assert workers.living() == [ANN]

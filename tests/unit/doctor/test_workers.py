from dataclasses import replace

from flask_p2p_streams.doctor.findings import Finding, Level
from flask_p2p_streams.doctor.workers import PATIENCE, are_in_doubt, confirmed
from flask_p2p_streams.stores.worker_registry import WorkerEntry

ANN = WorkerEntry("a", "web:1", 0, "threading", True, "0.1.0", beats=4)
BOB = replace(ANN, id="b", name="web:2", beats=9)


class Time:
    """A clock that goes on while somebody sleeps; workers beat every three seconds."""

    def __init__(self, *living: WorkerEntry, ended: tuple[WorkerEntry, ...] = ()) -> None:
        self.now = 0.0
        self._living, self._ended = living, ended

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def look(self) -> list[WorkerEntry]:
        beaten = [replace(each, beats=each.beats + int(self.now / 3)) for each in self._living]
        return [*beaten, *(self._ended if self.now < 12 else ())]

    def confirmed(self) -> list[str]:
        seen = confirmed(self.look(), self.look, lambda: self.now, self.sleep)
        return [entry.id for entry in seen]


def test_workers_that_live_are_confirmed_by_their_next_beat() -> None:
    time = Time(ANN, BOB)
    assert time.confirmed() == ["a", "b"]
    assert time.now == 3


def test_one_that_has_ended_is_waited_for_until_it_is_listed_no_more() -> None:
    time = Time(ANN, ended=(BOB,))
    assert time.confirmed() == ["a"]
    assert time.now == 12


def test_one_that_counts_no_beats_is_believed_in_the_end() -> None:
    class Older(Time):
        def look(self) -> list[WorkerEntry]:
            return [replace(ANN, beats=0)]

    time = Older()
    assert time.confirmed() == ["a"]
    assert time.now == PATIENCE


def test_only_what_workers_tell_is_in_doubt() -> None:
    def doubted(level: Level, check: str, *living: WorkerEntry) -> bool:
        return are_in_doubt([Finding(level, check, "")], living)

    assert doubted("error", "queue", ANN)
    assert doubted("warning", "versions", ANN)
    assert not doubted("ok", "queue", ANN)
    assert not doubted("error", "secret key", ANN)
    assert not doubted("error", "queue")

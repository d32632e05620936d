"""Numbered probes, from their sending to their arrival."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Figures:
    """What became of the probes; times are in milliseconds."""

    sent: int
    lost: int
    duplicated: int
    p50: float
    p95: float
    gap: float


class Tally:
    """Keep when each probe of each way was sent, and when it came."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._sent: dict[tuple[str, int], float] = {}
        self._delays: dict[tuple[str, int], float] = {}
        self._arrivals: dict[str, list[float]] = defaultdict(list)
        self._duplicated = 0

    def sent(self, way: str, number: int, at: float | None = None) -> None:
        self._sent[way, number] = self._now() if at is None else at

    def came(self, way: str, number: int, at: float | None = None) -> None:
        """Note an arrival; one of a probe that this tally doesn't know counts for nothing."""
        at = self._now() if at is None else at
        if (way, number) in self._delays:
            self._duplicated += 1
        elif (way, number) in self._sent:
            self._delays[way, number] = at - self._sent[way, number]
            self._arrivals[way].append(at)

    def has_come(self, way: str, number: int) -> bool:
        return (way, number) in self._delays

    @property
    def is_complete(self) -> bool:
        return len(self._delays) == len(self._sent)

    @property
    def missing(self) -> list[str]:
        """Name some of those that have not come."""
        return [
            f"{way} {number}" for way, number in self._sent if (way, number) not in self._delays
        ][:9]

    def figures(self) -> Figures:
        delays = sorted(self._delays.values())
        return Figures(
            sent=len(self._sent),
            lost=len(self._sent) - len(delays),
            duplicated=self._duplicated,
            p50=1000 * part(delays, 0.5),
            p95=1000 * part(delays, 0.95),
            gap=1000
            * max((gap for each in self._arrivals.values() for gap in gaps(each)), default=0),
        )


def part(values: list[float], share: float) -> float:
    """Return the value that this share of the sorted ones doesn't exceed; 0 without any."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def gaps(times: Iterable[float]) -> Iterable[float]:
    ordered = sorted(times)
    return (later - earlier for earlier, later in pairwise(ordered))

"""A chat beside a large file: how long a client waits for its own message to come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .hall import Hall
from .samples import Samples, percentile
from .texts import CHARACTERS

INTERVAL_MLS = 20


@dataclass(frozen=True)
class Waits:
    """Milliseconds from sending to the own echo, by way of the host: p50 and p95 of each round.

    And the MB a second that the file beside it went at.
    """

    quiet: tuple[Samples, Samples]
    busy: tuple[Samples, Samples]
    rate: Samples

    @property
    def ratios(self) -> tuple[float, float]:
        """Return how much longer it takes beside the file: p50 and p95."""
        pairs = zip(self.busy, self.quiet, strict=True)
        p50, p95 = (busy.ratio(quiet) for busy, quiet in pairs)
        return p50, p95


def waits(
    hall: Hall, systems: Sequence[str], size: int, count: int, rounds: int
) -> Mapping[str, Waits]:
    """Let a client chat, and then chat while the host sends it a file of so many bytes."""
    taken: dict[tuple[str, bool], list[list[float]]] = {
        (system, busy): [] for system in systems for busy in (False, True)
    }
    rates: dict[str, list[float]] = {system: [] for system in systems}
    for _ in range(rounds):
        for (system, busy), values in taken.items():
            waits, rate = _chat(hall, system, size if busy else 0, count)
            values.append(waits)
            if busy:
                rates[system].append(rate)

    def samples(system: str, busy: bool) -> tuple[Samples, Samples]:
        p50, p95 = (
            Samples([percentile(values, share) for values in taken[system, busy]])
            for share in (0.5, 0.95)
        )
        return p50, p95

    return {
        system: Waits(samples(system, False), samples(system, True), Samples(rates[system]))
        for system in systems
    }


def _chat(hall: Hall, system: str, size: int, count: int) -> tuple[list[float], float]:
    hub, client = hall.hub, hall.others[0]
    if system != "ours":
        hub.do("bench.relay", {"system": system})
    client.do("bench.expect", {"system": system, "bytes": size})
    if size:
        hub.do("bench.begin", {"system": system, "to": [client.name], "bytes": size})
    options = {"system": system, "intervalMls": INTERVAL_MLS, "characters": CHARACTERS}
    # As long as the file takes, or else so many messages.
    limit = {"count": 100_000, "untilFinished": True} if size else {"count": count}
    values: list[float] = client.do("bench.chat", {**options, **limit})
    rate = 0.0
    if size:
        rate = size / (client.do("bench.finished") - hub.do("bench.ended")) / 1_000
    hub.do("bench.relay", None)
    return values, rate

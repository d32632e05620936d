"""Many small messages: from the host to all, and from a client by way of the host."""

from collections.abc import Mapping, Sequence

from .hall import Hall
from .samples import SYSTEMS, Samples, percentile

CHARACTERS = 100


def deliveries(hall: Hall, counts: Mapping[int, int], rounds: int) -> dict[str, Samples]:
    """Return the deliveries a second from the hub to all others, in each round.

    :param counts: how many messages are sent to so many.
    """
    values: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for number in range(rounds + 1):
        for system in SYSTEMS:
            rate = _deliver(hall, system, counts[len(hall.others)])
            if number > 0:  # V8 compiles what it has run often.
                values[system].append(rate)
    return {name: Samples(each) for name, each in values.items()}


def _deliver(hall: Hall, system: str, count: int) -> float:
    for page in hall.others:
        page.do("bench.expect", {"system": system, "texts": count})
    to = [page.name for page in hall.others]
    options = {"system": system, "to": to, "count": count, "characters": CHARACTERS}
    started = hall.hub.do("bench.sendTexts", options)
    ended = max(page.do("bench.finished") for page in hall.others)
    return float(count * len(to) / (ended - started) * 1_000)


def latencies(
    hall: Hall, systems: Sequence[str], count: int, interval: int, rounds: int
) -> dict[str, tuple[Samples, Samples]]:
    """Return how long a client's messages took to the others: p50 and p95 of each round.

    :param interval: milliseconds between two messages.
    """
    values: dict[str, list[tuple[float, float]]] = {system: [] for system in systems}
    for number in range(rounds + 1):
        for system in systems:
            taken = _relay(hall, system, count, interval)
            if number > 0:
                values[system].append((percentile(taken, 0.5), percentile(taken, 0.95)))
    return {
        system: (Samples([one for one, _ in each]), Samples([other for _, other in each]))
        for system, each in values.items()
    }


def _relay(hall: Hall, system: str, count: int, interval: int) -> list[float]:
    sender, *others = hall.others
    if system != "ours":
        hall.hub.do("bench.relay", {"system": system})
    for page in others:
        page.do("bench.expect", {"system": system, "texts": count, "isTimed": True})
    options = {"system": system, "count": count, "intervalMls": interval, "characters": CHARACTERS}
    sender.do("bench.chat", options)
    for page in others:
        page.do("bench.finished")
    hall.hub.do("bench.relay", None)
    return [taken for page in others for taken in page.do("bench.latencies")]

"""Many small messages: from the host to all, and from a client by way of the host."""

from collections.abc import Mapping

from benchmarks.results import Figures

from .hall import Hall
from .rounds import SYSTEMS, percentile, summaries, turns

CHARACTERS = 100
RELAYED = {"bare": "bare", "ours": "ours"}


def deliveries(hall: Hall, counts: Mapping[int, int], rounds: int) -> Figures:
    """Return the deliveries a second from the hub to all others.

    :param counts: how many messages are sent to so many.
    """
    count = counts[len(hall.others)]
    ways = {name: system for system, name in SYSTEMS.items()}
    return summaries(turns(ways, lambda system: _deliver(hall, system, count), rounds), "bare")


def _deliver(hall: Hall, system: str, count: int) -> float:
    for page in hall.others:
        page.do("bench.expect", {"system": system, "texts": count})
    to = [page.name for page in hall.others]
    options = {"system": system, "to": to, "count": count, "characters": CHARACTERS}
    started = hall.hub.do("bench.sendTexts", options)
    ended = max(page.do("bench.finished") for page in hall.others)
    return float(count * len(to) / (ended - started) * 1_000)


def latencies(hall: Hall, count: int, interval: int, rounds: int) -> Figures:
    """Return how long a client's messages took to the others: `p50` and `p95` of each round.

    :param interval: milliseconds between two messages.
    """
    taken = turns(RELAYED, lambda system: _relay(hall, system, count, interval), rounds)
    return {
        name: summaries(
            {system: [percentile(each, share) for each in all_] for system, all_ in taken.items()},
            "bare",
        )
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }


def _relay(hall: Hall, system: str, count: int, interval: int) -> list[float]:
    sender, *others = hall.others
    if system != "ours":
        hall.hub.do("bench.relay", {"system": system})
    for page in others:
        page.do("bench.expect", {"system": system, "texts": count, "isTimed": True})
    options = {"system": system, "count": count, "intervalMs": interval, "characters": CHARACTERS}
    sender.do("bench.chat", options)
    for page in others:
        page.do("bench.finished")
    hall.hub.do("bench.relay", None)
    return [taken for page in others for taken in page.do("bench.latencies")]

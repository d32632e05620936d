"""Many bytes at once: from one to one, from one to five, and by way of the host."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results import Figures

from .hall import Guest, Hall
from .rounds import summaries, turns

MIB = 1024 * 1024


@dataclass(frozen=True)
class Way:
    """How one system sends: which it is, and what its receivers do with what they get."""

    name: str
    system: str
    discards: bool = False


BARE = Way("bare", "bare")
OURS = Way("ours", "ours")
DISCARDED = Way("ours, discarded", "ours", discards=True)
PEERJS = Way("PeerJS", "peerjs")
SIMPLE = Way("simple-peer", "simple")


def rates(
    hall: Hall,
    ways: Sequence[Way],
    sender: Guest,
    receivers: Sequence[Guest],
    size: int,
    rounds: int,
) -> Figures:
    """Return the MB a second that each receiver got, all having it all.

    A sender that isn't the hub sends by way of it, unless the hub is the receiver.
    """
    by_name = {way.name: way for way in ways}
    samples = turns(by_name, lambda way: _rate(hall, way, sender, receivers, size), rounds)
    return summaries(samples, BARE.name)


def _rate(hall: Hall, way: Way, sender: Guest, receivers: Sequence[Guest], size: int) -> float:
    names = [page.name for page in receivers]
    relayed = hall.hub not in (sender, *receivers) and way.system != "ours"
    if relayed:
        hall.hub.do("bench.relay", {"system": way.system, "chunksTo": names})
    for page in receivers:
        page.do("bench.expect", {"system": way.system, "bytes": size, "discards": way.discards})
    to = [hall.hub.name] if relayed else names
    started = sender.do("bench.sendBulk", {"system": way.system, "to": to, "bytes": size})
    ended = max(page.do("bench.finished") for page in receivers)
    if relayed:
        hall.hub.do("bench.relay", None)
    return float(size / (ended - started) / 1_000)

"""Many bytes at once: from one to one, from one to five, and by way of the host."""

from collections.abc import Sequence
from dataclasses import dataclass

from .hall import Hall, Page
from .samples import Samples

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
    sender: Page,
    receivers: Sequence[Page],
    size: int,
    rounds: int,
) -> dict[str, Samples]:
    """Return the MB a second that each receiver got, all having it all, in each round.

    A sender that isn't the hub sends by way of it, unless the hub is the receiver.
    """
    values: dict[str, list[float]] = {way.name: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            rate = _rate(hall, way, sender, receivers, size)
            if number > 0:  # V8 compiles what it has run often.
                values[way.name].append(rate)
    return {name: Samples(each) for name, each in values.items()}


def _rate(hall: Hall, way: Way, sender: Page, receivers: Sequence[Page], size: int) -> float:
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

"""What data costs beside bare channels, PeerJS and simple-peer, all in one Chromium.

From the bottom up: `servers` and `hall` make the pages; `bulk`, `texts`, `chat`, `joining` and
`memory` measure in them; `sizes` measures the client's files. Systems take turns, round by round;
summaries have the ratio `to` the others of the same round.

`figures` has `bulk` (by whom from whom, then by way: MB a second), `texts` (by number of clients:
deliveries a second), `late_ms` and `beside` (a chat), `joins_ms`, `memory` and `sizes`.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from playwright.sync_api import Browser

from benchmarks.pages import running_chromium
from benchmarks.results import Figures

from . import bulk, chat, joining, memory, texts
from .bulk import BARE, DISCARDED, MIB, OURS, PEERJS, SIMPLE
from .hall import Hall
from .servers import Servers, running_servers
from .sizes import sizes


@dataclass(frozen=True)
class Effort:
    """How many bytes and messages are sent, and in how many rounds."""

    rounds: int
    bulk: int
    shared: int
    texts: Mapping[int, int]  # How many messages to so many.
    few: int  # So many receive the bulk that goes to several.
    chats: int
    chat_rounds: int
    chat_file: int
    joins: int
    crowd: int
    crowds: int
    moved: int
    settling: float  # Seconds before a page is weighed.


THOROUGH = Effort(
    rounds=3,
    bulk=64 * MIB,
    shared=16 * MIB,
    texts={1: 10_000, 5: 4_000, 10: 2_000, 20: 1_000},
    few=5,
    chats=100,
    chat_rounds=2,
    chat_file=100_000_000,
    joins=7,
    crowd=10,
    crowds=3,
    moved=1_000_000_000,
    settling=1.0,
)
QUICK = Effort(
    rounds=1,
    bulk=100_000,
    shared=100_000,
    texts={1: 20, 2: 20},
    few=2,
    chats=2,
    chat_rounds=1,
    chat_file=200_000,
    joins=1,
    crowd=2,
    crowds=1,
    moved=200_000,
    settling=0.0,
)


def measure(effort: Effort) -> Figures:
    with running_servers() as servers, running_chromium() as browser:
        with closing(Hall(browser, servers)) as hall:
            figures = dict(_in_hall(hall, effort))
        return {
            "chromium": browser.version,
            "characters": texts.CHARACTERS,
            "interval_ms": chat.INTERVAL_MS,
            **figures,
            "joins_ms": _joins(browser, servers, effort),
            "memory": memory.measure(browser, servers, effort.moved, effort.settling),
            "sizes": sizes(),
        }


def _in_hall(hall: Hall, effort: Effort) -> Iterator[tuple[str, Figures]]:
    """Measure all that needs connected pages; their number only grows."""
    one, *more = effort.texts
    hall.grow(one)
    all_ways = (BARE, OURS, DISCARDED, PEERJS, SIMPLE)
    rates = {
        "from the host to one client": bulk.rates(
            hall, all_ways, hall.hub, hall.others, effort.bulk, effort.rounds
        ),
        "from a client to the host": bulk.rates(
            hall, (BARE, OURS), hall.others[0], [hall.hub], effort.bulk, effort.rounds
        ),
    }
    by_size: Figures = {str(one): texts.deliveries(hall, effort.texts, effort.rounds)}
    hall.grow(2)
    yield "beside", chat.waits(hall, effort.chat_file, effort.chats, effort.chat_rounds)
    for size in more:
        hall.grow(size)
        by_size[str(size)] = texts.deliveries(hall, effort.texts, effort.rounds)
        if size == effort.few:
            rates |= _to_several(hall, effort)
            yield "late_ms", texts.latencies(hall, effort.chats, chat.INTERVAL_MS, effort.rounds)
    yield "bulk", rates
    yield "texts", by_size


def _to_several(hall: Hall, effort: Effort) -> Figures:
    sender, *others = hall.others
    ways = (BARE, OURS, PEERJS, SIMPLE)
    size, rounds = effort.shared, effort.rounds
    by_host = f"from a client by way of the host to {len(others)} others"
    return {
        f"from the host to {len(hall.others)} clients at once": bulk.rates(
            hall, ways, hall.hub, hall.others, size, rounds
        ),
        by_host: bulk.rates(hall, (BARE, OURS), sender, others, size, rounds),
    }


def _joins(browser: Browser, servers: Servers, effort: Effort) -> Figures:
    with closing(joining.Lobby(browser, servers, effort.crowd)) as lobby:
        return {
            "one": lobby.arrivals(1, effort.joins),
            f"{effort.crowd} at once": lobby.arrivals(effort.crowd, effort.crowds),
        }

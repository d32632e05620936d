"""What joining costs: in small and large rooms, beside PeerServer, in crowds, with Redis.

A join is all of it: a WebSocket, the join itself, offer, answer, candidates each way, the release
and the end of the WebSocket.

`figures` has `costs` (see `costs`), `throughput`, `released` and `trips`, each as its module says.
"""

from dataclasses import dataclass

from benchmarks.exchange import INTERNET, LOCAL, SDP
from benchmarks.results import Figures
from benchmarks.server import MODES, are_pinned, leave_a_core_to_servers


@dataclass(frozen=True)
class Effort:
    """In which modes, in how large rooms, and how much of each."""

    modes: tuple[str, ...]
    pinned: bool  # Whether the server has a core for itself.
    sizes: tuple[int, int, int]
    repetitions: int
    joins: int
    warm_up: int
    peer_server_warm_up: int  # V8 compiles what it has run often.
    setups: tuple[tuple[int, bool], ...]  # So many workers, and whether they share a Redis.
    stretches: int
    stretch_seconds: float
    crowd: int
    crowds: int
    trips: int


THOROUGH = Effort(
    modes=MODES,
    pinned=True,
    sizes=(2, 20, 200),
    repetitions=9,
    joins=30,
    warm_up=60,
    peer_server_warm_up=400,
    setups=((1, False), (1, True), (2, True)),
    stretches=3,
    stretch_seconds=3.0,
    crowd=500,
    crowds=4,
    trips=5,
)
QUICK = Effort(
    modes=MODES[1:2],
    pinned=False,
    sizes=(2, 3, 4),
    repetitions=1,
    joins=2,
    warm_up=1,
    peer_server_warm_up=1,
    setups=((2, True),),
    stretches=1,
    stretch_seconds=0.3,
    crowd=5,
    crowds=2,
    trips=1,
)


def measure(effort: Effort) -> Figures:
    # They bring gevent along, which nothing else here needs.
    from . import costs, released, throughput, trips

    if effort.pinned:
        leave_a_core_to_servers()
    return {
        "pinned": are_pinned(),
        "sdp_bytes": len(SDP),
        "candidates": sum(map(len, INTERNET)),
        "packets": len(INTERNET),
        "local_candidates": sum(map(len, LOCAL)),
        "costs": costs.measure(effort),
        "throughput": throughput.measure(effort),
        "released": released.measure(effort),
        "trips": trips.measure(effort),
    }

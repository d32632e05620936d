"""What it costs a server to carry what peers say, and whether joins go on meanwhile.

`figures` has for each mode `costs` (see `costs`) and `links`, how many relayed links one core
would carry, reckoned from them; `joins`, rows of joins beside floods of batches (see `starving`);
and `first_ms` and `talking`, of real pages (see `pages`).
"""

from dataclasses import dataclass

from benchmarks.results import Figures
from benchmarks.server import are_pinned, leave_a_core_to_servers


@dataclass(frozen=True)
class Effort:
    """In which modes, and how much of each."""

    modes: tuple[str, ...]
    pinned: bool  # Whether the server has a core for itself.
    rounds: int
    seconds: float  # Of each talk.
    links: int  # So many pairs talk at once.
    crowd: int  # So many are in a room in which all hear one.
    per_second: float  # So often each of those pairs says something and is answered.
    join_rounds: int
    join_seconds: float
    newcomers: int


THOROUGH = Effort(
    modes=("gevent", "threading"),
    pinned=True,
    rounds=4,
    seconds=1.5,
    links=5,
    crowd=10,
    per_second=10.0,
    join_rounds=4,
    join_seconds=3.0,
    newcomers=20,
)
QUICK = Effort(
    modes=("gevent", "threading"),
    pinned=False,
    rounds=1,
    seconds=0.2,
    links=1,
    crowd=3,
    per_second=10.0,
    join_rounds=1,
    join_seconds=0.3,
    newcomers=1,
)


def measure(effort: Effort) -> Figures:
    # It brings Playwright along, which nothing else here needs.
    from . import costs, pages, starving

    if effort.pinned:
        leave_a_core_to_servers()
    return {
        "pinned": are_pinned(),
        "together": costs.TOGETHER,
        "sizes": costs.SIZES,
        **costs.measure(effort),
        "joins": starving.measure(effort),
        **pages.measure(effort),
    }

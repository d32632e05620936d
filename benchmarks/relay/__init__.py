from dataclasses import dataclass
from benchmarks.results import Figures
from benchmarks.server import are_pinned, leave_a_core_to_servers

@dataclass(frozen=True)
class Effort:
    modes: tuple[str, ...]
    pinned: bool
    rounds: int
    seconds: float
    links: int
    crowd: int
    per_second: float
    join_rounds: int
    join_seconds: float
THOROUGH = Effort(("gevent","threading"),True,5,3.0,10,10,10.0,3,4.0)
QUICK = Effort(("gevent","threading"),False,1,0.3,1,3,10.0,1,2.0)

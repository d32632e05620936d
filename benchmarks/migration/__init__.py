"""What it costs that a session outlives its host: how long it is without one, and each message.

`figures` has `losses` and `overhead`, as the modules of these names say.
"""

from dataclasses import dataclass

from benchmarks.pages import running_chromium
from benchmarks.results import Figures
from benchmarks.server import app_command, running, take_all_cores

MODE = "gevent"


@dataclass(frozen=True)
class Effort:
    """How many peers lose their host how often; how many bursts are sent, and how many slowly."""

    sizes: tuple[int, ...]
    goodbyes: int
    silences: int
    clients: int
    bursts: int
    burst: int  # As many as may wait until they are stable, at most.
    slow: int


THOROUGH = Effort(
    sizes=(2, 5, 10, 20),
    goodbyes=5,
    silences=3,
    clients=6,
    bursts=10,
    burst=1_000,
    slow=50,
)
QUICK = Effort(sizes=(2,), goodbyes=1, silences=1, clients=2, bursts=1, burst=500, slow=2)


def measure(effort: Effort) -> Figures:
    # They bring Playwright along.
    from . import losses, overhead

    take_all_cores()
    with running(*app_command(MODE), pinned=False) as server, running_chromium() as browser:
        url = f"http://{server.address}"
        return {
            "mode": MODE,
            "chromium": browser.version,
            "losses": losses.measure(browser, url, effort),
            "overhead": overhead.measure(browser, url, effort),
        }

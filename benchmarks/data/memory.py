"""What pages hold: at rest, while a gigabyte passes, and after it.

Bytes: `heap` is JavaScript's after a garbage collection, `process` the page's process, `peak` that
process while the bytes passed. `blank` is a page that has the same script, and is connected to
nobody; `rows` has both pages of a pair in each system.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from playwright.sync_api import Browser, CDPSession

from benchmarks.results import Figures

from .hall import Guest, Hall
from .servers import Servers

SPIN_MS = 300
WATCH_SECONDS = 0.5
KB = 1024
Held = dict[str, int]


def measure(browser: Browser, servers: Servers, size: int, settling: float) -> Figures:
    """Let one page send so many bytes to another, in each system.

    :param settling: seconds that a page is left alone before it is weighed.
    """

    def meter(page: Guest) -> "_Meter":
        return _Meter(browser, page, settling)

    with closing(Guest(browser, f"{servers.app}/frameless", "blank")) as page:
        blank = meter(page).weigh()
    rows = []
    for system in ("bare", "ours"):
        with closing(Hall(browser, servers, (system,))) as hall:
            hall.grow(1)
            meters = {"sender": meter(hall.hub), "receiver": meter(hall.others[0])}
            rows += [{"system": system, **row} for row in _pair(hall, system, size, meters)]
    return {"blank": blank, "rows": rows}


def _pair(hall: Hall, system: str, size: int, meters: "Mapping[str, _Meter]") -> Iterator[Figures]:
    sender, [receiver] = hall.hub, hall.others
    rest = {part: meter.weigh() for part, meter in meters.items()}
    peaks = {part: held["process"] for part, held in rest.items()}
    receiver.do("bench.expect", {"system": system, "bytes": size})
    sender.do("bench.begin", {"system": system, "to": [receiver.name], "bytes": size})
    while not receiver.do("bench.isFinished"):
        time.sleep(WATCH_SECONDS)
        for part, meter in meters.items():
            peaks[part] = max(peaks[part], meter.process())
    sender.do("bench.ended")
    for part, meter in meters.items():
        yield {"page": part, "rest": rest[part], "peak": peaks[part], "after": meter.weigh()}


class _Meter:
    """Weighs a page."""

    def __init__(self, browser: Browser, page: Guest, settling: float) -> None:
        self._settling = settling
        self._devtools = page.devtools()
        self._devtools.send("Performance.enable")
        self._pid = _process_of(browser.new_browser_cdp_session(), page)

    def weigh(self) -> Held:
        for _ in range(2):
            self._devtools.send("HeapProfiler.collectGarbage")
            time.sleep(self._settling / 2)
        answer = self._devtools.send("Performance.getMetrics")
        values = {metric["name"]: metric["value"] for metric in answer["metrics"]}
        return {"heap": int(values["JSHeapUsedSize"]), "process": self.process()}

    def process(self) -> int:
        """Return the bytes of the process, of what it shares only its part.

        Without the files that it maps: with more pages each has a smaller part of Chromium's
        own program.
        """
        rollup = Path(f"/proc/{self._pid}/smaps_rollup").read_text()
        parts = re.findall(r"^Pss_(?:Anon|Shmem): +(\d+) kB", rollup, re.MULTILINE)
        return sum(map(int, parts)) * KB


def _process_of(devtools: CDPSession, page: Guest) -> int:
    """Return the process of a page: it is the renderer that works while the page does."""
    while True:
        before = _renderers(devtools)
        page.do("bench.spin", SPIN_MS)
        after = _renderers(devtools)
        used = {pid: after[pid] - before[pid] for pid in before.keys() & after.keys()}
        found = max(used, key=used.__getitem__)
        # The others may be busy as well; not for long.
        if used[found] > 2 * sum(used.values()) / 3:
            return found


def _renderers(devtools: CDPSession) -> dict[int, float]:
    """Return the seconds of CPU that each renderer has used."""
    seconds: dict[int, float] = {}
    for process in devtools.send("SystemInfo.getProcessInfo")["processInfo"]:
        if process["type"] == "renderer":
            with suppress(OSError):
                # A window of Chromium's has a renderer of its own, which is busy at first.
                if "--top-chrome-webui" in Path(f"/proc/{process['id']}/cmdline").read_text():
                    continue
                # The clock that clock_getcpuclockid(3) names.
                seconds[process["id"]] = time.clock_gettime((~process["id"] << 3) | 2)
    return seconds

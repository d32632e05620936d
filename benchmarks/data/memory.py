"""What pages hold: at rest, while a gigabyte passes, and after it."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession

from .hall import Hall, Page
from .servers import Servers

SPIN_MLS = 300
WATCH_SECONDS = 0.5
SETTLE_SECONDS = 1.0
KB = 1024


@dataclass(frozen=True)
class Held:
    """Bytes: of JavaScript's heap after a garbage collection, and of the process."""

    heap: int
    process: int


@dataclass(frozen=True)
class Row:
    """One page of a pair; `peak` is of its process while the bytes passed."""

    system: str
    part: str
    rest: Held
    peak: int
    after: Held


class Meter:
    """Weighs a page."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._page = page
        self._devtools = page.devtools()
        self._devtools.send("Performance.enable")
        self._pid = _process_of(browser.new_browser_cdp_session(), page)

    def weigh(self) -> Held:
        for _ in range(2):
            self._devtools.send("HeapProfiler.collectGarbage")
            time.sleep(SETTLE_SECONDS / 2)
        answer = self._devtools.send("Performance.getMetrics")
        values = {metric["name"]: metric["value"] for metric in answer["metrics"]}
        return Held(int(values["JSHeapUsedSize"]), self.process())

    def process(self) -> int:
        """Return the bytes of the process, of what it shares only its part.

        Without the files that it maps: with more pages each has a smaller part of Chromium's
        own program.
        """
        rollup = Path(f"/proc/{self._pid}/smaps_rollup").read_text()
        parts = re.findall(r"^Pss_(?:Anon|Shmem): +(\d+) kB", rollup, re.MULTILINE)
        return sum(map(int, parts)) * KB


def blank(browser: Browser, servers: Servers) -> Held:
    """Return what a page holds that has the same script, and is connected to nobody."""
    page = Page(browser, f"{servers.app}/frameless", "blank")
    try:
        return Meter(browser, page).weigh()
    finally:
        page.close()


def pairs(browser: Browser, servers: Servers, size: int) -> Iterator[Row]:
    """Let one page send so many bytes to another, in each system."""
    for system in ("bare", "ours"):
        hall = Hall(browser, servers, (system,))
        try:
            hall.grow(1)
            yield from _pair(browser, hall, system, size)
        finally:
            hall.close()


def _pair(browser: Browser, hall: Hall, system: str, size: int) -> Iterator[Row]:
    sender, [receiver] = hall.hub, hall.others
    meters = {"sender": Meter(browser, sender), "receiver": Meter(browser, receiver)}
    rest = {part: meter.weigh() for part, meter in meters.items()}
    peaks = {part: held.process for part, held in rest.items()}
    receiver.do("bench.expect", {"system": system, "bytes": size})
    sender.do("bench.begin", {"system": system, "to": [receiver.name], "bytes": size})
    while not receiver.do("bench.isFinished"):
        time.sleep(WATCH_SECONDS)
        for part, meter in meters.items():
            peaks[part] = max(peaks[part], meter.process())
    sender.do("bench.ended")
    for part, meter in meters.items():
        yield Row(system, part, rest[part], peaks[part], meter.weigh())


def _process_of(devtools: CDPSession, page: Page) -> int:
    """Return the process of a page: it is the renderer that works while the page does."""
    while True:
        before = _renderers(devtools)
        page.do("bench.spin", SPIN_MLS)
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

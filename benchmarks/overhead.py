"""What numbers, acknowledgements and logs cost beside channels that have none of it.

The pages of one session hold bare channels beside the session's own, from the same host to the
same clients, over which the host relays as simply as it can. Both take turns.
"""

import itertools
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from playwright.sync_api import Browser, CDPSession

from .pages import Page, Session

CLIENTS = 6
"""One sends; the host shows it to the five others, and to the sender itself."""
CHARACTERS = 100
BURST = 1_000
"""As many messages as may wait until they are stable; a client may send two such at once."""
WAYS = ("ours", "bare")


@dataclass(frozen=True)
class Effort:
    """How often a burst is sent, of how many messages, and how many are sent slowly."""

    rounds: int
    burst: int
    slow: int


THOROUGH = Effort(10, BURST, 50)
QUICK = Effort(2, 200, 5)


@dataclass(frozen=True)
class Burst:
    """One burst: messages a second, and the microseconds of CPU that a message takes."""

    per_second: float
    host_thread: float
    host: float
    client: float


@dataclass(frozen=True)
class Traffic:
    """Frames and bytes of all channels, by type of frame, for one message."""

    frames: Mapping[str, float]
    bytes: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.bytes.values())


@dataclass(frozen=True)
class Result:
    """All bursts of each way, and what is sent for a message: slowly, in a burst, and bare."""

    bursts: Mapping[str, Sequence[Burst]]
    slow: Traffic
    quick: Traffic
    bare: Traffic

    def median(self, way: str, name: str) -> float:
        return float(statistics.median(map(attrgetter(name), self.bursts[way])))

    def ratio(self, name: str) -> float:
        """Return the median of the ratios of one turn each, as a machine's speed drifts."""
        ours, bare = (map(attrgetter(name), self.bursts[way]) for way in WAYS)
        return float(statistics.median(one / two for one, two in zip(ours, bare, strict=True)))


def results(browser: Browser, url: str, effort: Effort) -> Result:
    session = Session(browser, url)
    try:
        session.grow(CLIENTS + 1)
        return _Hall(session, effort).measure()
    finally:
        session.close()


class _Hall:
    """A session whose pages hold bare channels as well."""

    def __init__(self, session: Session, effort: Effort) -> None:
        self._pages = session.pages
        self._host = session.host
        self._clients = [page for page in session.pages if page is not self._host]
        self._senders = itertools.cycle(self._clients)
        self._effort = effort
        self._meters = {page.peer_id: _meter(page) for page in self._pages}
        for client in self._clients:
            offer = self._host.do("peerId => bare.offer(peerId)", client.peer_id)
            answer = client.do("offer => bare.answer(offer)", offer)
            self._host.do("answered => bare.accept(answered)", [client.peer_id, answer])

    def measure(self) -> Result:
        # V8 compiles what it has run often.
        for way in WAYS:
            self._burst(next(self._senders), way)
        bursts: dict[str, list[Burst]] = {way: [] for way in WAYS}
        for _ in range(self._effort.rounds):
            sender = next(self._senders)
            for way in WAYS:
                bursts[way].append(self._burst(sender, way))
        return Result(
            bursts,
            self._traffic("slow", self._effort.slow),
            self._traffic("ours", self._effort.burst),
            self._traffic("bare", self._effort.burst),
        )

    def _burst(self, sender: Page, way: str) -> Burst:
        receiver = next(page for page in self._clients if page is not sender)
        watched = (self._host, receiver)
        before = [self._cpu(page) for page in watched]
        count = self._effort.burst
        seconds = self._send(sender, way, count)
        after = [self._cpu(page) for page in watched]
        (thread, process), (_, client) = (
            [(one - other) / count * 1e6 for one, other in zip(end, start, strict=True)]
            for end, start in zip(after, before, strict=True)
        )
        return Burst(count / seconds, thread, process, client)

    def _send(self, sender: Page, way: str, count: int) -> float:
        """Let one send; return the seconds until the last message was shown everywhere."""
        for page in self._pages:
            page.do("recorder.forgetShown()")
        text = "x" * CHARACTERS
        started = sender.do(f"options => bursts.{way}(options)", {"count": count, "text": text})
        ends = [page.do("count => recorder.shown(count)", count) for page in self._pages]
        return float(max(ends) - (started or 0)) / 1_000

    def _traffic(self, way: str, count: int) -> Traffic:
        for page in self._pages:
            page.do("traffic.begin()")
        self._send(next(self._senders), way, count)
        if way != "bare":
            place = self._host.do("traffic.given()")
            for client in self._clients:
                client.do("place => recorder.until(() => traffic.hasAcknowledged(place))", place)
        frames: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for page in self._pages:
            for kind, sent in page.do("traffic.end()").items():
                if kind not in ("Heartbeat", "Data.Connection.State"):
                    frames[kind] += sent["frames"]
                    size[kind] += sent["bytes"]
        return Traffic(*({kind: each[kind] / count for kind in each} for each in (frames, size)))

    def _cpu(self, page: Page) -> tuple[float, float]:
        """Return the seconds that the page's main thread has used, and its whole process."""
        answer = self._meters[page.peer_id].send("Performance.getMetrics")
        values = {metric["name"]: float(metric["value"]) for metric in answer["metrics"]}
        return values["ThreadTime"], values["ProcessTime"]


def _meter(page: Page) -> CDPSession:
    devtools = page.devtools()
    devtools.send("Performance.enable")
    return devtools

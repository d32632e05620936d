"""What numbers, acknowledgements and logs cost beside channels that have none of it.

The pages of one session hold bare channels beside the session's own, from the same host to the
same clients, over which the host relays as simply as it can. Both take turns.

`bursts` has for each way summaries of messages `per_second`, and of the microseconds of CPU that
a message takes of the host's main thread, of its process, and of a page that only listens; those
of ours have the ratio to `bare`. `traffic` has for each way the frames and bytes of all channels
for one message, by type of frame.
"""

import itertools
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, CDPSession

from benchmarks.results import Figures, summary

from .session import Member, Session

if TYPE_CHECKING:
    from . import Effort

CHARACTERS = 100
WAYS = ("ours", "bare")
FIGURES = ("per_second", "host_thread_us", "host_us", "client_us")
NOT_OF_A_MESSAGE = ("Heartbeat", "Data.Connection.State")


def measure(browser: Browser, url: str, effort: "Effort") -> Figures:
    with closing(Session(browser, url)) as session:
        session.grow(effort.clients + 1)
        hall = _Hall(session, effort)
        bursts = hall.bursts()
        traffic = {
            "bare": hall.traffic("bare", effort.burst),
            "slow": hall.traffic("slow", effort.slow),
            "burst": hall.traffic("ours", effort.burst),
        }
    return {"characters": CHARACTERS, "bursts": bursts, "traffic": traffic}


class _Hall:
    """A session whose pages hold bare channels as well."""

    def __init__(self, session: Session, effort: "Effort") -> None:
        self._pages = session.pages
        self._host = session.host
        self._clients = [page for page in session.pages if page is not self._host]
        self._senders = itertools.cycle(self._clients)
        self._effort = effort
        self._meters = {page.name: _meter(page) for page in self._pages}
        for client in self._clients:
            answer = client.do("bare.answer", self._host.do("bare.offer", client.name))
            self._host.do("bare.accept", [client.name, answer])

    def bursts(self) -> Figures:
        rounds: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        # The first ones let V8 compile what it runs often.
        for _ in range(self._effort.bursts + 1):
            sender = next(self._senders)
            for way in WAYS:
                rounds[way].append(self._burst(sender, way))
        ours, bare = (zip(*rounds[way][1:], strict=True) for way in WAYS)
        return {
            name: {"ours": summary(mine, bare=base), "bare": summary(base)}
            for name, mine, base in zip(FIGURES, ours, bare, strict=True)
        }

    def traffic(self, way: str, count: int) -> Figures:
        for page in self._pages:
            page.do("traffic.begin")
        self._send(next(self._senders), way, count)
        if way != "bare":
            place = self._host.do("traffic.given")
            for client in self._clients:
                client.do("traffic.acknowledged", place)
        frames: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for page in self._pages:
            for kind, sent in page.do("traffic.end").items():
                if kind not in NOT_OF_A_MESSAGE:
                    frames[kind] += sent["frames"]
                    size[kind] += sent["bytes"]
        return {
            kind: {"frames": frames[kind] / count, "bytes": size[kind] / count} for kind in size
        }

    def _burst(self, sender: Member, way: str) -> list[float]:
        receiver = next(page for page in self._clients if page is not sender)
        watched = (self._host, receiver)
        before = [each for page in watched for each in self._cpu(page)]
        count = self._effort.burst
        seconds = self._send(sender, way, count)
        after = [each for page in watched for each in self._cpu(page)]
        used = [(one - other) / count * 1e6 for one, other in zip(after, before, strict=True)]
        thread, process, _, client = used
        return [count / seconds, thread, process, client]

    def _send(self, sender: Member, way: str, count: int) -> float:
        """Let one send; return the seconds until the last message was shown everywhere."""
        for page in self._pages:
            page.do("recorder.forgetShown")
        started = sender.do(f"bursts.{way}", {"count": count, "text": "x" * CHARACTERS})
        ends = [page.do("recorder.shown", count) for page in self._pages]
        return float(max(ends) - (started or 0)) / 1_000

    def _cpu(self, page: Member) -> tuple[float, float]:
        """Return the seconds that the page's main thread has used, and its whole process."""
        answer = self._meters[page.name].send("Performance.getMetrics")
        values = {metric["name"]: float(metric["value"]) for metric in answer["metrics"]}
        return values["ThreadTime"], values["ProcessTime"]


def _meter(page: Member) -> CDPSession:
    devtools = page.devtools()
    devtools.send("Performance.enable")
    return devtools

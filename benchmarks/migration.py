"""How long a session is without a host: from the loss until every other peer is connected again.

All pages run in one Chromium, a context each, and take the times themselves. One session grows
from two peers to twenty; whoever was lost is replaced by a newcomer before the next one goes.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser

from .pages import Page, Session

SIZES = (2, 5, 10, 20)
SETTLING = 1.0
"""Seconds before a loss in which the host tells the server who has been connected last."""


@dataclass(frozen=True)
class Effort:
    """How many peers there are, and how often each kind of loss is repeated."""

    sizes: tuple[int, ...]
    goodbyes: int
    silences: int


THOROUGH = Effort(SIZES, 5, 3)
QUICK = Effort(SIZES[:2], 1, 1)

LOSSES: Mapping[str, Callable[[Page], float]] = {
    "goodbye": Page.leave,
    "crash": Page.crash,
    "cut": Page.freeze,
}


@dataclass(frozen=True)
class Move:
    """One loss, in milliseconds after it: when each noticed, one was host, each was connected."""

    noticed: list[float]
    elected: float
    connected: list[float]
    # What went otherwise than it should: elections beyond the first, losses and errors.
    troubles: list[str]

    @property
    def electing(self) -> float:
        return self.elected - min(self.noticed)

    @property
    def connecting(self) -> float:
        return max(self.connected) - self.elected

    @property
    def pause(self) -> float:
        """Return how long one peer was without a host at the most, from when it noticed."""
        return max(end - start for start, end in zip(self.noticed, self.connected, strict=True))


@dataclass
class Row:
    """All losses of one kind, among so many peers."""

    kind: str
    size: int
    load: float
    moves: list[Move] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        return [trouble for move in self.moves for trouble in move.troubles]

    def median(self, value: Callable[[Move], float]) -> float:
        return statistics.median(map(value, self.moves))

    def worst(self, value: Callable[[Move], float]) -> float:
        return max(map(value, self.moves))


def results(browser: Browser, url: str, effort: Effort) -> Iterator[Row]:
    session = Session(browser, url)
    try:
        for size in effort.sizes:
            session.grow(size)
            for kind, lose in LOSSES.items():
                row = Row(kind, size, os.getloadavg()[0])
                for _ in range(effort.goodbyes if kind == "goodbye" else effort.silences):
                    row.moves.append(_move(session, lose))
                    session.grow(size)
                yield row
    finally:
        session.close()


def _move(session: Session, lose: Callable[[Page], float]) -> Move:
    host = session.host
    time.sleep(SETTLING)
    session.pages.remove(host)
    for page in session.pages:
        page.do("recorder.watch()")
    lost_at = lose(host)
    for page in session.pages:
        page.do("recorder.moved()")
    stories = [page.do("recorder.story()") for page in session.pages]
    host.close()
    return _told(stories, lost_at)


def _told(stories: list[list[dict[str, Any]]], lost_at: float) -> Move:
    def times(story: list[dict[str, Any]], name: str) -> list[float]:
        return [event["at"] - lost_at for event in story if event["name"] == name]

    events = [event for story in stories for event in story]
    elections = {
        event["epoch"]: event["at"] - lost_at
        for event in events
        if event["name"] == "host-changed" and event["iamHost"]
    }
    again = sum(len(times(story, "disconnected")) - 1 for story in stories)
    return Move(
        [times(story, "disconnected")[0] for story in stories],
        elections[max(elections)],
        [times(story, "connected")[-1] for story in stories],
        [
            *["another election"] * (len(elections) - 1),
            *["another loss"] * again,
            *(event["code"] for event in events if event["name"] == "error"),
        ],
    )

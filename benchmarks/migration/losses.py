"""How long a session is without a host: from the loss until every other peer is connected again.

All pages run in one Chromium, a context each, and take the times themselves. One session grows
from two peers to twenty; whoever was lost is replaced by a newcomer before the next one goes.

A row for each size and kind of loss, with the load before it. Its summaries are milliseconds:
`first_notice`, `last_notice` and `all` from the loss; `electing` from the first notice;
`connecting` from the election; `pause` of the peer that was without a host for longest, from when
it noticed. `troubles` are elections beyond the first, losses of the new host, and errors.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser

from benchmarks.results import Figures, summary

from .session import Member, Session

if TYPE_CHECKING:
    from . import Effort

SETTLING = 1.0
"""Seconds before a loss in which the host tells the server who has been connected last."""
LOSSES: Mapping[str, Callable[[Member], float]] = {
    "goodbye": Member.leave,
    "crash": Member.crash,
    "cut": Member.freeze,
}


def measure(browser: Browser, url: str, effort: "Effort") -> list[Figures]:
    rows = []
    with closing(Session(browser, url)) as session:
        for size in effort.sizes:
            for kind in LOSSES:
                session.grow(size)
                count = effort.goodbyes if kind == "goodbye" else effort.silences
                rows.append(_row(session, kind, size, count))
    return rows


def _row(session: Session, kind: str, size: int, count: int) -> Figures:
    load = os.getloadavg()[0]
    moves = []
    for _ in range(count):
        moves.append(_move(session, LOSSES[kind]))
        session.grow(size)
    times = {name: summary([times[name] for times, _ in moves]) for name in moves[0][0]}
    troubles = [trouble for _, each in moves for trouble in each]
    return {"kind": kind, "peers": size, "load": load, "times_ms": times, "troubles": troubles}


def _move(session: Session, lose: Callable[[Member], float]) -> tuple[dict[str, float], list[str]]:
    host = session.host
    time.sleep(SETTLING)
    session.pages.remove(host)
    for page in session.pages:
        page.do("recorder.watch")
    lost_at = lose(host)
    for page in session.pages:
        page.do("recorder.moved")
    stories = [page.do("recorder.story") for page in session.pages]
    host.close()
    return _told(stories, lost_at)


def _told(stories: list[list[dict[str, Any]]], at: float) -> tuple[dict[str, float], list[str]]:
    events = [event for story in stories for event in story]
    elections = {
        event["epoch"]: event["at"] - at
        for event in events
        if event["name"] == "host-changed" and event["iamHost"]
    }
    elected = elections[max(elections)]
    losses = [_times(story, "disconnected", at) for story in stories]
    noticed = [times[0] for times in losses]
    connected = [_times(story, "connected", at)[-1] for story in stories]
    times = {
        "first_notice": min(noticed),
        "last_notice": max(noticed),
        "electing": elected - min(noticed),
        "connecting": max(connected) - elected,
        "all": max(connected),
        "pause": max(end - start for start, end in zip(noticed, connected, strict=True)),
    }
    return times, [
        *["another election"] * (len(elections) - 1),
        *["another loss"] * sum(len(times) - 1 for times in losses),
        *(event["code"] for event in events if event["name"] == "error"),
    ]


def _times(story: list[dict[str, Any]], name: str, since: float) -> list[float]:
    return [event["at"] - since for event in story if event["name"] == name]

"""The page on what it costs that a session outlives its host."""

import json
import os
from collections.abc import Iterator

from playwright.sync_api import Browser

from . import migration, overhead
from .machine import description
from .overhead import CHARACTERS, CLIENTS, Traffic
from .pages import running_chromium
from .server import app_command, running, take_all_cores

MODE = "gevent"
OVERHEAD = {
    "messages a second": ("per_second", ""),
    "CPU of the host's main thread": ("host_thread", " µs"),
    "CPU of the host's page": ("host", " µs"),
    "CPU of a page that only listens": ("client", " µs"),
}


def page(quick: bool) -> Iterator[str]:
    """Yield the lines of the page, as they are measured."""
    take_all_cores()
    command = app_command(MODE, json.dumps({}))
    with running(*command, pinned=False) as server, running_chromium() as browser:
        url = f"http://{server.address}"
        yield from _introduction(browser, quick)
        yield from _migration(browser, url, migration.QUICK if quick else migration.THOROUGH)
        yield from _overhead(browser, url, overhead.QUICK if quick else overhead.THOROUGH)


def _introduction(browser: Browser, quick: bool) -> list[str]:
    return [
        "# What it costs to outlive the host",
        "",
        "`make bench`, or `python -m benchmarks migration`, on loopback:",
        "",
        *description(),
        f"* Chromium {browser.version}, headless, every page in a context and a process of its own",
        f"* one {MODE} worker with its sessions in its own memory, all options as they are by",
        f"  default; a load of {os.getloadavg()[0]:.1f} on the machine before the run",
        *(["* a quick run, good for nothing but to see that it runs"] if quick else []),
    ]


def _migration(browser: Browser, url: str, effort: migration.Effort) -> Iterator[str]:
    yield from (
        "",
        "## From the host's loss until all are connected again",
        "",
        "The host is lost by a goodbye (its page goes to another one: `pagehide`), by a crash of",
        "its renderer (`chrome://crash`: no goodbye, only its socket closes), or it is cut off:",
        "its page stands still in the debugger, so that nothing is heard of it while its sockets",
        "stay open, and the server has to ask it in vain before it elects another. That stands",
        "for a cut link, of which there is as little to hear.",
        "",
        "* noticing: from the loss to the first `p2p:disconnected` of the others, and to the last",
        "* electing: from the first notice until one of them is the host of a new epoch",
        "* connecting: from there until all are `connected`, those who notice late included",
        "* a peer's pause: from its own `p2p:disconnected` to its `p2p:connected`, the longest",
        "",
        f"Medians of {effort.goodbyes} goodbyes, {effort.silences} crashes and",
        f"{effort.silences} cuts, each column by itself, and the slowest of them. The lost host",
        "counts among the peers. The pages take the times, by the clock of the machine; the loss",
        "is `pagehide`, the time just before the crash is asked for, or that at which the page",
        "stands still. All pages share the machine's cores, as peers don't: with many of them it",
        "is the machine that is measured.",
        "",
        "| lost by | peers | first notice | last notice | electing | connecting | all of it "
        "| slowest | a peer's pause | slowest | load |",
        f"|---|{'--:|' * 10}",
    )
    troubles: list[str] = []
    for row in migration.results(browser, url, effort):
        troubles += [f"{row.kind}, {row.size} peers: {each}" for each in row.troubles]
        cells = (
            row.median(lambda move: min(move.noticed)),
            row.median(lambda move: max(move.noticed)),
            row.median(lambda move: move.electing),
            row.median(lambda move: move.connecting),
            row.median(lambda move: max(move.connected)),
            row.worst(lambda move: max(move.connected)),
            row.median(lambda move: move.pause),
            row.worst(lambda move: move.pause),
        )
        yield _line(row.kind, row.size, *map("{:,.0f} ms".format, cells), f"{row.load:.1f}")
    yield ""
    if troubles:
        counted = "; ".join(f"{each} ({troubles.count(each)})" for each in dict.fromkeys(troubles))
        yield f"Not in one go: {counted}."
    else:
        yield "There was one election each time; nobody lost the new host, or was told of an error."


def _overhead(browser: Browser, url: str, effort: overhead.Effort) -> Iterator[str]:
    load = os.getloadavg()[0]
    result = overhead.results(browser, url, effort)
    yield from (
        "",
        "## A message, beside a channel without numbers",
        "",
        f"One client sends messages of {CHARACTERS} characters; the host relays each to all",
        f"{CLIENTS} clients: the five others, and the sender, whose app sees it then. The channels",
        "without numbers are between the same pages: the sender writes `{senderId, data}`, the",
        "host reads it, stamps the sender's name, and writes it once for all.",
        "",
        "Bytes of the frames that all pages together give to their channels for one message,",
        "without heartbeats and without what SCTP, DTLS and UDP add. Slowly is one message after",
        "the other, each when the last one is stable, so that each is acknowledged by itself; a",
        f"burst is {effort.burst:,} at once.",
        "",
        "| | frames | bytes | ratio | of that |",
        "|---|--:|--:|--:|---|",
        _bytes("without numbers", result.bare, result.bare),
        _bytes("slowly", result.slow, result.bare),
        _bytes("in a burst", result.quick, result.bare),
        "",
        f"Bursts of {effort.burst:,} messages, {effort.rounds} of each, in turns; the sender",
        f"takes turns as well. The load was {load:.1f} before. A burst is over when all pages have",
        "shown all of it: messages a second are what seven pages manage together on these cores.",
        "CPU is that of one message, by the clock of the thread or process",
        "(`Performance.getMetrics`), and the solid figure. Medians, and the median of each turn's",
        "ratio.",
        "",
        "| | with numbers | without | ratio |",
        "|---|--:|--:|--:|",
    )
    for title, (name, unit) in OVERHEAD.items():
        ours, bare = (f"{result.median(way, name):,.0f}{unit}" for way in overhead.WAYS)
        yield _line(title, ours, bare, f"{result.ratio(name):.2f}")


def _bytes(title: str, traffic: Traffic, bare: Traffic) -> str:
    parts = ", ".join(
        f"{size:,.0f} in {traffic.frames[kind]:.2f} {kind}"
        for kind, size in traffic.bytes.items()
        if kind != "bare"
    )
    frames = sum(traffic.frames.values())
    ratio = traffic.total / bare.total
    return _line(title, f"{frames:.2f}", f"{traffic.total:,.0f}", f"{ratio:.2f}", parts)


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"

"""The page on what data costs: how fast, how late, how large."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser

from .bars import Bar, Group, Plot, figure
from .data import bulk, chat, joining, memory, texts
from .data.bulk import BARE, DISCARDED, MIB, OURS, PEERJS, SIMPLE
from .data.hall import Hall
from .data.samples import SYSTEMS, Samples
from .data.servers import Servers, running_servers
from .data.sizes import sizes
from .machine import description
from .pages import running_chromium

Line = str | Plot


@dataclass(frozen=True)
class Effort:
    """How much is sent, and how often."""

    rounds: int
    bulk: int
    shared: int
    relayed: int
    texts: Mapping[int, int]
    chats: int
    chat_rounds: int
    chat_file: int
    joins: int
    crowd: int
    crowds: int
    moved: int


THOROUGH = Effort(
    rounds=3,
    bulk=64 * MIB,
    shared=16 * MIB,
    relayed=16 * MIB,
    texts={1: 10_000, 5: 4_000, 10: 2_000, 20: 1_000},
    chats=100,
    chat_rounds=2,
    chat_file=100_000_000,
    joins=7,
    crowd=10,
    crowds=3,
    moved=1_000_000_000,
)
QUICK = Effort(
    rounds=1,
    bulk=MIB,
    shared=MIB,
    relayed=MIB,
    texts={1: 100, 2: 100},
    chats=5,
    chat_rounds=1,
    chat_file=2 * MIB,
    joins=1,
    crowd=2,
    crowds=1,
    moved=2 * MIB,
)
FEW = 5
"""So many receive the bulk that goes to several."""


@dataclass
class Aims:
    """What was aimed at, and what came out."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, aim: str, figure: float | str) -> None:
        self.rows.append((what, aim, figure if isinstance(figure, str) else f"{figure:.2f}"))


def page(quick: bool) -> Iterator[Line]:
    """Yield the lines of the page, and the plots, as they are measured."""
    effort = QUICK if quick else THOROUGH
    aims = Aims()
    with running_servers() as servers, running_chromium() as browser:
        yield from _introduction(browser, quick)
        with ExitStack() as stack:
            hall = stack.enter_context(closing(Hall(browser, servers)))
            yield from _in_hall(hall, effort, aims)
        yield from _joins(browser, servers, effort, aims)
        yield from _memory(browser, servers, effort)
    yield from _sizes(aims)
    yield from _aims(aims)


def _introduction(browser: Browser, quick: bool) -> list[str]:
    return [
        "# What data costs",
        "",
        "`make bench`, or `python -m benchmarks data`, on loopback:",
        "",
        *description(),
        f"* {_packages('peerjs', 'simple-peer', 'peer', 'ws', 'socket.io-client')}",
        f"* Chromium {browser.version}, headless, every page in a context and a process of",
        "  its own; all of it in one run, in which the systems take turns, round by round",
        f"* a load of {os.getloadavg()[0]:.1f} on the machine before the run",
        *(["* a quick run, good for nothing but to see that it runs"] if quick else []),
        "",
        "The same pages are connected in all systems at once. All of them share the machine's",
        "cores, as peers don't: a sender and its receivers together have no more than is said",
        "above, and with many of them it is the machine that is measured; the ratios are what",
        "counts. They are medians of each round's ratio; other figures are medians, with the",
        "least and the most. What comes first, to let V8 compile it, doesn't count.",
        "",
        "* bare: an `RTCPeerConnection` by hand with one channel for texts and one for chunks of",
        "  64 KiB, of which no more than 1 MiB waits (`bufferedAmountLowThreshold` of 256 KiB)",
        "* ours: `frame.send()` and `frame.sendFile()` with all options as they are by default",
        '* PeerJS: chunks of 16,000 bytes, which it sends whole, in its own "binary" format; texts',
        '  in "json", with which it is faster; no more than 1 MiB waits in a channel',
        "* simple-peer: `write()` until it wants to be drained, chunks of 64 KiB; texts by",
        "  `send()`, as its stream would turn them into bytes, while no more than 1 MiB waits",
    ]


def _in_hall(hall: Hall, effort: Effort, aims: Aims) -> Iterator[Line]:
    """Measure all that needs connected pages; their number only grows."""
    one, *more = effort.texts
    few = min(FEW, max(effort.texts))
    hall.grow(one)
    single = _bulk_to(hall, effort)
    back = bulk.rates(
        hall, (BARE, OURS), hall.others[0], [hall.hub], effort.bulk, min(3, effort.rounds)
    )
    by_size = {one: texts.deliveries(hall, effort.texts, effort.rounds)}
    hall.grow(2)
    beside = chat.waits(hall, ("bare", "ours"), effort.chat_file, effort.chats, effort.chat_rounds)
    several: dict[str, Samples] = {}
    relayed: dict[str, Samples] = {}
    late: dict[str, tuple[Samples, Samples]] = {}
    for size in more:
        hall.grow(size)
        by_size[size] = texts.deliveries(hall, effort.texts, effort.rounds)
        if size == few:
            several = _bulk_to(hall, effort, several=True)
            relayed = _relayed(hall, effort)
            late = texts.latencies(
                hall, ("bare", "ours"), effort.chats, chat.INTERVAL_MLS, min(3, effort.rounds)
            )
    yield from _bulk(effort, few, single, several, back, relayed, aims)
    yield from _texts(effort, by_size, aims)
    yield from _late(few, late)
    yield from _beside(effort, beside, aims)


def _bulk_to(hall: Hall, effort: Effort, several: bool = False) -> dict[str, Samples]:
    ways = (BARE, OURS, PEERJS, SIMPLE) if several else (BARE, OURS, DISCARDED, PEERJS, SIMPLE)
    size = effort.shared if several else effort.bulk
    return bulk.rates(hall, ways, hall.hub, hall.others, size, effort.rounds)


def _relayed(hall: Hall, effort: Effort) -> dict[str, Samples]:
    sender, *receivers = hall.others
    rounds = min(3, effort.rounds)
    return bulk.rates(hall, (BARE, OURS), sender, receivers, effort.relayed, rounds)


def _bulk(
    effort: Effort,
    few: int,
    single: Mapping[str, Samples],
    several: Mapping[str, Samples],
    back: Mapping[str, Samples],
    relayed: Mapping[str, Samples],
    aims: Aims,
) -> Iterator[Line]:
    titles = {
        "from the host to one client": single,
        f"from the host to {few} clients at once": several,
        "from a client to the host": back,
        f"from a client by way of the host to {few - 1} others": relayed,
    }
    mib = effort.bulk // MIB
    yield from (
        "",
        "## Many bytes",
        "",
        f"{mib} MiB ({effort.shared // MIB} MiB to several or by way of the host): MB a second",
        "that each receiver gets, until the last one has all of it. The others send from memory,",
        "and their",
        "receivers count what comes and throw it away. Ours sends a `File`, and is done when it",
        "has been offered, accepted, read, sent, written, hashed and found to be whole: written",
        "to a file of the browser's (OPFS), as is its default; of such a context Chromium keeps",
        "those in memory. Discarded: given to a `WritableStream` that does nothing with it. By",
        "way of the host, the bare one passes chunks on by hand, at each receiver's own pace,",
        "and keeps them in memory until then.",
    )
    for title, rates in titles.items():
        yield from _table(title[0].upper() + title[1:], "MB a second", "least", "most", "to bare")
        for name, samples in rates.items():
            ratio = f"{samples.ratio(rates['bare']):.2f}"
            yield _line(name, *map(figure, _spread(samples)), ratio)
    yield from ("", Plot("data-bulk", "Many bytes to each", "MB a second", _groups(titles)))
    for title, size, rates in (
        ("one to one", mib, single),
        (f"one to {few}", effort.shared // MIB, several),
    ):
        aims.add(f"{size} MiB {title}, to bare", "≥ 0.9", rates["ours"].ratio(rates["bare"]))


def _texts(
    effort: Effort, by_size: Mapping[int, Mapping[str, Samples]], aims: Aims
) -> Iterator[Line]:
    yield from (
        "",
        "## Small messages",
        "",
        f"Texts of {texts.CHARACTERS} characters from the host to all clients: deliveries a",
        "second, until the last client has the last one. The bare ones and simple-peer's are",
        "nothing but the text. Ours are numbered, stamped with their sender, kept for whoever",
        "lacks them, and acknowledged; no more than 800 are under way at a time.",
    )
    yield from _table("clients", "system", "deliveries a second", "least", "most", "to bare")
    for size, rates in by_size.items():
        for name, samples in rates.items():
            ratio = f"{samples.ratio(rates['bare']):.2f}"
            yield _line(size, SYSTEMS[name], *map(figure, _spread(samples)), ratio)
        aims.add(f"small messages to {size}, to bare", "≥ 0.8", rates["ours"].ratio(rates["bare"]))
    groups = {
        f"to {size}": {SYSTEMS[name]: samples for name, samples in rates.items()}
        for size, rates in by_size.items()
    }
    title = f"Texts of {texts.CHARACTERS} characters"
    yield from ("", Plot("data-texts", title, "deliveries a second", _groups(groups)))


def _late(few: int, late: Mapping[str, tuple[Samples, Samples]]) -> Iterator[str]:
    yield from (
        "",
        "## From a client by way of the host to the others",
        "",
        f"A client says something every {chat.INTERVAL_MLS} ms; how long until the {few - 1}",
        "others have it. The bare relay reads it, stamps its sender, and writes it once for all.",
    )
    yield from _table("system", "p50", "p95", "p50 to bare", "p95 to bare")
    for system, both in late.items():
        ratios = (f"{mine.ratio(base):.2f}" for mine, base in zip(both, late["bare"], strict=True))
        yield _line(system, *(_ms(each.median) for each in both), *ratios)


def _beside(effort: Effort, beside: Mapping[str, chat.Waits], aims: Aims) -> Iterator[str]:
    megabytes = effort.chat_file // 1_000_000
    yield from (
        "",
        "## A chat beside a large file",
        "",
        f"A client says something every {chat.INTERVAL_MLS} ms, to a host and two clients, and",
        "waits for its own message to come back from the host: quiet, and while the host sends",
        f"that client a file of {megabytes} MB over the same connection (the bare one: over its",
        f"channel for chunks). Medians of {effort.chat_rounds} rounds.",
    )
    yield from _table(
        "system",
        "quiet p50",
        "p95",
        "beside the file p50",
        "p95",
        "p50 ratio",
        "p95 ratio",
        "file, MB a second",
    )
    for system, waits in beside.items():
        cells = (_ms(each.median) for each in (*waits.quiet, *waits.busy))
        ratios = (f"{ratio:.2f}" for ratio in waits.ratios)
        yield _line(system, *cells, *ratios, f"{waits.rate.median:.1f}")
    p50, p95 = beside["ours"].ratios
    bare = beside["bare"].ratios
    aims.add(f"chat beside {megabytes} MB, p50 to quiet (bare: {bare[0]:.2f})", "≤ 2", p50)
    aims.add(f"chat beside {megabytes} MB, p95 to quiet (bare: {bare[1]:.2f})", "≤ 2", p95)


def _joins(browser: Browser, servers: Servers, effort: Effort, aims: Aims) -> Iterator[Line]:
    with closing(joining.Lobby(browser, servers, effort.crowd)) as lobby:
        by_size = {
            "one": lobby.single(effort.joins),
            f"{effort.crowd} at once": lobby.crowd(effort.crowds),
        }
    yield from (
        "",
        "## Joins",
        "",
        "From when a newcomer's script begins to run, which its page has fetched and compiled,",
        "until its channel is open; with ours until it is `connected`, which is a little later.",
        f"Of {effort.crowd} at once, until the last one's is. The host is there already. The bare",
        "ones are signaled over a relay of WebSockets that knows nothing but names; the newcomer",
        "asks, and the host offers, as with ours, or the newcomer offers at once, as with PeerJS.",
        "Neither they nor PeerJS authenticate anybody, or elect a host.",
    )
    yield from _table("newcomers", "system", "time", "least", "most", "to bare", "to PeerJS")
    for size, taken in by_size.items():
        for name, samples in taken.items():
            ratios = (f"{samples.ratio(taken[base]):.2f}" for base in ("bare", "PeerJS"))
            yield _line(size, name, *map(_ms, _spread(samples)), *ratios)
        aims.add(f"joins, {size}, to bare", "≤ 1.25", taken["ours"].ratio(taken["bare"]))
        aims.add(f"joins, {size}, to PeerJS", "< 0.9", taken["ours"].ratio(taken["PeerJS"]))
    yield from ("", Plot("data-joins", "Joins", "milliseconds", _groups(by_size)))


def _memory(browser: Browser, servers: Servers, effort: Effort) -> Iterator[str]:
    megabytes = effort.moved // 1_000_000
    blank = memory.blank(browser, servers)
    yield from (
        "",
        "## Memory",
        "",
        f"At rest, connected, and after {megabytes} MB from the host to a client, both after a",
        "garbage collection: JavaScript's heap (`JSHeapUsedSize`), and the page's process (the",
        "anonymous and shared memory of its PSS, without Chromium's own program), whose peak",
        "while the bytes passed is looked up every half second. Both pages of a pair also hold",
        "the benchmark's own script, 200 kB with all systems in it, and the sender 8 MiB that it",
        "sends again and again. A page of that script alone:",
        f"{_mb(blank)}.",
        "What ours has written to a file of the browser's isn't in these processes.",
    )
    yield from _table(
        "system",
        "page",
        "heap at rest",
        "heap after",
        "process at rest",
        "process at its peak",
        "process after",
        left=2,
    )
    for row in memory.pairs(browser, servers, effort.moved):
        heaps = (row.rest.heap, row.after.heap)
        processes = (row.rest.process, row.peak, row.after.process)
        yield _line(
            row.system, row.part, *(f"{each / 1e6:.1f} MB" for each in (*heaps, *processes))
        )


def _sizes(aims: Aims) -> Iterator[str]:
    found = sizes()
    yield from (
        "",
        "## Size of the client",
        "",
        "Bytes of minified JavaScript after `gzip -9`, at a page's start and with its first file.",
        "What is shipped has the parts of socket.io-client that it uses; below it is the same",
        "source as a bundler makes it that leaves nothing out, and without socket.io-client.",
    )
    yield from _table("", "loaded at once", "loaded when needed")
    for title, size in (
        ("shipped, in `static/dist`", found.shipped),
        ("with all of socket.io-client", found.whole),
        ("without it", found.without_socket_io),
    ):
        yield _line(title, f"{size.first:,}", f"{size.later:,}")
    aims.add("client as it is shipped", "≤ 22 kB", f"{found.shipped.first / 1_000:.1f} kB")
    aims.add(
        "client without it, what is loaded at once",
        "≤ 9 kB",
        f"{found.without_socket_io.first / 1_000:.1f} kB",
    )


def _aims(aims: Aims) -> Iterator[str]:
    yield from ("", "## What was aimed at")
    yield from _table("", "aim", "ours")
    for row in aims.rows:
        yield _line(*row)


def _spread(samples: Samples) -> tuple[float, float, float]:
    return samples.median, samples.least, samples.most


def _groups(by_title: Mapping[str, Mapping[str, Samples]]) -> Sequence[Group]:
    return [
        Group(title, [Bar(name, *_spread(samples)) for name, samples in rates.items()])
        for title, rates in by_title.items()
    ]


def _packages(*names: str) -> str:
    folder = Path(__file__).parents[1] / "node_modules"

    def version(name: str) -> str:
        return str(json.loads((folder / name / "package.json").read_text())["version"])

    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    of_node = f"node {node.stdout.strip().removeprefix('v')}"
    return ", ".join([*(f"{name} {version(name)}" for name in names), of_node])


def _table(*columns: str, left: int = 1) -> list[str]:
    rule = ["---"] * left + ["--:"] * (len(columns) - left)
    return ["", f"| {' | '.join(columns)} |", f"|{'|'.join(rule)}|"]


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _ms(milliseconds: float) -> str:
    return f"{figure(milliseconds)} ms"


def _mb(held: memory.Held) -> str:
    return f"{held.heap / 1e6:.1f} MB of heap, {held.process / 1e6:.1f} MB in all"

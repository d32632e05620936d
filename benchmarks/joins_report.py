"""The page on what joining costs."""

import os
from collections.abc import Iterator

from . import joins, released, throughput, trips
from .exchange import INTERNET, LOCAL, SDP
from .joins import SIZES, Costs
from .machine import description, others
from .server import pinning


def page(quick: bool) -> Iterator[str]:
    """Yield the lines of the page, as they are measured."""
    yield from _introduction(os.getloadavg()[0], quick)
    by_mode = dict(joins.results(joins.QUICK if quick else joins.THOROUGH))
    yield from _rooms(by_mode)
    yield from _peer_server(by_mode)
    yield from _throughput(throughput.QUICK if quick else throughput.THOROUGH)
    yield from _crowds(released.QUICK if quick else released.THOROUGH)
    yield from _trips(1 if quick else 5)


def _introduction(load: float, quick: bool) -> list[str]:
    where = "pinned to one core, the load on the others" if pinning() else "not pinned to a core"
    found = sum(map(len, INTERNET))
    return [
        "# What joining costs",
        "",
        "`make bench`, or `python -m benchmarks joins`, on loopback:",
        "",
        *description(),
        others(),
        f"* the server {where}; a load of {load:.1f} on the machine before the run",
        *(["* a quick run, good for nothing but to see that it runs"] if quick else []),
        "",
        "A join is all of it: a WebSocket that offers compression as browsers do, the join itself,",
        f"an offer and an answer of {len(SDP)} bytes as Chromium makes them for data channels,",
        f"{found} candidates each way (in {len(INTERNET)} packets, as a browser finds those of its",
        "networks, of STUN and of TURN), the release, and the end of the WebSocket. CPU is that of",
        "the server's process, by its own clock.",
    ]


def _table(*columns: str, left: int = 1) -> list[str]:
    rule = ["---"] * left + ["--:"] * (len(columns) - left)
    return ["", f"| {' | '.join(columns)} |", f"|{'|'.join(rule)}|"]


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _rooms(by_mode: dict[str, Costs]) -> Iterator[str]:
    small, middle, large = SIZES
    yield from (
        "",
        "## A small room and a large one",
        "",
        f"CPU of one join into a session of {small}, {middle} and {large} peers, one worker, the",
        "sessions in its own memory. Real members are released: they hold no socket, and the",
        "host's roster has them. The last columns are for members that all keep their sockets",
        "(`keep_signaling`). All rooms take turns; medians, and the median of each turn's ratio.",
    )
    yield from _table(
        "mode",
        *(f"{size}" for size in SIZES),
        f"{large} to {small}",
        *(f"{size}, with sockets" for size in SIZES[1:]),
        f"{large} to {small}",
    )
    for mode, costs in by_mode.items():
        base = f"released {small}"
        yield _line(
            mode,
            *(_ms(costs.median(f"released {size}")) for size in SIZES),
            f"{costs.ratio(f'released {large}', base):.2f}",
            *(_ms(costs.median(f"kept {size}")) for size in SIZES[1:]),
            f"{costs.ratio(f'kept {large}', base):.2f}",
        )


def _peer_server(by_mode: dict[str, Costs]) -> Iterator[str]:
    found, local = (sum(map(len, batches)) for batches in (INTERNET, LOCAL))
    yield from (
        "",
        "## Beside PeerServer",
        "",
        "CPU of the same join by way of PeerServer, in the packets of its own client: one for each",
        "candidate. Its newcomers bring their names along; where the page gives them none, PeerJS",
        "asks the server for one first. It authenticates nobody, elects nobody, and checks and",
        "limits nothing of what it passes on. It took turns with ours in the run above.",
    )
    yield from _table("mode", "candidates each way", "ours", "PeerServer", "ratio")
    for mode, costs in by_mode.items():
        for candidates, ours, peer in (
            (found, "released 2", "peer 2"),
            (f"{found}, name asked for", "released 2", "peer asked"),
            (local, "local", "peer local"),
        ):
            ratio = f"{costs.ratio(ours, peer):.1f}"
            yield _line(mode, candidates, _ms(costs.median(ours)), _ms(costs.median(peer)), ratio)


def _throughput(effort: throughput.Effort) -> Iterator[str]:
    yield from (
        "",
        "## One worker and two",
        "",
        f"{throughput.IN_FLIGHT} newcomers at a time join {throughput.SESSIONS} sessions, the next",
        "as soon as one is released. With two workers half of the newcomers are on another worker",
        "than their host. The load and Redis use the same cores, so that joins a second are what",
        "the server manages at least, and two workers have less than two cores; the CPU is the",
        f"solid figure. Medians of {effort.rounds} stretches of {effort.seconds:.0f} s.",
    )
    yield from _table(
        "mode",
        "workers",
        "cache and queue",
        "joins a second",
        "CPU of the workers",
        "CPU of Redis",
        left=3,
    )
    for row in throughput.results(effort):
        kept = "Redis" if row.setup.shared else "its memory, none"
        redis = _ms(row.redis_ms) if row.setup.shared else "–"
        yield _line(
            row.mode,
            row.setup.workers,
            kept,
            f"{row.per_second:.0f}",
            _ms(row.worker_ms),
            redis,
        )


def _crowds(size: released.Size) -> Iterator[str]:
    yield from (
        "",
        f"## {size.crowd} at once, and what is left of them",
        "",
        f"{size.crowd} newcomers set out within one second, evenly, to the same session; medians",
        f"of {size.crowds} such crowds, and the slowest join of all. A newcomer is in when it has",
        "`session_ready`, and released when it is connected and has let go of the server.",
    )
    yield from _table(
        "mode", "all in after", "all released after", "median join", "slowest join", "CPU", "load"
    )
    rows = list(released.results(size))
    for row in rows:
        yield _line(
            row.mode,
            f"{row.all_in:.2f} s",
            f"{row.all_released:.2f} s",
            f"{row.median_join * 1000:.0f} ms",
            f"{row.slowest_join * 1000:.0f} ms",
            _ms(row.cpu_ms),
            f"{row.load:.0%}",
        )
    later = (size.crowds - 1) * size.crowd
    yield from (
        "",
        "What the server's process held before the first crowd, and when all had been released.",
        f"The first {size.crowd} bring its memory to what {size.crowd} at a time need; the last",
        f"column is what each of the {later} after them has left behind.",
    )
    yield from _table(
        "mode",
        "sockets before",
        "after",
        "threads before",
        "after",
        "memory before",
        f"after {size.crowd}",
        f"after {size.crowd * size.crowds}",
        "a client",
    )
    for row in rows:
        before, first, last = row.before, row.after_first, row.after_last
        yield _line(
            row.mode,
            before.sockets,
            last.sockets,
            before.threads,
            last.threads,
            *(f"{each.rss_kb / 1024:.1f} MB" for each in (before, first, last)),
            f"{(last.rss_kb - first.rss_kb) / later:.2f} kB",
        )


def _trips(rounds: int) -> Iterator[str]:
    result = trips.results(rounds)
    yield from (
        "",
        "## Round trips",
        "",
        "To the cache in Redis, and to the message queue where host and newcomer are on the same",
        f"worker and on two; counted between {trips.MODE} workers and Redis, medians of {rounds}.",
        "What is sent at once is one trip, as a pipeline is. An idle worker with a socket makes",
        f"{result.idle_per_second:.1f} trips to the cache a second.",
    )
    yield from _table("step", "cache", "queue, one worker", "queue, two workers")
    for row in result.rows:
        yield _line(row.step, f"{row.cache:g}", f"{row.queue:g}", f"{row.queue_elsewhere:g}")


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.2f} ms"

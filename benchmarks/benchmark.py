"""The benchmarks by their names, and how one of them is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import data, joins, migration, presence, refusing, relay, thin_lines
from .machine import SERVER, machine, versions
from .plots import Plot
from .results import CHECKOUT, Figures, commit

NPM = ("peerjs", "simple-peer", "peer", "ws", "socket.io-client", "node")


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark compares, how it is measured, and what takes part in it."""

    compares: str
    module: Any
    versions: Sequence[str]
    plots: Sequence[Plot] = ()


BENCHMARKS = {
    "data": Benchmark(
        "bytes, messages, joins and memory of pages: bare channels, ours, PeerJS, simple-peer",
        data,
        [*SERVER, *NPM],
        [
            Plot("data-bulk", "Many bytes to each", "MB a second", "bulk"),
            Plot("data-texts", "Texts of 100 characters", "deliveries a second", "texts"),
            Plot("data-joins", "Joins", "milliseconds", "joins_ms"),
        ],
    ),
    "joins": Benchmark(
        "what a join costs a server: small and large rooms, PeerServer, workers, crowds, Redis",
        joins,
        [*SERVER, "peer", "node", "redis-server"],
    ),
    "migration": Benchmark(
        "how long a lost host is missed, and a message of ours beside a bare channel's",
        migration,
        SERVER,
    ),
    "presence": Benchmark(
        "what the client does in sessions of 10 to 200, in memory: frames, calls, CPU",
        presence,
        ["node"],
    ),
    "refusing": Benchmark(
        "how many joins a server refuses a second, and how healthy sessions fare meanwhile",
        refusing,
        SERVER,
    ),
    "relay": Benchmark(
        "what a relayed message costs a server, beside a naive chat; joins beside floods of them",
        relay,
        [*SERVER, "socket.io-client", "node"],
        [
            Plot("relay-costs", "A message over the server", "milliseconds of CPU", "costs"),
            Plot("relay-first", "The first message", "milliseconds", "first_ms"),
        ],
    ),
    "thin_lines": Benchmark(
        "a file and a chat over a line of 200 ms that loses packets: bare channels, ours",
        thin_lines,
        [*SERVER, "ws", "node"],
    ),
}


def run(name: str, quick: bool, **options: object) -> Figures:
    """Run a benchmark, and return its result, as `results` describes it."""
    benchmark = BENCHMARKS[name]
    effort = benchmark.module.QUICK if quick else benchmark.module.THOROUGH
    on = machine()
    figures = benchmark.module.measure(effort, **options)
    return {
        "name": name,
        "command": f"python -m benchmarks {name}{' --quick' if quick else ''}",
        "commit": commit(CHECKOUT),
        "quick": quick,
        "machine": on,
        "versions": versions(benchmark.versions),
        "effort": effort,
        "figures": figures,
    }

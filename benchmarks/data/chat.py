"""A chat beside a large file: how long a client waits for its own message to come back.

For each system `quiet` and `busy` (while the host sends it a file) have summaries of the
milliseconds from sending to the own echo, `p50` and `p95` of each round, the busy ones with the
ratio to the quiet ones; `rate` is the MB a second of the file.
"""

from benchmarks.results import Figures, summary

from .hall import Hall
from .rounds import percentile
from .texts import CHARACTERS, RELAYED

INTERVAL_MS = 20
SHARES = {"p50": 0.5, "p95": 0.95}


def waits(hall: Hall, size: int, count: int, rounds: int) -> Figures:
    """Let a client chat, and then chat while the host sends it a file of so many bytes."""
    chats: dict[str, list[tuple[list[float], list[float], float]]] = {each: [] for each in RELAYED}
    for _ in range(rounds):
        for system in RELAYED:
            quiet, _ = _chat(hall, system, 0, count)
            chats[system].append((quiet, *_chat(hall, system, size, count)))
    return {system: _told(rows) for system, rows in chats.items()}


def _told(rows: list[tuple[list[float], list[float], float]]) -> Figures:
    quiet, busy = (
        {name: [percentile(each, share) for each in waits] for name, share in SHARES.items()}
        for waits in ([quiet for quiet, _, _ in rows], [busy for _, busy, _ in rows])
    )
    return {
        "quiet": {name: summary(values) for name, values in quiet.items()},
        "busy": {name: summary(values, quiet=quiet[name]) for name, values in busy.items()},
        "rate": summary([rate for _, _, rate in rows]),
    }


def _chat(hall: Hall, system: str, size: int, count: int) -> tuple[list[float], float]:
    hub, client = hall.hub, hall.others[0]
    if system != "ours":
        hub.do("bench.relay", {"system": system})
    client.do("bench.expect", {"system": system, "bytes": size})
    if size:
        hub.do("bench.begin", {"system": system, "to": [client.name], "bytes": size})
    options = {"system": system, "intervalMs": INTERVAL_MS, "characters": CHARACTERS}
    # As long as the file takes, or else so many messages.
    limit = {"count": 100_000, "untilFinished": True} if size else {"count": count}
    values: list[float] = client.do("bench.chat", {**options, **limit})
    rate = 0.0
    if size:
        rate = size / (client.do("bench.finished") - hub.do("bench.ended")) / 1_000
    hub.do("bench.relay", None)
    return values, rate

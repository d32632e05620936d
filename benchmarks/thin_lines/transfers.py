"""A file over a line, and the client's chat meanwhile: how long both take.

A row for each line and direction. `seconds` has for each system a summary of the seconds from the
sender's call until the receiver has all of it, ours with the ratio to the bare one's of the same
round; `chat_ms` of the medians, and `chat_p95_ms` of the 95th percentiles, of the milliseconds from
a message of the client's to its echo from the host. A transfer that hasn't ended within the bound
counts as one that took so long, and `unended` says how many these are.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from benchmarks.data.hall import Guest, Hall
from benchmarks.data.rounds import percentile, summaries
from benchmarks.results import Figures

from . import Line
from .lab import Ends

INTERVAL_MS = 100
CHARACTERS = 100
LEAD_SECONDS = 1.5
"""So long there is a chat before the file; it isn't counted."""
FIRST_BYTES = 1_000
"""A file of so many bytes comes first: with the first one, pages load what they need for files."""
SYSTEMS = ("bare", "ours")
DIRECTIONS = {"upload": "from the client to the host", "download": "from the host to the client"}


@dataclass(frozen=True)
class Sample:
    """What one transfer came to."""

    seconds: float
    chat: list[float]
    has_ended: bool


def rows(ends: Ends, line: Line, bound: float) -> Iterator[Figures]:
    for direction, words in DIRECTIONS.items():
        taken: dict[str, list[Sample]] = {system: [] for system in SYSTEMS}
        for _ in range(line.rounds):
            # A new connection each time: what one has learnt of the line helps no other.
            for system in SYSTEMS:
                taken[system].append(_sample(ends, system, direction, line.size, bound))
        chats = {system: [each.chat for each in samples] for system, samples in taken.items()}
        yield {
            "loss": line.loss,
            "direction": words,
            "size": line.size,
            "seconds": summaries(
                {system: [each.seconds for each in samples] for system, samples in taken.items()},
                "bare",
            ),
            "chat_ms": summaries(_shares(chats, 0.5)),
            "chat_p95_ms": summaries(_shares(chats, 0.95)),
            "unended": {
                system: sum(not each.has_ended for each in samples)
                for system, samples in taken.items()
            },
        }


def _shares(chats: dict[str, list[list[float]]], share: float) -> dict[str, list[float]]:
    return {
        system: [percentile(chat, share) for chat in of_one] for system, of_one in chats.items()
    }


def _sample(ends: Ends, system: str, direction: str, size: int, bound: float) -> Sample:
    with closing(Hall(ends.near, ends.servers, kinds=(system,), away=ends.far)) as hall:
        hall.grow(1)
        host, [client] = hall.hub, hall.others
        sender, receiver = (client, host) if direction == "upload" else (host, client)
        return _sent(hall, system, sender, receiver, size, bound)


def _sent(
    hall: Hall, system: str, sender: Guest, receiver: Guest, size: int, bound: float
) -> Sample:
    [client] = hall.others
    if system == "bare":
        hall.hub.do("bench.relay", {"system": system})
    _send(system, sender, receiver, FIRST_BYTES)
    receiver.do("bench.finished")
    talk = {"system": system, "intervalMs": INTERVAL_MS, "characters": CHARACTERS}
    client.do("bench.talk", talk)
    time.sleep(LEAD_SECONDS)
    client.do("bench.hush")
    client.do("bench.talk", talk)
    _send(system, sender, receiver, size)
    deadline = time.monotonic() + bound
    while not (has_ended := receiver.do("bench.isFinished")) and time.monotonic() < deadline:
        time.sleep(0.1)
    chat = client.do("bench.hush")
    if not has_ended:
        return Sample(bound, chat, has_ended=False)
    seconds = (receiver.do("bench.finished") - sender.do("bench.ended")) / 1_000
    return Sample(seconds, chat, has_ended=True)


def _send(system: str, sender: Guest, receiver: Guest, size: int) -> None:
    receiver.do("bench.expect", {"system": system, "bytes": size, "discards": True})
    sender.do("bench.begin", {"system": system, "to": [receiver.name], "bytes": size})

"""What a relayed message costs the server, beside a naive chat that does the same.

For each mode and kind of room a summary of milliseconds of CPU for one message, `to` the chat of
the same size. Of two, a message goes from one to the other; of more, from one client to all.
`links` is how many of two peers one core carries at ``SPOKEN`` messages a second, if it does
nothing else: reckoned from the first.
"""

import itertools
import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.joins.rooms import CONFIG
from benchmarks.results import Figures, summary
from benchmarks.server import Server, app_command, running

from .talks import ChatTalk, RelayedTalk, Talk, converse

if TYPE_CHECKING:
    from . import Effort

SIZES = (100, 2_000)
TOGETHER = 4
"""Messages in a batch, where one link says as much as others do in one batch for each."""
SPOKEN = 10
UNLIMITED = {**CONFIG, "P2P_RELAY_RATE": None, "P2P_SESSION_RELAY_RATE": None}


@dataclass(frozen=True)
class Room:
    """Talks on one server, and how often each of them begins."""

    server: Server
    talks: list[Talk]
    per_second: float


def measure(effort: "Effort") -> Figures:
    costs = {mode: _of_mode(mode, effort) for mode in effort.modes}
    links = {
        mode: 1_000 / (SPOKEN * rooms[f"relayed to one, {SIZES[0]} B"]["median"])
        for mode, rooms in costs.items()
    }
    return {"costs": costs, "links": links, "spoken": SPOKEN}


def _of_mode(mode: str, effort: "Effort") -> Figures:
    with ExitStack() as stack:
        ours = stack.enter_context(running(*app_command(mode, json.dumps(UNLIMITED))))
        chat = stack.enter_context(running(*chat_command(mode)))
        rooms = {
            f"{kind}, {size} B": room
            for size in SIZES
            for kind, room in _rooms(ours, chat, size, effort).items()
        }
        for room in rooms.values():
            for talk in room.talks:
                stack.callback(talk.close)
        samples = _measured(rooms, effort)
    costs = {}
    for (name, values), size in itertools.product(samples.items(), SIZES):
        if name.endswith(f", {size} B"):
            of_all = "all" if "to all" in name else "one"
            costs[name] = summary(values, chat=samples[f"chat to {of_all}, {size} B"])
    return costs


def chat_command(mode: str) -> list[str]:
    """Return the command of the naive chat, but for its port."""
    return [sys.executable, "-m", "benchmarks.relay.chat_server", mode]


def _rooms(ours: Server, chat: Server, size: int, effort: "Effort") -> dict[str, Room]:
    links, crowd, rate = effort.links, effort.crowd, effort.per_second
    one_by_one = [RelayedTalk(ours, f"one-{size}-{each}", size) for each in range(links)]
    together = RelayedTalk(ours, f"together-{size}", size, together=TOGETHER)
    to_all = RelayedTalk(ours, f"all-{size}", size, peers=crowd)
    chats = [ChatTalk(chat, f"one-{size}-{each}", size) for each in range(links)]
    chat_to_all = ChatTalk(chat, f"all-{size}", size, peers=crowd)
    return {
        "relayed to one": Room(ours, [*one_by_one], rate),
        f"relayed to one, {TOGETHER} a batch": Room(ours, [together], rate * links),
        "chat to one": Room(chat, [*chats], rate),
        "relayed to all": Room(ours, [to_all], rate * 2),
        "chat to all": Room(chat, [chat_to_all], rate * 2),
    }


def _measured(rooms: Mapping[str, Room], effort: "Effort") -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {name: [] for name in rooms}
    for number in range(effort.rounds + 1):
        for name, room in rooms.items():
            _tend(rooms)
            cost = _cost(room, effort.seconds)
            if number > 0:
                samples[name].append(cost)
    return samples


def _cost(room: Room, seconds: float) -> float:
    said = sum(talk.said for talk in room.talks)
    before = room.server.cpu_ms()
    converse(room.talks, room.per_second, seconds)
    used = room.server.cpu_ms() - before
    return used / (sum(talk.said for talk in room.talks) - said)


def _tend(rooms: Mapping[str, Room]) -> None:
    for room in rooms.values():
        for talk in room.talks:
            for wire in talk.wires:
                while wire.has_more:
                    talk.hear(wire, wire.receive())

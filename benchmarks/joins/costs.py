"""What a join costs the server: in small and in large rooms, and beside PeerServer.

It is the server's CPU that counts, by the clock of its process, as that hardly depends on what
else the machine does. All rooms take turns.

For each mode and room a summary of milliseconds for one join. Rooms are `released SIZE` (members
hold no socket), `kept SIZE`, `local` (few candidates), `peer`, `peer local` and `peer asked` (at
PeerServer). `to` has the ratio to the smallest room of ours, and to PeerServer's like.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.exchange import LOCAL
from benchmarks.results import Figures, summary
from benchmarks.server import app_command, peer_server_command, running

from .rooms import CONFIG, OurRoom, PeerServerRoom, Room

if TYPE_CHECKING:
    from . import Effort


def measure(effort: "Effort") -> Figures:
    return {mode: _of_mode(mode, effort) for mode in effort.modes}


def _of_mode(mode: str, effort: "Effort") -> Figures:
    with ExitStack() as stack:
        rooms = dict(_our_rooms(stack, mode, effort)) | dict(_peer_server_rooms(stack))
        for room in rooms.values():
            stack.callback(room.close)
        samples = _measured(rooms, effort)
    smallest = samples[f"released {effort.sizes[0]}"]
    bases = {"smallest": smallest, **{each: samples[each] for each in samples if "peer" in each}}
    return {room: summary(values, **bases) for room, values in samples.items()}


def _our_rooms(stack: ExitStack, mode: str, effort: "Effort") -> Iterator[tuple[str, Room]]:
    command = app_command(mode, json.dumps(CONFIG))
    shared = stack.enter_context(running(*command))
    for size in effort.sizes:
        yield f"released {size}", OurRoom(shared, size)
    yield "local", OurRoom(shared, 2, batches=LOCAL)
    for size in effort.sizes[1:]:
        own = stack.enter_context(running(*command))
        yield f"kept {size}", OurRoom(own, size, kept=True)


def _peer_server_rooms(stack: ExitStack) -> Iterator[tuple[str, Room]]:
    shared = stack.enter_context(running(*peer_server_command()))
    yield "peer", PeerServerRoom(shared)
    yield "peer local", PeerServerRoom(shared, batches=LOCAL)
    yield "peer asked", PeerServerRoom(shared, asked=True)


def _measured(rooms: Mapping[str, Room], effort: "Effort") -> dict[str, list[float]]:
    for room in rooms.values():
        is_peer_server = isinstance(room, PeerServerRoom)
        _turn(room, effort.peer_server_warm_up if is_peer_server else effort.warm_up)
        _tend(rooms)
    costs: dict[str, list[float]] = {name: [] for name in rooms}
    for _ in range(effort.repetitions):
        for name, room in rooms.items():
            costs[name].append(_turn(room, effort.joins))
            _tend(rooms)
    return costs


def _turn(room: Room, joins: int) -> float:
    room.prepare(joins)
    before = room.server.cpu_ms()
    room.join(joins)
    cost = (room.server.cpu_ms() - before) / joins
    room.report()
    return cost


def _tend(rooms: Mapping[str, Room]) -> None:
    for room in rooms.values():
        room.tend()

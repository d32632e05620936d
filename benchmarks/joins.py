"""What a join costs the server: in small and in large rooms, and beside PeerServer.

A join is all of it: a WebSocket, the join itself, offer, answer, ten candidates each way, the
release and the end of the WebSocket. It is the server's CPU that counts, by the clock of its
process, as that hardly depends on what else the machine does. All rooms take turns.
"""

import json
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from .exchange import LOCAL
from .rooms import CONFIG, OurRoom, PeerServerRoom, Room
from .server import app_command, leave_the_core_to_the_server, peer_server_command, running

MODES = ("eventlet", "gevent", "threading")
SIZES = (2, 20, 200)
WARM_UP = 60
# V8 compiles what it has run often.
PEER_SERVER_WARM_UP = 400


@dataclass(frozen=True)
class Effort:
    """How often each room is joined, and how many join each time."""

    repetitions: int
    joins: int


THOROUGH = Effort(9, 30)
QUICK = Effort(2, 5)


@dataclass(frozen=True)
class Costs:
    """Milliseconds of the server's CPU for one join, by repetition and by room."""

    by_room: Mapping[str, list[float]]

    def median(self, room: str) -> float:
        return statistics.median(self.by_room[room])

    def ratio(self, room: str, base: str) -> float:
        """Return the median of the ratios of one turn each, as a machine's speed drifts."""
        pairs = zip(self.by_room[room], self.by_room[base], strict=True)
        return statistics.median(one / other for one, other in pairs)


def results(effort: Effort) -> Iterator[tuple[str, Costs]]:
    """Yield a mode and what a join costs in it."""
    leave_the_core_to_the_server()
    for mode in MODES:
        with ExitStack() as stack:
            rooms = dict(_our_rooms(stack, mode)) | dict(_peer_server_rooms(stack))
            for room in rooms.values():
                stack.callback(room.close)
            yield mode, _measured(rooms, effort)


def _our_rooms(stack: ExitStack, mode: str) -> Iterator[tuple[str, Room]]:
    command = app_command(mode, json.dumps(CONFIG))
    shared = stack.enter_context(running(*command))
    for size in SIZES:
        yield f"released {size}", OurRoom(shared, size)
    yield "local", OurRoom(shared, 2, batches=LOCAL)
    for size in SIZES[1:]:
        own = stack.enter_context(running(*command))
        yield f"kept {size}", OurRoom(own, size, kept=True)


def _peer_server_rooms(stack: ExitStack) -> Iterator[tuple[str, Room]]:
    shared = stack.enter_context(running(*peer_server_command()))
    yield "peer 2", PeerServerRoom(shared, 2)
    yield "peer local", PeerServerRoom(shared, 2, batches=LOCAL)
    yield "peer asked", PeerServerRoom(shared, 2, asked=True)
    own = stack.enter_context(running(*peer_server_command()))
    yield "peer 200", PeerServerRoom(own, 200)


def _measured(rooms: Mapping[str, Room], effort: Effort) -> Costs:
    for room in rooms.values():
        count = PEER_SERVER_WARM_UP if isinstance(room, PeerServerRoom) else WARM_UP
        _turn(room, effort.joins if effort is QUICK else count)
        _tend(rooms)
    costs: dict[str, list[float]] = {name: [] for name in rooms}
    for _ in range(effort.repetitions):
        for name, room in rooms.items():
            costs[name].append(_turn(room, effort.joins))
            _tend(rooms)
    return Costs(costs)


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

"""Many newcomers at once: how long until all are in, and what is left of them afterwards."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gevent
import gevent.pool
from gevent.socket import create_connection

from benchmarks.exchange import INTERNET
from benchmarks.peer import Peer, say


class Host:
    """A host that answers every newcomer as soon as it hears of it, in a greenlet."""

    def __init__(self, address: str, token: str) -> None:
        self.peer = Peer(address, token, create_connection)
        self._greenlet = gevent.spawn(self._run)

    def _run(self) -> None:
        peer = self.peer
        while True:
            with suppress(TimeoutError):
                name = peer.wait_for_event("session_ready")["peer_id"]
                batches = [peer.candidates(name, name, batch) for batch in INTERNET]
                peer.wire.send(peer.description("sdp_offer", name, name), *batches)

    def report(self) -> None:
        """Say that nobody else is here, so that nobody counts who has come before."""
        roster = {"epoch": self.peer.ready["epoch"], "peers": {self.peer.name: "connected"}}
        self.peer.wire.send(say("session_roster", roster, 99))

    def leave(self) -> None:
        self._greenlet.kill()
        self.peer.wire.drop()


@dataclass(frozen=True)
class Arrival:
    """Seconds from when a newcomer set out until it was in, and until it was released."""

    joined: float
    released: float


def arrive(address: str, token: str, host: str) -> Arrival:
    """Let one newcomer join, negotiate with its host and be released."""
    started = time.perf_counter()
    peer = Peer(address, token, create_connection)
    joined = time.perf_counter()
    peer.wait_for('42/p2p,["sdp_offer"')
    batches = [peer.candidates(host, peer.name, batch) for batch in INTERNET]
    peer.wire.send(peer.description("sdp_answer", host, peer.name), *batches)
    for _ in INTERNET:
        peer.wait_for('42/p2p,["ice_candidate"')
    peer.leave()
    return Arrival(joined - started, time.perf_counter() - started)


def arrive_within(
    seconds: float, address: str, tokens: Sequence[str], host: str
) -> tuple[float, list[Arrival]]:
    """Let all newcomers set out within a time; return the seconds until all were in, and each.

    :raises ConnectionError: if one of them is refused.
    """
    started = time.perf_counter()
    ends: list[float] = []

    def one(number: int, token: str) -> Arrival:
        gevent.sleep(number * seconds / len(tokens))
        set_out = time.perf_counter()
        arrival = arrive(address, token, host)
        ends.append(set_out + arrival.joined - started)
        return arrival

    greenlets = [gevent.spawn(one, number, token) for number, token in enumerate(tokens)]
    arrivals: list[Any] = [each.get() for each in gevent.joinall(greenlets, raise_error=True)]
    return max(ends), arrivals


def arrive_for(seconds: float, in_flight: int, newcomers: Iterator[tuple[str, str, str]]) -> int:
    """Let newcomers come as fast as the server lets them; return how many were released.

    :param newcomers: the address, the token and the host of each.
    """
    over = time.perf_counter() + seconds
    count = 0

    def keep_coming() -> None:
        nonlocal count
        gevent.sleep(random.random() / 20)
        while time.perf_counter() < over:
            arrive(*next(newcomers))
            count += 1

    greenlets = [gevent.spawn(keep_coming) for _ in range(in_flight)]
    gevent.joinall(greenlets, raise_error=True)
    return count

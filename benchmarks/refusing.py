"""What refusing costs: refused joins a second, and what a healthy session notices of them.

A healthy host sends offers to its client, ten a second, and the time from one to the other is
taken: with nobody else there, and while eight sockets of a second process ask to join as fast
as they are refused. Quiet and busy seconds alternate on the same server.
"""

import itertools
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .packets import Packets
from .server import app_command, get, leave_the_core_to_the_server, running

MODES = ("eventlet", "gevent", "threading")
SECONDS = 1.3
ROUNDS = 2
SOCKETS = 8
OFFER_EVERY = 0.1
SDP = "v=0\r\n" + "a=ssrc:1 cname:x\r\n" * 110
UNLIMITED = {"WITHOUT_EVE": True, "P2P_JOIN_RATE": None}
# So few that all but the first meet the limit.
LIMITED = {"WITHOUT_EVE": True, "P2P_JOIN_RATE": 4.0}


@dataclass(frozen=True)
class Kind:
    """A kind of refusal: its code, who asks, and how the server is set up."""

    code: str
    peer_id: str
    config: "dict[str, Any]"


KINDS = {
    "forged token": Kind("unauthorized", "", UNLIMITED),
    "expired token": Kind("token_expired", "late", UNLIMITED),
    "the app says no": Kind("forbidden", "eve", UNLIMITED),
    "too many joins": Kind("rate_limited", "eve", LIMITED),
}


@dataclass(frozen=True)
class Result:
    """One row: refusals a second, and the median milliseconds of an offer."""

    mode: str
    kind: str
    per_second: float
    quiet_ms: float
    busy_ms: float
    worst_ms: float

    @property
    def ratio(self) -> float:
        return self.busy_ms / self.quiet_ms


def results() -> Iterator[Result]:
    leave_the_core_to_the_server()
    for mode in MODES:
        for name, kind in KINDS.items():
            yield _measure(mode, name, kind)


def _measure(mode: str, name: str, kind: Kind) -> Result:
    with running(*app_command(mode, json.dumps(kind.config))) as server:
        address = server.address
        healthy = _Healthy(address)
        token = get(address, f"/token/{kind.peer_id}") if kind.peer_id else "forged.token"
        quiet: list[float] = []
        busy: list[float] = []
        refused = 0
        for _ in range(ROUNDS):
            quiet += healthy.offer_for(SECONDS)
            with _Attack(address, token, kind.code) as attack:
                busy += healthy.offer_for(SECONDS)
            refused += attack.refused
        healthy.close()
    per_second = refused / (ROUNDS * SECONDS)
    medians = statistics.median(quiet), statistics.median(busy)
    return Result(mode, name, per_second, *medians, max(busy))


class _Healthy:
    """A host and a client."""

    def __init__(self, address: str) -> None:
        self._host = Packets(address)
        self._epoch = self._host.join(get(address, "/token/host"))["epoch"]
        self._client = Packets(address)
        self._client.join(get(address, "/token/client"))
        # Of one negotiation a few offers only are passed on.
        self._negotiations = itertools.count()

    def offer_for(self, seconds: float) -> list[float]:
        """Send offers; return the milliseconds that each took."""
        description = {"type": "offer", "sdp": SDP}
        signal = {"to": "client", "epoch": self._epoch, "description": description}
        times: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            offer = json.dumps({**signal, "negotiation": str(next(self._negotiations))})
            started = time.perf_counter()
            self._host.send(f'42/p2p,0["sdp_offer",{offer}]')
            self._client.wait_for('42/p2p,["sdp_offer"')
            times.append((time.perf_counter() - started) * 1000)
            self._host.wait_for("43/p2p,0")
            time.sleep(OFFER_EVERY)
        return times

    def close(self) -> None:
        self._host.close()
        self._client.close()


class _Attack:
    """A process that joins in vain on several sockets, for as long as the block lasts."""

    def __init__(self, address: str, token: str, code: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._over = context.Event()
        self._ready = context.Event()
        self._count = context.Value("q", 0)
        arguments = (address, token, code, self._ready, self._over, self._count)
        self._process = context.Process(target=_attack, args=arguments)

    @property
    def refused(self) -> int:
        return int(self._count.value)

    def __enter__(self) -> "_Attack":
        self._process.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._process.join(20)
        assert self._process.exitcode == 0


def _attack(address: str, token: str, code: str, ready: Any, over: Any, count: Any) -> None:
    threads = [
        threading.Thread(target=_join_in_vain, args=(address, token, code, over, count))
        for _ in range(SOCKETS)
    ]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()


def _join_in_vain(address: str, token: str, code: str, over: Any, count: Any) -> None:
    mine = 0
    while not over.is_set():
        packets = Packets(address)
        try:
            while not over.is_set():
                refusal = packets.join(token)
                mine += refusal.get("message") == code
        except ConnectionError:
            # Who goes on is closed, and comes again.
            continue
        finally:
            packets.close()
    with count.get_lock():
        count.value += mine

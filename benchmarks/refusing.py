"""What refusing costs: refused joins a second, and what a healthy session notices of them.

A healthy host sends offers to its client, ten a second, and the time from one to the other is
taken: with nobody else there, and while eight sockets of a second process ask to join as fast
as they are refused. Quiet and busy stretches alternate on the same server.

`figures.rows` has for each mode and kind of refusal `refused_per_second`, summaries of all offers
(`quiet_ms` and `busy_ms`), and the `ratio` of their medians.
"""

import itertools
import json
import multiprocessing
import threading
import time
from dataclasses import dataclass
from typing import Any

from .peer import PATH, Peer, join
from .results import Figures, summary
from .server import MODES, app_command, are_pinned, get, leave_a_core_to_servers, running
from .wire import Wire

SOCKETS = 8
OFFER_EVERY = 0.1
SDP = "v=0\r\n" + "a=ssrc:1 cname:x\r\n" * 110
# The healthy ones answer their pings late.
COMMON = {"WITHOUT_EVE": True, "P2P_SOCKETIO_OPTIONS": {"ping_timeout": 120}}
UNLIMITED = COMMON | {"P2P_JOIN_RATE": None}
# So few that all but the first meet the limit.
LIMITED = COMMON | {"P2P_JOIN_RATE": 4.0}


@dataclass(frozen=True)
class Effort:
    """Which refusals in which modes, in how many stretches, and whether the server has a core."""

    modes: tuple[str, ...]
    kinds: tuple[str, ...]
    pinned: bool
    rounds: int
    seconds: float


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
THOROUGH = Effort(MODES, tuple(KINDS), pinned=True, rounds=2, seconds=1.3)
QUICK = Effort(MODES[:1], ("forged token", "too many joins"), pinned=False, rounds=1, seconds=0.2)


def measure(effort: Effort) -> Figures:
    if effort.pinned:
        leave_a_core_to_servers()
    rows = itertools.product(effort.modes, effort.kinds)
    return {
        "pinned": are_pinned(),
        "sockets": SOCKETS,
        "rows": [_row(mode, name, effort) for mode, name in rows],
    }


def _row(mode: str, name: str, effort: Effort) -> Figures:
    kind = KINDS[name]
    quiet: list[float] = []
    busy: list[float] = []
    refused = 0
    with running(*app_command(mode, json.dumps(kind.config))) as server:
        address = server.address
        healthy = _Healthy(address)
        token = get(address, f"/token/{kind.peer_id}") if kind.peer_id else "forged.token"
        for _ in range(effort.rounds):
            quiet += healthy.offer_for(effort.seconds)
            with _Attack(address, token, kind.code) as attack:
                busy += healthy.offer_for(effort.seconds)
            refused += attack.refused
        healthy.close()
    calm, loaded = summary(quiet), summary(busy)
    return {
        "mode": mode,
        "refused_for": name,
        "refused_per_second": refused / (effort.rounds * effort.seconds),
        "quiet_ms": calm,
        "busy_ms": loaded,
        "ratio": loaded["median"] / calm["median"],
    }


class _Healthy:
    """A host and a client."""

    def __init__(self, address: str) -> None:
        self._host, self._client = (
            Peer(address, get(address, f"/token/{name}")) for name in ("host", "client")
        )
        # Of one negotiation a few offers only are passed on.
        self._negotiations = itertools.count()

    def offer_for(self, seconds: float) -> list[float]:
        """Send offers; return the milliseconds that each took."""
        times: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            negotiation = str(next(self._negotiations))
            offer = self._host.description("sdp_offer", "client", negotiation, SDP)
            started = time.perf_counter()
            self._host.wire.send(offer)
            self._client.wait_for('42/p2p,["sdp_offer"')
            times.append((time.perf_counter() - started) * 1000)
            self._host.wait_for("43/p2p,1")
            time.sleep(OFFER_EVERY)
        return times

    def close(self) -> None:
        self._host.wire.drop()
        self._client.wire.drop()


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
    arguments = (address, token, code, over, count)
    threads = [threading.Thread(target=_join_in_vain, args=arguments) for _ in range(SOCKETS)]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()


def _join_in_vain(address: str, token: str, code: str, over: Any, count: Any) -> None:
    mine = 0
    while not over.is_set():
        wire = Wire(address, PATH)
        try:
            while not over.is_set():
                mine += _refusal(wire, token) == code
        except ConnectionError:
            # Who goes on is closed, and comes again.
            continue
        finally:
            wire.drop()
    with count.get_lock():
        count.value += mine


def _refusal(wire: Wire, token: str) -> str:
    """Ask to join; return the code of the refusal, or nothing for who gets in."""
    wire.send(join(token))
    while not (text := wire.receive()).startswith(("44/p2p,", '42/p2p,["session_ready"')):
        if text == "2":
            wire.send("3")
    return str(json.loads(text.partition(",")[2])["message"]) if text.startswith("44") else ""

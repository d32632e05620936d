"""Makes a real allocation on each TURN server (RFC 8656), with aioice, which is an extra."""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any, NamedTuple

from ..ice.stun import Endpoint, endpoint
from .findings import Finding
from .ice import IceServer
from .parallel import in_parallel
from .turn_causes import LOOKS_LIMIT, cause

GOODBYE_LIMIT = 0.3
"""Seconds in which a server takes its allocation back."""


class Target(NamedTuple):
    """Where a server is; ``address`` is what its name stands for."""

    server: IceServer
    at: Endpoint
    address: str


class Allocation(NamedTuple):
    """What a server has given: an address at which it relays, after so many milliseconds."""

    relayed: str
    address: str
    ms: float


def is_installed() -> bool:
    """Tell whether aioice is there."""
    return find_spec("aioice") is not None


def not_installed() -> Finding:
    """Return the finding that it isn't."""
    problem = "Whether TURN servers take their credentials isn't tried, as aioice is missing."
    return Finding("warning", "ice", problem, "pip install 'flask-p2p-streams[doctor]'")


def allocations(servers: Sequence[IceServer], seconds: float) -> list[Finding]:
    """Try all servers at once, in so many seconds; look for the causes in ``LOOKS_LIMIT`` more."""
    results = _results(servers, time.monotonic() + seconds)
    pairs = list(zip(servers, results, strict=True))
    found = in_parallel([partial(_finding, *pair) for pair in pairs], LOOKS_LIMIT)
    return [
        _finding(*pair, looks=False) if isinstance(each, TimeoutError) else each
        for pair, each in zip(pairs, found, strict=True)
    ]


def _finding(server: IceServer, result: Allocation | Exception, *, looks: bool = True) -> Finding:
    if isinstance(result, Exception):
        problem, hint = cause(server, result, looks=looks)
        return Finding("error", "ice", f"{server.url} {problem}.", hint)
    if ip_address(result.address).is_global and not ip_address(result.relayed).is_global:
        problem = f"{server.url} relays at {result.relayed}, which nobody outside can reach."
        hint = "Set external-ip in its configuration to the address that it has outside."
        return Finding("error", "ice", problem, hint)
    took = f"after {result.ms:.0f} ms"
    return Finding("ok", "ice", f"{server.url} takes its credentials, and relays ({took}).")


# Allocations


def _results(servers: Sequence[IceServer], deadline: float) -> list[Allocation | Exception]:
    # Names are looked up outside of the loop, which would wait for a name server that hangs.
    half = (deadline - time.monotonic()) / 2
    found = in_parallel([partial(_target, each) for each in servers], half)
    targets = [each for each in found if isinstance(each, Target)]
    tried = iter(asyncio.run(_try_all(targets, deadline)))
    return [next(tried) if isinstance(each, Target) else each for each in found]


def _target(server: IceServer) -> Target | OSError:
    at = endpoint(server.url)
    try:
        return Target(server, at, str(socket.getaddrinfo(at.host, at.port)[0][4][0]))
    except OSError as error:
        return error


async def _try_all(targets: Sequence[Target], deadline: float) -> list[Allocation | Exception]:
    return list(await asyncio.gather(*(_try(each, deadline) for each in targets)))


async def _try(target: Target, deadline: float) -> Allocation | Exception:
    try:
        left = deadline - time.monotonic()
        return await asyncio.wait_for(_allocate(target), left)
    except asyncio.TimeoutError:
        # Before Python 3.11 this is another class than the one that stands here.
        return TimeoutError()
    except Exception as error:
        return error


async def _allocate(target: Target) -> Allocation:
    server, at, began = target.server, target.at, time.monotonic()
    turn: Any = import_module("aioice.turn")
    by_udp = at.transport == "udp"
    protocol = (turn.TurnClientUdpProtocol if by_udp else turn.TurnClientTcpProtocol)(
        (target.address, at.port),
        username=server.username,
        password=server.credential,
        lifetime=turn.DEFAULT_ALLOCATION_LIFETIME,
        channel_refresh_time=turn.DEFAULT_CHANNEL_REFRESH_TIME,
    )
    protocol.receiver = ended = _Ended()
    transport = await _connected(target, protocol)
    try:
        relayed = (await protocol.connect())[0]
        ms = (time.monotonic() - began) * 1000
        # A server that doesn't take it back lets it end by itself.
        with suppress(Exception):
            await asyncio.wait_for(protocol.delete(), GOODBYE_LIMIT)
    finally:
        transport.abort()
        await asyncio.wait([ended.over], timeout=GOODBYE_LIMIT)
    return Allocation(relayed, target.address, ms)


class _Ended(asyncio.DatagramProtocol):
    """What is to be told of the end of a connection."""

    def __init__(self) -> None:
        self.over = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is over."""
        self.over.set_result(None)


async def _connected(target: Target, protocol: Any) -> Any:
    loop, at = asyncio.get_running_loop(), target.at
    if at.transport == "udp":
        where = (target.address, at.port)
        return (await loop.create_datagram_endpoint(lambda: protocol, remote_addr=where))[0]
    # The certificate is for the name, which has been looked up already.
    tls: dict[str, Any] = (
        {"ssl": ssl.create_default_context(), "server_hostname": at.host}
        if target.server.url.startswith("turns")
        else {}
    )
    return (await loop.create_connection(lambda: protocol, target.address, at.port, **tls))[0]

"""The addresses that a server is opened at, and what is printed of them."""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from .codes import is_local, on_terminal

ANY = {"0.0.0.0": [socket.AF_INET], "::": [socket.AF_INET, socket.AF_INET6]}
"""By what a server listens on: the families by which it is reached then, at any address."""

FAR_AWAY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that are nobody's (RFC 5737, RFC 3849): the way to them is that to the network."""


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def bracketed(host: str) -> str:
    """Return a host as it stands before a port."""
    return f"[{host}]" if ":" in host else host


def greeting(host: str, port: int, stops: str) -> str:
    """Say where a server that listens on a host and port is opened, here and on other devices."""
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, bracketed(host))
    lines = [f"Open http://{here}:{port} in two tabs. Ctrl+C stops {stops}."]
    others = [f"http://{bracketed(each)}:{port}" for each in outward(host)]
    if others:
        lines.append(f"On other devices in this network: {' or '.join(others)}")
        lines += [on_terminal(others[0])] if sys.stdout.isatty() else []
    elif host in ANY:
        lines.append("This machine is in no network, so no other device can open it.")
    return "\n".join(lines)


def outward(host: str) -> list[str]:
    """Return the addresses at which other devices reach a server that listens on a host."""
    if host in ANY:
        return [address for each in ANY[host] for address in _routed(each)]
    # A name may be one that this machine has for itself alone.
    found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    return [] if all(map(is_local, found)) else [host]


def network_url(host: str, port: int) -> str:
    """Return where other devices open a server that listens on a host; empty if nowhere."""
    return next((f"http://{bracketed(each)}:{port}" for each in outward(host)), "")


def _routed(family: socket.AddressFamily) -> Iterator[str]:
    """Yield the address that this machine would send from; connecting UDP sends nothing."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((FAR_AWAY[family], 9))
        address = probe.getsockname()[0]
        if not ip_address(address).is_loopback:
            yield address

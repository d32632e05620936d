"""Computers on a network of their own: namespaces, the links between them, and what breaks these.

Root needs nothing for it; other users need a kernel that allows user namespaces. Everything goes
away with the process.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.kit.waiting import PATIENCE

HUB = "10.77.0.1"
# A bridge that was given no hardware address takes the lowest of its ports', and another one when
# a computer with a lower one comes. The others go on sending to the old one, for half a minute.
HUB_HARDWARE = "02:00:00:00:00:01"
# Where that goes which is for no address of this network: to nobody.
NOBODY = "10.77.0.254"
NOBODYS_HARDWARE = "02:00:00:00:00:fe"
# A holder of namespaces makes room for their names, says so, and stays until its input ends.
HOLD = "mount -t tmpfs tmpfs /run && mkdir /run/netns && echo ready && exec cat"
SIDES = ("saddr", "daddr")


class Network:
    """A hub, and computers that are linked to it; nothing of it reaches the real network."""

    def __init__(self) -> None:
        # The holder is in the namespaces; commands go there by its id.
        is_root = os.geteuid() == 0
        self._holder = subprocess.Popen(
            ["unshare", "-nm" if is_root else "-Urnm", "sh", "-c", HOLD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != "ready\n":
            raise RuntimeError(f"There can be no network namespaces: {self._holder.stderr.read()}")
        user = [] if is_root else ["-U", "--preserve-credentials"]
        self._enter = ["nsenter", "-t", str(self._holder.pid), *user, "-n", "-m", "-w"]
        self._computers = 0
        # Where each computer's packets go first, and what its address is.
        self._gateways: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self._scripts = tempfile.TemporaryDirectory()
        self._add("hub")
        self.run("hub", f"ip link add br0 address {HUB_HARDWARE} type bridge")
        self.run("hub", f"ip addr add {HUB}/24 dev br0")
        self.run("hub", "ip link set br0 up")
        self.run("hub", "sysctl -qw net.ipv4.ip_forward=1")
        # What goes to an address that isn't here gets lost, as it does elsewhere. Whoever sends it
        # would be told at once that there is no way, and a TURN server takes that ill.
        self.run("hub", f"ip neigh add {NOBODY} lladdr {NOBODYS_HARDWARE} dev br0 nud permanent")
        self.run("hub", f"ip route add default via {NOBODY}")

    def close(self) -> None:
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(PATIENCE)
        for stream in (self._holder.stdout, self._holder.stderr):
            assert stream is not None
            stream.close()
        self._scripts.cleanup()

    # Computers

    def add(self, name: str) -> str:
        """Link another computer to the hub; return its address."""
        self._computers += 1
        address = f"10.77.0.{10 + self._computers}"
        self._link(name, "hub", address, HUB)
        self.run("hub", f"ip link set {name} master br0")
        return address

    def add_behind(self, router: str, name: str) -> str:
        """Link another computer to one that is there, and is its only way; return its address."""
        self._computers += 1
        subnet = f"192.168.{self._computers}"
        self._link(name, router, f"{subnet}.2", f"{subnet}.1")
        self.run(router, f"ip addr add {subnet}.1/24 dev {name}")
        self.run(router, "sysctl -qw net.ipv4.ip_forward=1")
        return f"{subnet}.2"

    def move(self, name: str) -> str:
        """Give a computer another address in place of the one that it has; return the new one.

        Both are changed at once, as where somebody leaves one network for another: what comes for
        the old address is lost, and nobody is told.
        """
        old = self.addresses[name]
        subnet, _, host = old.rpartition(".")
        # Far from those that computers get, and another one each time.
        new = f"{subnet}.{int(host) + 100 if int(host) < 100 else int(host) - 100}"
        self.run(name, f"ip addr del {old}/24 dev eth0")
        self.addresses[name] = new
        self._settle(name)
        return new

    def command(self, name: str, *arguments: str) -> list[str]:
        """Say how to run a command on a computer."""
        return [*self._enter, "ip", "netns", "exec", name, *arguments]

    def script(self, name: str, *arguments: str) -> Path:
        """Write a script that runs a program on a computer, with the script's arguments."""
        path = Path(self._scripts.name, f"{name}-{Path(arguments[0]).name}")
        path.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(name, *arguments))} "$@"\n')
        path.chmod(0o755)
        return path

    def run(self, name: str, line: str, text: str | None = None) -> str:
        """Run a command on a computer, and wait for its end; return what it said."""
        return _run(self.command(name, *shlex.split(line)), text)

    # Cuts

    def cut(self, name: str, *, only: str = "", but: str = "") -> None:
        """Drop what a computer sends and gets: all, what is for one address, or all but that."""
        chosen = [(f"ip {side} {only}" if only else f"ip {side} != {but}") for side in SIDES]
        incoming, outgoing = chosen if only or but else ("", "")
        rules = f"""
          table inet cut {{
            chain incoming {{
              type filter hook input priority 0
              iifname != "lo" {incoming} drop
            }}
            chain outgoing {{
              type filter hook output priority 0
              oifname != "lo" {outgoing} drop
            }}
          }}"""
        self.run(name, "nft -f -", rules)

    def cut_udp(self, *names: str) -> None:
        """Let no UDP arrive at these computers; unlike `cut()`, their own programs aren't told."""
        for name in names:
            chain = "type filter hook input priority 0; iifname != lo meta l4proto udp drop;"
            self.run(name, "nft -f -", f"table inet cut {{ chain incoming {{ {chain} }}; }}")

    def mend(self, name: str) -> None:
        """Let everything through again, whether something was cut or not."""
        self.run(name, "nft -f -", "add table inet cut\ndelete table inet cut\n")

    # Bad links

    @contextlib.contextmanager
    def bad_link(self, name: str, *, delay: float, loss: float) -> Iterator[str]:
        """Link another computer by a line that delays and loses packets, in both directions."""
        self._add(name)
        address = "10.78.0.2"
        line = [sys.executable, "-m", "tests.kit.bad_line", "hub", name]
        process = subprocess.Popen(
            [*self._enter, *line, str(delay), str(loss)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("The bad line could not be laid.")
            self.run("hub", "ip addr add 10.78.0.1/24 dev bad0")
            self.run("hub", "ip link set bad0 up")
            self.run(name, f"ip addr add {address}/24 dev bad0")
            self.run(name, "ip link set bad0 up")
            self.run(name, "ip route add default via 10.78.0.1")
            yield address
        finally:
            process.stdin.close()
            process.wait(PATIENCE)
            process.stdout.close()

    # Private

    def _link(self, name: str, other: str, address: str, gateway: str) -> None:
        """Add a computer, and a line from it to another one, which calls the line by its name."""
        self._add(name)
        self._hold(f"ip link add eth0 netns {name} type veth peer name {name} netns {other}")
        self.run(other, f"ip link set {name} up")
        self.run(name, "ip link set eth0 up")
        self.addresses[name] = address
        self._gateways[name] = gateway
        self._settle(name)

    def _settle(self, name: str) -> None:
        self.run(name, f"ip addr add {self.addresses[name]}/24 dev eth0")
        self.run(name, f"ip route add default via {self._gateways[name]}")

    def _add(self, name: str) -> None:
        self._hold(f"ip netns add {name}")
        # An address of IPv6 comes a second or two after its link, and for a browser the network
        # has changed then: it breaks off what it loads. -e: a kernel may have none.
        self.run(name, "sysctl -qew net.ipv6.conf.default.disable_ipv6=1")
        self.run(name, "ip link set lo up")

    def _hold(self, line: str) -> None:
        _run([*self._enter, *shlex.split(line)])


def _run(command: list[str], text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout

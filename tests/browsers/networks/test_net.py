"""The network itself."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.kit.nats import Nat
from tests.kit.network import HUB, Network
from tests.kit.waiting import PATIENCE

ADDRESS = "cat /sys/class/net/br0/address"
# Takes a packet at each of two ports, and says where they came from.
TELL = f"""
import socket
sockets = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
for number, each in enumerate(sockets):
    each.bind(({HUB!r}, 4001 + number))
print("ready", flush=True)
for each in sockets:
    print(*each.recvfrom(100)[1], flush=True)
"""
# Sends to both from one port.
SEND = f"""
import socket, sys
one = socket.socket(type=socket.SOCK_DGRAM)
one.bind(("", int(sys.argv[1])))
for port in (4001, 4002):
    one.sendto(b"hello", ({HUB!r}, port))
"""
# Whether a port of the hub, where nobody listens, says so by UDP or TCP within a second.
REFUSED = f"""
import contextlib, socket, sys
with socket.socket(type=getattr(socket, sys.argv[1])) as one:
    one.settimeout(1)
    with contextlib.suppress(TimeoutError):
        try:
            one.connect(({HUB!r}, 4003))
            one.send(b"hello")
            one.recv(1)
        except ConnectionRefusedError:
            print("refused")
"""


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


@pytest.fixture(scope="module")
def nat(network: Network) -> Nat:
    return Nat(network, "nina")


def python(network: Network, name: str, script: str, *arguments: str) -> str:
    command = network.command(name, sys.executable, "-c", script, *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def reaches_the_hub(network: Network, name: str, kind: str = "SOCK_STREAM") -> bool:
    return python(network, name, REFUSED, kind) == "refused\n"


def sources(network: Network, name: str, port: str) -> list[list[str]]:
    """Send from one port to two of the hub; return the addresses and ports that it sees."""
    command = network.command("hub", sys.executable, "-c", TELL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        assert hub.stdout.readline() == "ready\n"
        python(network, name, SEND, port)
        said = [hub.stdout.readline().split() for _ in range(2)]
        hub.wait(PATIENCE)
    return said


def test_the_hubs_hardware_address_stays_when_computers_come(network: Network) -> None:
    before = network.run("hub", ADDRESS)
    for name in ("one", "other"):
        network.add(name)
        assert network.run("hub", ADDRESS) == before


def test_a_symmetric_nat_gives_another_port_to_each_end(network: Network, nat: Nat) -> None:
    box = network.addresses[nat.box]
    nat.translate(symmetric=False)
    assert sources(network, nat.name, "4011") == [[box, "4011"]] * 2
    nat.translate(symmetric=True)
    (one, port), (other, other_port) = sources(network, nat.name, "4012")
    assert one == other == box
    assert len({port, other_port, "4012"}) == 3


def test_a_nat_is_cut_and_mended(network: Network, nat: Nat) -> None:
    def ways() -> list[bool]:
        return [reaches_the_hub(network, nat.name, kind) for kind in ("SOCK_STREAM", "SOCK_DGRAM")]

    assert ways() == [True, True]
    nat.cut(udp_only=True)
    assert ways() == [True, False]
    nat.cut()
    assert ways() == [False, False]
    nat.mend()
    assert ways() == [True, True]


@pytest.mark.parametrize("kind", ["in the open", "behind a NAT"])
def test_a_computer_moves(network: Network, nat: Nat, kind: str) -> None:
    name = nat.name if kind == "behind a NAT" else "mo"
    if name == "mo":
        network.add(name)
    addresses = [network.addresses[name]]
    for _ in range(2):
        addresses.append(network.move(name))
        assert addresses[-1] in network.run(name, "ip addr show dev eth0")
        assert addresses[-2] not in network.run(name, "ip addr show dev eth0")
        assert reaches_the_hub(network, name)

"""The network itself."""

from tests.kit.network import Network

ADDRESS = "cat /sys/class/net/br0/address"


def test_the_hubs_hardware_address_stays_when_computers_come() -> None:
    network = Network()
    try:
        before = network.run("hub", ADDRESS)
        for name in ("one", "other"):
            network.add(name)
            assert network.run("hub", ADDRESS) == before
    finally:
        network.close()

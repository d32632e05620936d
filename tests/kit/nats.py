"""Computers behind a NAT of their own, as most of the world's are: a box that lends its address.

A NAT is symmetric where it gives each pair of ends another port, which nobody can guess; else it
keeps the port, and lets in whom its computer has written to (in the words of RFC 4787:
endpoint-independent mapping, and filtering by address and port).
"""

from tests.kit.network import Network


class Nat:
    """A computer, and between it and the hub a box that translates, and can be cut."""

    def __init__(self, network: Network, name: str, *, symmetric: bool = True) -> None:
        """Add the box and the computer behind it.

        :param symmetric: whether no direct way leads to another computer behind such a NAT.
        """
        self.network = network
        self.name = name
        self.box = f"{name}-nat"
        network.add(self.box)
        network.add_behind(self.box, name)
        # Only what the computer has asked for comes in. The box itself answers nobody: a refusal
        # of a packet that came before the hole was there would close the hole.
        self._rule(
            "filter",
            f"""
            chain forwarding {{
              type filter hook forward priority 0; policy drop
              ct state established,related accept
              iifname "{name}" accept
            }}
            chain incoming {{
              type filter hook input priority 0
              iifname "eth0" ct state new drop
            }}""",
        )
        self.translate(symmetric=symmetric)

    def translate(self, *, symmetric: bool) -> None:
        """Say which kind of NAT it is for the connections to come; those that are there stay."""
        how = "masquerade fully-random" if symmetric else "masquerade"
        self._rule(
            "nat",
            f"""
            chain leaving {{
              type nat hook postrouting priority srcnat
              oifname "eth0" {how}
            }}""",
        )

    def cut(self, *, udp_only: bool = False) -> None:
        """Pass on nothing from now on, or no UDP: in silence, as a line that is dead does."""
        what = "meta l4proto udp" if udp_only else ""
        self._rule(
            "cut", f"chain forwarding {{ type filter hook forward priority -10; {what} drop; }}"
        )

    def mend(self) -> None:
        """Pass on everything again."""
        self._rule("cut", "")

    def _rule(self, table: str, chains: str) -> None:
        """Put these chains in place of those that the table has."""
        rules = f"table ip {table} {{}}\ndelete table ip {table}\ntable ip {table} {{{chains}\n}}"
        self.network.run(self.box, "nft -f -", rules)

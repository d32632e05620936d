"""Counts the offers, answers and candidates that two peers send each other.

Each peer repeats every 2 s what the other may have missed, so repeats have to be passed on. But
the other's page has to parse each of them, and a few are enough.
"""

from array import array
from collections.abc import Iterable

from ..limits.budgets import MAX_CANDIDATES, MAX_DESCRIPTIONS
from ..protocol.fields import Payload

MAX_OFFERS = 2000
"""Peers of one session for which a worker remembers what their host has offered to them."""


class Sent:
    """What one peer has sent another for one negotiation.

    Of a candidate only its hash is kept; another one with the same hash counts as a repeat.
    """

    __slots__ = ("_candidates", "_descriptions", "_packets")

    def __init__(self) -> None:
        self._descriptions = 0
        self._packets = 0
        self._candidates = array("q")

    def describe(self) -> bool:
        """Take note of a description; return False if there were too many."""
        self._descriptions += 1
        return self._descriptions <= MAX_DESCRIPTIONS

    def trickle(self, candidates: Iterable[Payload]) -> bool:
        """Take note of a packet of candidates; return False if there were too many of either."""
        self._packets += 1
        found = {hash(tuple(each.values())) for each in candidates}.difference(self._candidates)
        if self._packets > MAX_CANDIDATES or len(self._candidates) + len(found) > MAX_CANDIDATES:
            return False
        self._candidates.extend(found)
        return True


class Negotiations:
    """The last negotiation of a host with each of its clients.

    A negotiation gets its name from an offer of a host at this worker. What clients send is
    counted in any case; the count starts anew with each offer that is seen here, and each time
    that a client joins.
    """

    def __init__(self) -> None:
        self._offers: dict[str, tuple[str, Sent]] = {}
        self._replies: dict[str, Sent] = {}

    def __len__(self) -> int:
        """Return for how many peers something is remembered."""
        return len(self._offers.keys() | self._replies.keys())

    def offered(self, peer_id: str, negotiation: str) -> Sent:
        """Take note of a host's offer to a peer; return what it has sent in that negotiation."""
        known = self._offers.pop(peer_id, None)
        if known is None or known[0] != negotiation:
            self._replies.pop(peer_id, None)
            known = negotiation, Sent()
        if len(self._offers) >= MAX_OFFERS:
            self.forget(next(iter(self._offers)))
        self._offers[peer_id] = known
        return known[1]

    def offer(self, peer_id: str) -> str | None:
        """Return the negotiation of the host's last offer to a peer, or None."""
        known = self._offers.get(peer_id)
        return None if known is None else known[0]

    def by_host(self, peer_id: str) -> Sent:
        """Return what the host has sent to a peer in their last negotiation."""
        known = self._offers.get(peer_id)
        return Sent() if known is None else known[1]

    def by_client(self, peer_id: str) -> Sent:
        """Return what a client has sent."""
        return self._replies.setdefault(peer_id, Sent())

    def forget(self, peer_id: str) -> None:
        """Forget a client that has gone, or joins again."""
        self._offers.pop(peer_id, None)
        self._replies.pop(peer_id, None)

    def clear(self) -> None:
        """Forget all negotiations, because there is another host."""
        self._offers.clear()
        self._replies.clear()

"""What has happened on this worker, in numbers."""

import threading
from collections import Counter
from typing import Literal, TypedDict, get_args

from .protocol.errors import ErrorCode

RELAYED = ("sdp_offer", "sdp_answer", "ice_candidate")
"""The events that are passed on from one peer to another."""

Limited = Literal[
    "join",
    "signal",
    "session_signal",
    "rejoin",
    "roster",
    "candidates",
    "frame",
    "unjoined",
    "unread",
    "relay",
    "relay_unread",
    "session",
]
"""The names of the limits; ``limits.budgets`` says what each of them is."""
LIMITS: tuple[Limited, ...] = get_args(Limited)


Verdict = Literal["lives", "silent", "moved", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("lives", "silent", "moved", "unknown")
"""The possible outcomes of asking a host whether it lives."""


class Snapshot(TypedDict):
    """The counters since the worker started, and two figures of this moment."""

    joins: int
    """Joins that were accepted, also those on an open socket."""
    refused: dict[str, int]
    """Joins, renewals and events that were refused, by error code; codes that occurred only."""
    limited: dict[str, int]
    """What was refused, dropped or ended because it was over a limit, by the limit's name."""
    relayed: dict[str, int]
    """Signals that were passed on, by event."""
    relay_links: int
    """Links that began to talk over the server, each counted at its client's worker."""
    relay_batches: int
    """Batches that were relayed, also those that only acknowledge others."""
    relay_bytes: int
    """Bytes of the packets in them, as they came in."""
    elections: int
    """Joins that made a peer the host, of a new session or after another host."""
    probes: dict[str, int]
    """Questions to hosts whether they live, by the outcome: lives, silent, moved, unknown."""
    store_failures: int
    """Calls of the store that failed, or were not tried because one had just failed."""
    evicted: int
    """Connections that were closed because they went on to send too much."""
    bad_packets: int
    """Packets that Engine.IO or Socket.IO couldn't read."""
    sockets: int
    """Sockets that have joined and are open now."""
    sessions: int
    """Sessions that have a socket here now."""


class Metrics:
    """The counters of one worker; they only ever grow."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._mutex = threading.Lock()

    def joined(self) -> None:
        """Count a join that was accepted."""
        self._count("joins")

    def refused(self, code: ErrorCode) -> None:
        """Count a refusal."""
        self._count("refused", code.value)

    def limited(self, limit: Limited) -> None:
        """Count something that was over a limit."""
        self._count("limited", limit)

    def elected(self) -> None:
        """Count an election."""
        self._count("elections")

    def probed(self, verdict: Verdict) -> None:
        """Count a question to a host by its outcome."""
        self._count("probes", verdict)

    def relayed(self, event: str) -> None:
        """Count a signal that was passed on."""
        self._count("relayed", event)

    def relayed_batch(self, size: int, *, opens: bool) -> None:
        """Count a batch with packets of ``size`` bytes; the first of a client ``opens`` a link."""
        with self._mutex:
            self._counts["relay_batches", ""] += 1
            self._counts["relay_bytes", ""] += size
            self._counts["relay_links", ""] += opens

    def evicted(self) -> None:
        """Count a connection that was closed for flooding."""
        self._count("evicted")

    def bad_packet(self) -> None:
        """Count a packet that could not be read."""
        self._count("bad_packets")

    def snapshot(self, *, sockets: int, sessions: int, store_failures: int = 0) -> Snapshot:
        """Return all counters, together with the figures that others keep."""
        with self._mutex:
            counts = self._counts.copy()
        refused = {code.value: counts["refused", code.value] for code in ErrorCode}
        return {
            "joins": counts["joins", ""],
            "refused": {code: count for code, count in refused.items() if count},
            "limited": {limit: counts["limited", limit] for limit in LIMITS},
            "relayed": {event: counts["relayed", event] for event in RELAYED},
            "relay_links": counts["relay_links", ""],
            "relay_batches": counts["relay_batches", ""],
            "relay_bytes": counts["relay_bytes", ""],
            "elections": counts["elections", ""],
            "probes": {verdict: counts["probes", verdict] for verdict in VERDICTS},
            "store_failures": store_failures,
            "evicted": counts["evicted", ""],
            "bad_packets": counts["bad_packets", ""],
            "sockets": sockets,
            "sessions": sessions,
        }

    def _count(self, what: str, which: str = "") -> None:
        with self._mutex:
            self._counts[what, which] += 1

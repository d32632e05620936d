"""Slows down, and then closes, those who come or send too often.

A refusal here costs some arithmetic: neither the token nor the store is
looked at before it.
"""

import ipaddress
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..config import Config
from ..metrics import Limited, Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..runtime.proxies import is_near, undeclared_proxy
from .budgets import (
    BAD_PACKET_COST,
    CARRIED,
    JOIN_BURST,
    JOIN_QUEUE,
    PATIENCE,
    REJOINS,
    RENEWALS,
    ROSTERS,
    SESSION_BURST,
    SIGNAL_BURST,
)
from .token_bucket import Limit, Rate

logger = logging.getLogger("flask_p2p_streams")

SHORTEST_WAIT_MS, LONGEST_WAIT_MS = 100, 60_000


class Throttle:
    """The limits of one worker, by connection (``eio_sid``), session and address."""

    def __init__(
        self, config: Config, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._joins = Limit(_rate(config.join_rate, JOIN_BURST), clock, JOIN_QUEUE)
        self._renewals = Limit(RENEWALS, clock)
        self._signals = Limit(_rate(config.signal_rate, SIGNAL_BURST), clock)
        self._session_signals = Limit(_rate(config.session_signal_rate, SESSION_BURST), clock)
        self._rejoins = Limit(REJOINS, clock)
        self._rosters = Limit(ROSTERS, clock)
        self._carried = Limit(CARRIED, clock)
        self._patience = Limit(PATIENCE, clock)
        self._flooding: dict[str, ErrorCode] = {}
        self._counts_addresses = config.join_rate is not None
        self._hinted = False

    def __len__(self) -> int:
        """Return of how many connections something is remembered."""
        return max(len(self._signals), len(self._patience), len(self._flooding))

    def join(self, eio_sid: str, address: str | None) -> None:
        """Let a join pass; one without an address comes over a Unix socket and always may.

        :raises SignalingError: ``rate_limited`` if its address joins too often.
        """
        if refusal := self._join_refusal(address):
            self._lose_patience(eio_sid, 1.0, ErrorCode.RATE_LIMITED)
            raise refusal

    def rejoin(self, session_id: str, peer_id: str) -> None:
        """Let a peer join, whose token has been read, for the first time or once more.

        :raises SignalingError: ``rate_limited`` if it joins too often.
        """
        if wait := self._rejoins.take((session_id, peer_id)):
            raise self._refusal("rejoin", wait)

    def roster(self, session_id: str, peer_id: str) -> None:
        """Let a host tell of its peers.

        :raises SignalingError: ``rate_limited`` if it does so too often.
        """
        if wait := self._rosters.take((session_id, peer_id)):
            raise self._refusal("roster", wait)

    def described(self, passes: bool) -> None:
        """Let a description or candidates pass, unless there were too many of them.

        :raises SignalingError: ``rate_limited``.
        """
        if not passes:
            self._metrics.limited("candidates")
            raise SignalingError(
                ErrorCode.RATE_LIMITED, "Too much has been sent for one negotiation."
            )

    def carry(self, session_id: str, peer_id: str, size: int) -> None:
        """Let a signal of so many bytes pass from a client to its host.

        :raises SignalingError: ``rate_limited`` if that client sends its host too much.
        """
        # What is larger than all that may come at once has to be able to come at all.
        if wait := self._carried.take((session_id, peer_id), min(float(size), CARRIED.burst)):
            raise self._refusal("candidates", wait)

    def renewal(self, session_id: str, peer_id: str, address: str | None) -> None:
        """Let the renewal of a genuine token pass; it counts as a join of its address.

        :raises SignalingError: ``rate_limited`` if its peer renews, or its address joins
            too often.
        """
        # Only what a peer may do at all counts for its address.
        if wait := self._renewals.take((session_id, peer_id)):
            raise self._refusal("rejoin", wait)
        if refusal := self._join_refusal(address):
            raise refusal

    def look_for_proxy(self, environ: Mapping[str, Any]) -> None:
        """Say once in the log if a proxy's address counts for that of all visitors."""
        if self._hinted or not self._counts_addresses:
            return
        header = undeclared_proxy(environ)
        if header is not None:
            self._hint(
                "A request from %s has the header %s: a proxy stands before the app, and all "
                "visitors share its address, and so P2P_JOIN_RATE. Wrap the app after P2PStreams "
                "is set up: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1), "
                "of werkzeug.middleware.proxy_fix. (This is said once.)",
                environ["REMOTE_ADDR"],
                header,
            )

    def signal(self, eio_sid: str, session_id: str | None, share: float = 1.0) -> None:
        """Let an event of a socket pass.

        :param share: the part of a token that it costs the socket.
        :raises SignalingError: ``rate_limited`` if the socket or its session sends too many.
        """
        limit: Limited = "signal"
        wait = self._signals.take(eio_sid, share)
        # Only what a socket may send at all counts for its session.
        if not wait and session_id is not None:
            limit, wait = "session_signal", self._session_signals.take(session_id)
        if wait:
            self._lose_patience(eio_sid, 1.0, ErrorCode.RATE_LIMITED)
            raise self._refusal(limit, wait)

    def bad_packet(self, eio_sid: str) -> None:
        """Take note of a packet that could not be read."""
        self._metrics.bad_packet()
        self._lose_patience(eio_sid, BAD_PACKET_COST, ErrorCode.BAD_REQUEST)

    def stray_packet(self, eio_sid: str) -> None:
        """Take note of a packet to where its sender has not joined."""
        self._lose_patience(eio_sid, 1.0, ErrorCode.BAD_REQUEST)

    def pop_flooding(self, eio_sid: str) -> ErrorCode | None:
        """Return why a connection has to be closed, once; None if it may stay."""
        return self._flooding.pop(eio_sid, None) if self._flooding else None

    def forget(self, eio_sid: str) -> None:
        """Forget a connection that has ended."""
        self._signals.forget(eio_sid)
        self._patience.forget(eio_sid)
        self._flooding.pop(eio_sid, None)

    def _join_refusal(self, address: str | None) -> SignalingError | None:
        wait = self._joins.take(address_group(address)) if address else 0.0
        if not wait:
            return None
        self._hint_at_address(address or "")
        return self._refusal("join", wait)

    def _refusal(self, limit: Limited, wait: float) -> SignalingError:
        self._metrics.limited(limit)
        wait_ms = min(LONGEST_WAIT_MS, max(SHORTEST_WAIT_MS, math.ceil(wait * 1000)))
        return SignalingError(ErrorCode.RATE_LIMITED, retry_after_ms=wait_ms)

    def _lose_patience(self, eio_sid: str, cost: float, code: ErrorCode) -> None:
        if self._patience.take(eio_sid, cost):
            self._flooding[eio_sid] = code

    def _hint_at_address(self, address: str) -> None:
        if is_near(address):
            self._hint(
                "Joins from %s come faster than P2P_JOIN_RATE allows, and the address is a "
                "private one: either all of them come from one machine or network, or a proxy "
                "stands before the app that names no visitor. Then have it set X-Forwarded-For, "
                "and wrap the app in werkzeug's ProxyFix. (This is said once.)",
                address,
            )
        else:
            self._hint(
                "Joins from %s come faster than P2P_JOIN_RATE allows: it is one visitor's, or "
                "that of a network whose visitors share it; for a crowd behind one router, raise "
                "P2P_JOIN_RATE. If it is a proxy's, wrap the app in werkzeug's ProxyFix. (This is "
                "said once.)",
                address,
            )

    def _hint(self, text: str, *values: str) -> None:
        if not self._hinted:
            self._hinted = True
            logger.warning(text, *values)


def address_group(address: str) -> str:
    """Return what an address counts as: itself, or its network of /64 if it is IPv6.

    One subscriber has a whole /64 (RFC 6177); addresses that stand for IPv4 ones
    (RFC 4291, section 2.5.5.2) count as these.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{int(parsed) >> 64:x}/64"


def _rate(per_second: float | None, seconds: float) -> Rate | None:
    # However slow the rate, one token must fit in.
    return None if per_second is None else Rate(per_second, max(1.0, per_second * seconds))

"""Slows down clients that join or send too often, and then closes their connections.

A refusal here costs only some arithmetic: neither the token nor the store is read before it.
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
from ..protocol.relay import MAX_BATCH_BYTES
from ..runtime.proxies import is_near, undeclared_proxy
from .budgets import (
    BAD_PACKET_COST,
    BATCH_BYTES,
    BATCHES,
    CARRIED,
    HOST_BATCHES,
    JOIN_BURST,
    JOIN_QUEUE,
    PATIENCE,
    REJOINS,
    RELAY_BURST,
    RELAY_PATIENCE,
    RELAY_PAUSE,
    RENEWALS,
    ROSTERS,
    SESSION_BURST,
    SESSION_RELAY_BURST,
    SIGNAL_BURST,
)
from .token_bucket import Limit, Rate
from .turns import Turns

logger = logging.getLogger("flask_p2p_streams")

SHORTEST_WAIT_MS, LONGEST_WAIT_MS = 100, 60_000
SENSELESS = (ErrorCode.BAD_REQUEST, ErrorCode.TOO_LARGE, ErrorCode.FORBIDDEN)
"""Refusals of what no client of ours relays."""


class Throttle:
    """The limits of one worker, by connection (``eio_sid``), session and address."""

    def __init__(
        self, config: Config, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._joins = Limit(_rate(config.join_rate, JOIN_BURST), clock, JOIN_QUEUE)
        # An app that polls for its own sake, and not for ours, sets its own limits.
        polls = config.join_rate if "polling" in config.transports else None
        self._polls = Limit(_rate(polls, JOIN_BURST), clock)
        self._renewals = Limit(RENEWALS, clock)
        self._signals = Limit(_rate(config.signal_rate, SIGNAL_BURST), clock)
        self._session_signals = Limit(_rate(config.session_signal_rate, SESSION_BURST), clock)
        self._rejoins = Limit(REJOINS, clock)
        self._rosters = Limit(ROSTERS, clock)
        self._carried = Limit(CARRIED, clock)
        self._batches = Limit(BATCHES, clock)
        self._host_batches = Limit(HOST_BATCHES, clock)
        self._relayed = Limit(_byte_rate(config.relay_rate, 0.0), clock)
        self._session_relayed = Limit(
            _byte_rate(config.session_relay_rate, SESSION_RELAY_BURST), clock
        )
        self._patience = Limit(PATIENCE, clock)
        self.turns = Turns(clock)
        self._flooding: dict[str, ErrorCode] = {}
        self._counts_addresses = config.join_rate is not None
        self._hinted = False

    def __len__(self) -> int:
        """Return for how many connections something is remembered."""
        batches = max(len(self._batches), len(self._host_batches))
        return max(len(self._signals), batches, len(self._patience), len(self._flooding))

    def join(self, eio_sid: str, address: str | None) -> None:
        """Allow a join; one without an address comes over a Unix socket, and is always allowed.

        :raises SignalingError: ``rate_limited`` if its address joins too often.
        """
        if refusal := self._join_refusal(address):
            self._lose_patience(eio_sid, 1.0, ErrorCode.RATE_LIMITED)
            raise refusal

    def opens_poll(self, address: str | None) -> bool:
        """Tell whether an address may open a connection that polls: as often as it may join.

        Such a connection needs no socket to stay open, so nothing else bounds their number.
        """
        if not address or not self._polls.take(address_group(address)):
            return True
        self._metrics.limited("join")
        return False

    def rejoin(self, session_id: str, peer_id: str) -> None:
        """Allow a join of a peer whose token has been read, its first one or a later one.

        :raises SignalingError: ``rate_limited`` if it joins too often.
        """
        if wait := self._rejoins.take((session_id, peer_id)):
            raise self._refusal("rejoin", wait)

    def roster(self, session_id: str, peer_id: str) -> None:
        """Allow a roster of a host.

        :raises SignalingError: ``rate_limited`` if it does so too often.
        """
        if wait := self._rosters.take((session_id, peer_id)):
            raise self._refusal("roster", wait)

    def described(self, passes: bool) -> None:
        """Allow a description or candidates, unless there were too many of them.

        :raises SignalingError: ``rate_limited`` if there were.
        """
        if not passes:
            self._metrics.limited("candidates")
            raise SignalingError(
                ErrorCode.RATE_LIMITED, "Too much has been sent for one negotiation."
            )

    def carry(self, session_id: str, peer_id: str, size: int) -> None:
        """Allow a signal of ``size`` bytes from a client to its host.

        :raises SignalingError: ``rate_limited`` if that client sends its host too much.
        """
        # A signal that is larger than a full bucket costs just that, so that it can be sent at all.
        if wait := self._carried.take((session_id, peer_id), min(float(size), CARRIED.burst)):
            raise self._refusal("candidates", wait)

    def renewal(self, session_id: str, peer_id: str, address: str | None) -> None:
        """Allow the renewal of a genuine token; it counts as a join of its address.

        :raises SignalingError: ``rate_limited`` if its peer renews too often, or its address
            joins too often.
        """
        # The address is charged only for what the peer itself may do.
        if wait := self._renewals.take((session_id, peer_id)):
            raise self._refusal("rejoin", wait)
        if refusal := self._join_refusal(address):
            raise refusal

    def visit(self, address: str | None) -> None:
        """Allow a visit of the check page; it counts as a join of its address.

        :raises SignalingError: ``rate_limited`` if its address joins too often.
        """
        if refusal := self._join_refusal(address):
            raise refusal

    def look_for_proxy(self, environ: Mapping[str, Any]) -> None:
        """Log once if the address of a proxy is taken for the address of all visitors."""
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
        """Allow an event of a socket.

        :param share: the part of a token that the event costs the socket.
        :raises SignalingError: ``rate_limited`` if the socket or its session sends too many.
        """
        limit: Limited = "signal"
        wait = self._signals.take(eio_sid, share)
        # The session is charged only for what the socket itself may send.
        if not wait and session_id is not None:
            limit, wait = "session_signal", self._session_signals.take(session_id)
        if wait:
            self._lose_patience(eio_sid, 1.0, ErrorCode.RATE_LIMITED)
            raise self._refusal(limit, wait)

    def turn(self, share: float, longest: float) -> tuple[float, SignalingError | None]:
        """Return the seconds that a batch waits for its turn, and its refusal if it gets none.

        :param share: the part of that time which its sender has to wait.
        :param longest: the seconds that it may wait.
        """
        wait, is_late = self.turns.take(share, longest)
        if is_late:
            return longest, self._refusal("relay", wait, ErrorCode.RELAY_FULL)
        return wait, None

    def batch(self, eio_sid: str, *, is_host: bool) -> None:
        """Allow an event ``relay`` of a socket, whatever is in it.

        :raises SignalingError: ``relay_full`` if the socket sends too many.
        """
        if wait := (self._host_batches if is_host else self._batches).take(eio_sid):
            self._lose_patience(eio_sid, 1.0, ErrorCode.RATE_LIMITED)
            raise self._refusal("relay", wait, ErrorCode.RELAY_FULL)

    def relay(self, session_id: str, client: str, size: int, *, is_host: bool) -> None:
        """Allow a batch with packets of ``size`` bytes of the link between a client and its host.

        :param is_host: whether the host sends it; each direction has a limit of its own.
        :raises SignalingError: ``relay_full`` if the link or its session relays too much.
        """
        cost = float(size + BATCH_BYTES)
        wait = self._relayed.take((session_id, client, is_host), cost)
        # The session is charged only for what the link itself may send.
        if wait := wait or self._session_relayed.take(session_id, cost):
            raise self._refusal("relay", wait, ErrorCode.RELAY_FULL)

    def unread_relay(self) -> SignalingError:
        """Return the refusal of a batch for which there is no room on its way now."""
        return self._refusal("relay_unread", RELAY_PAUSE, ErrorCode.RELAY_FULL)

    def refused_batch(self, eio_sid: str, code: ErrorCode, weight: int) -> None:
        """Count a batch that was refused against the patience with its sender.

        :param weight: the characters of its packets; 0 if they don't count, as a host's don't.
        """
        if code in SENSELESS:
            self._lose_patience(eio_sid, 1.0, ErrorCode.BAD_REQUEST)
        elif weight:
            cost = RELAY_PATIENCE * min(1.0, weight / MAX_BATCH_BYTES)
            self._lose_patience(eio_sid, cost, ErrorCode.RATE_LIMITED)

    def bad_packet(self, eio_sid: str) -> None:
        """Count a packet that could not be read."""
        self._metrics.bad_packet()
        self._lose_patience(eio_sid, BAD_PACKET_COST, ErrorCode.BAD_REQUEST)

    def stray_packet(self, eio_sid: str) -> None:
        """Count a packet to a namespace that its sender has not joined."""
        self._lose_patience(eio_sid, 1.0, ErrorCode.BAD_REQUEST)

    def pop_flooding(self, eio_sid: str) -> ErrorCode | None:
        """Return why a connection has to be closed, only once; None if it may stay."""
        return self._flooding.pop(eio_sid, None) if self._flooding else None

    def forget(self, eio_sid: str) -> None:
        """Forget a connection that has ended."""
        self._signals.forget(eio_sid)
        self._batches.forget(eio_sid)
        self._host_batches.forget(eio_sid)
        self._patience.forget(eio_sid)
        self._flooding.pop(eio_sid, None)

    def _join_refusal(self, address: str | None) -> SignalingError | None:
        wait = self._joins.take(address_group(address)) if address else 0.0
        if not wait:
            return None
        self._hint_at_address(address or "")
        return self._refusal("join", wait)

    def _refusal(
        self, limit: Limited, wait: float, code: ErrorCode = ErrorCode.RATE_LIMITED
    ) -> SignalingError:
        self._metrics.limited(limit)
        wait_ms = min(LONGEST_WAIT_MS, max(SHORTEST_WAIT_MS, math.ceil(wait * 1000)))
        return SignalingError(code, retry_after_ms=wait_ms)

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
    """Return the key under which an address is counted: itself, or for IPv6 its /64 network.

    One subscriber has a whole /64 network (RFC 6177). IPv6 addresses that stand for IPv4 ones
    (RFC 4291, section 2.5.5.2) count as those.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{int(parsed) >> 64:x}/64"


def _rate(per_second: float | None, seconds: float) -> Rate | None:
    # A bucket must hold at least one token, however slow the rate is.
    return None if per_second is None else Rate(per_second, max(1.0, per_second * seconds))


def _byte_rate(per_second: float | None, seconds: float) -> Rate | None:
    # A bucket must hold a whole frame, however slow the rate is.
    return None if per_second is None else Rate(per_second, max(RELAY_BURST, per_second * seconds))

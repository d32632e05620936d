"""The ICE servers of each peer: those of all, those with credentials of its own, the provider's."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..config import Config
from ..ice.credentials import turn_server
from ..limits.budgets import ICE_REJOIN_TIMEOUT
from ..protocol.fields import Payload
from ..tokens import Signer
from .provider_calls import ProviderCalls


class IceList(NamedTuple):
    """What a peer is given; ``expires_in_ms`` is None if no credential in it ends."""

    servers: tuple[Payload, ...]
    expires_in_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class IceServers:
    """Give each peer its ICE servers: ``P2P_ICE_SERVERS``, ``P2P_TURN_URLS``, the provider's.

    :param now: seconds since 1970.
    :param clock: the monotonic clock of the provider's answers, in seconds.
    """

    config: Config
    signer: Signer
    calls: ProviderCalls
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic

    @property
    def differ(self) -> bool:
        """Whether a peer gets others than the rest, and may need others later."""
        return bool(self.config.turn_urls) or self.calls.is_wanted

    def prepare(self, session_id: str, peer_id: str, *, is_here: bool) -> None:
        """Ask the provider, if there is one, so that :meth:`of` needn't wait for it.

        :param is_here: whether the peer has joined by this socket, so that it has servers.
        """
        if self.calls.is_wanted:
            self.calls.answer(session_id, peer_id, ICE_REJOIN_TIMEOUT if is_here else None)

    def of(self, session_id: str, peer_id: str) -> IceList:
        """Return the servers of a peer, with fresh credentials.

        If the provider has to be asked, this takes ``ICE_CALL_TIMEOUT`` at most.
        """
        parts = [IceList(self.config.ice_servers)]
        if not self.differ:
            return parts[0]
        if self.config.turn_urls:
            parts.append(self.turn(session_id, peer_id))
        if self.calls.is_wanted:
            parts.append(self._provided(session_id, peer_id))
        ends = [each.expires_in_ms for each in parts if each.expires_in_ms is not None]
        servers = tuple(server for each in parts for server in each.servers)
        return IceList(servers, min(ends, default=None))

    def turn(self, session_id: str, peer_id: str) -> IceList:
        """Return the servers of ``P2P_TURN_URLS``, with fresh credentials for a peer."""
        config, name = self.config, self.signer.pseudonym(session_id, peer_id)
        expires_at = math.ceil(self.now() + config.turn_ttl)
        server = turn_server(config.turn_urls, config.turn_secret or "", name, expires_at)
        return IceList((server,), math.floor(config.turn_ttl * 1000))

    def _provided(self, session_id: str, peer_id: str) -> IceList:
        answer = self.calls.answer(session_id, peer_id)
        if answer.ends_at is None:
            return IceList(answer.servers)
        left_ms = math.floor((answer.ends_at - self.clock()) * 1000)
        return IceList(answer.servers, max(0, left_ms))

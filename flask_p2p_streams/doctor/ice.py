"""Which ICE servers the peers of an app get, and what is missing among them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ..ice.provided import Provided, provided
from ..ice.stun import endpoint
from ..limits.budgets import ICE_ANSWER_BYTES, ICE_CALL_TIMEOUT
from ..protocol.fields import Payload
from .findings import CheckContext, Finding
from .parallel import in_parallel

SESSION, PEER = "flask-p2p-doctor", "doctor"
"""The session and the peer that ICE servers are asked for."""
PROVIDER = "@p2p.ice_servers"

NAMED_BY_TAGS = ", unless your tags name them in config={'ice_servers': …}."
OVER_THE_SERVER = (
    "go over this app's own server (P2P_RELAY): that costs it the traffic of each message twice, "
    "is slow for files, and lets it read what they say"
)
NOT_AT_ALL = "don't connect at all, as P2P_RELAY is 'off'"


class IceServer(NamedTuple):
    """One URL with its credentials; ``source`` is what names it: a key, or the function."""

    url: str
    username: str | None
    credential: str | None
    source: str

    @property
    def is_turn(self) -> bool:
        """Whether it is the URL of a TURN server."""
        return self.url.startswith("turn")


def configured(context: CheckContext) -> list[IceServer]:
    """Return the servers that the configuration names, with fresh credentials."""
    servers = list(_each(context.config.ice_servers, "P2P_ICE_SERVERS"))
    if context.config.turn_urls:
        turn = _state(context).ice_servers.turn(SESSION, PEER)
        servers += _each(turn.servers, "P2P_TURN_URLS")
    return servers


def has_provider(context: CheckContext) -> bool:
    """Tell whether the app has a function that gets ICE servers."""
    return _state(context).ice_provider.function is not None


def ask_provider(context: CheckContext) -> tuple[list[IceServer], list[Finding]]:
    """Ask the app's function, for ``ICE_CALL_TIMEOUT`` seconds; return its servers, and findings.

    Its errors aren't shown, as they may hold an address with a credential.
    """
    [answer] = in_parallel([partial(_ask, context)], ICE_CALL_TIMEOUT)
    if isinstance(answer, Provided):
        return list(_each(answer.servers, PROVIDER)), [_given(context, answer)]
    if isinstance(answer, TimeoutError):
        answer = f"takes longer than {ICE_CALL_TIMEOUT:g} s"
    problem = f"{PROVIDER}: {_state(context).ice_provider.name} {answer}."
    return [], [Finding("error", "ice", problem, "Peers go without its servers meanwhile.")]


def missing(servers: Iterable[IceServer], relay: str) -> Iterator[Finding]:
    """Say what is missing among all servers that a peer gets.

    :param relay: ``P2P_RELAY``.
    """
    others = NOT_AT_ALL if relay == "off" else OVER_THE_SERVER
    points = [(each, endpoint(each.url).transport) for each in servers]
    turn = [transport for each, transport in points if each.is_turn]
    if not points:
        problem = f"There are no ICE servers, so peers in different networks {others}."
        hint = "Set P2P_ICE_SERVERS to a STUN server, and P2P_TURN_URLS with P2P_TURN_SECRET"
        yield Finding("warning", "ice", problem, hint + NAMED_BY_TAGS)
        return
    if "udp" not in (transport for _, transport in points):
        problem = "No server tells peers their public address by UDP, so few connect directly."
        yield Finding("warning", "ice", problem, "Add a stun: URL to P2P_ICE_SERVERS.")
    if not turn:
        problem = (
            "There is no TURN server. Those who can't reach each other directly, 15 to 22 of 100, "
            f"{others}."
        )
        hint = f"Set P2P_TURN_URLS and P2P_TURN_SECRET, or use {PROVIDER}"
        yield Finding("warning", "ice", problem, hint + NAMED_BY_TAGS)
    elif "tcp" not in turn:
        problem = "TURN servers are named for UDP only, which some networks don't let out."
        hint = "Add turn:HOST?transport=tcp, or better turns:HOST:443?transport=tcp."
        yield Finding("warning", "ice", problem, hint)


def _each(servers: Iterable[Payload], source: str) -> Iterator[IceServer]:
    for server in servers:
        for url in server["urls"]:
            yield IceServer(url, server.get("username"), server.get("credential"), source)


def _ask(context: CheckContext) -> Provided | str:
    function: Callable[[str, str], object] = _state(context).ice_provider.function
    try:
        with context.app.app_context():
            answer = function(SESSION, PEER)
    except Exception as error:
        return f"raises {type(error).__name__}"
    try:
        return provided(answer, ICE_ANSWER_BYTES)
    except ValueError as error:
        return f"returns what it may not: it {error}"


def _given(context: CheckContext, answer: Provided) -> Finding:
    count, name = len(answer.servers), _state(context).ice_provider.name
    lasting = (
        "with no end: return (servers, seconds) if their credentials end"
        if answer.seconds is None
        else f"good for {answer.seconds:g} s"
    )
    servers = "1 server" if count == 1 else f"{count} servers"
    return Finding("ok", "ice", f"{PROVIDER}: {name} returns {servers}, {lasting}.")


def _state(context: CheckContext) -> Any:
    return context.app.extensions["p2p_streams"]

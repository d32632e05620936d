"""Checks whether the cache, the message queue and the ICE servers can be reached."""

import time
from functools import partial
from typing import Any

from ..ice.stun import answers, endpoint
from ..protocol.errors import SignalingError
from ..stores.guarded import GuardedStore
from ..stores.keys import DOCTOR
from ..stores.outages import outage_hint
from ..stores.worker_registry import WorkerEntry, WorkerRegistry
from ..transport.message_queue import count_listeners
from .findings import CheckContext, Finding
from .ice import IceServer, ask_provider, configured, has_provider, missing
from .parallel import in_parallel
from .turn import allocations, is_installed, not_installed
from .turn_causes import LOOKS_LIMIT

TIME_LIMIT = 3.0
"""Seconds that the cache or the message queue may take."""
ICE_TIME_LIMIT = 2.0
"""Seconds that an ICE server may take."""

ICE_HINT = (
    "Start it, open its port in the firewall, or take it out of P2P_ICE_SERVERS; meanwhile "
    "browsers wait for it."
)


def living_workers(store: GuardedStore) -> tuple[list[WorkerEntry], Finding]:
    """Return the workers that are alive, and the finding whether the cache answers."""
    [found] = in_parallel([partial(_ask_store, store)], TIME_LIMIT)
    if isinstance(found, TimeoutError):
        problem = f"The cache doesn't answer within {TIME_LIMIT:g} s."
        return [], Finding("error", "cache", problem, store.hint)
    if isinstance(found, SignalingError):
        cause = f" ({type(found.__cause__).__name__})" if found.__cause__ else ""
        problem = f"The cache can't be reached{cause}."
        return [], Finding("error", "cache", problem, outage_hint(found.__cause__, store.hint))
    return found, Finding("ok", "cache", "The cache answers.")


def reach(context: CheckContext, cache_answers: bool) -> list[Finding]:
    """Return the findings about all that has to be reached, except the cache."""
    servers, found = ice_servers(context)
    calls = [("queue", "The message queue", partial(queue, context))]
    if cache_answers:
        calls.append(("eviction", "The cache", partial(eviction, context)))
    turn = [each for each in servers if is_tried(each)]
    others = dict.fromkeys(each.url for each in servers if each not in turn)
    calls += [("ice", url, partial(ice, url)) for url in others]
    limit = TIME_LIMIT
    if turn:
        calls.append(("ice", "A TURN server", partial(allocations, turn, ICE_TIME_LIMIT)))
        limit += LOOKS_LIMIT
    results = in_parallel([call for _, _, call in calls], limit)
    for (check, what, _), result in zip(calls, results, strict=True):
        if isinstance(result, TimeoutError):
            problem = f"{what} doesn't answer within {TIME_LIMIT:g} s."
            found.append(Finding("error", check, problem, _HINTS[check]))
        else:
            found.extend(result)
    return found


def ice_servers(context: CheckContext) -> tuple[list[IceServer], list[Finding]]:
    """Return all ICE servers that a peer gets, and what is found without reaching them."""
    servers = configured(context)
    found: list[Finding] = []
    if has_provider(context):
        provided, found = ask_provider(context)
        servers += provided
        # Without a function, the settings have said this already.
        found += missing(servers, context.config.relay)
    if any(each.is_turn for each in servers) and not is_installed():
        found.append(not_installed())
    return list(dict.fromkeys(servers)), found


def is_tried(server: IceServer) -> bool:
    """Tell whether an allocation is made on a server; aioice speaks no DTLS."""
    return server.is_turn and is_installed() and endpoint(server.url).transport != "dtls"


def queue(context: CheckContext) -> list[Finding]:
    """Publish a message that all workers ignore, and check that they have received it."""
    if not context.has_queue:
        return []
    try:
        heard_by = count_listeners(context.server, DOCTOR)
    except OSError:
        problem = "The message queue can't be reached."
        return [Finding("error", "queue", problem, _HINTS["queue"])]
    deaf = [entry for entry in context.workers if entry.has_queue]
    if heard_by is not None and heard_by < len(deaf):
        problem = f"{len(deaf)} workers live, but {heard_by} listen to the message queue."
        hint = "Give all of them, and this command, the same message_queue and channel."
        return [Finding("error", "queue", problem, hint)]
    return [Finding("ok", "queue", "The message queue answers.")]


def eviction(context: CheckContext) -> list[Finding]:
    """Check whether Redis may drop sessions when its memory is full."""
    client = _redis(context)
    if client is None:
        return []
    try:
        memory = client.info("memory")
    except Exception:
        # Some Redis users may not ask for it, and another check reports whether Redis answers.
        return []
    # A cluster answers with one dictionary for each node.
    nodes = [memory, *(each for each in memory.values() if isinstance(each, dict))]
    policies = [node.get("maxmemory_policy") for node in nodes if node.get("maxmemory")]
    policy = next((each for each in policies if each not in (None, "noeviction")), None)
    if policy is None:
        return []
    problem = f"Redis throws keys out when its memory is full ({policy}), sessions among them."
    hint = "Give the sessions a Redis with maxmemory-policy noeviction."
    return [Finding("warning", "eviction", problem, hint)]


def ice(url: str) -> list[Finding]:
    """Check whether the server of an ICE URL answers."""
    # Invalid URLs were refused at start.
    server = endpoint(url)
    if server.transport == "dtls":
        return [Finding("ok", "ice", f"{url} is not checked: it speaks DTLS.")]
    try:
        if answers(server, ICE_TIME_LIMIT):
            return [Finding("ok", "ice", f"{url} answers.")]
        why = f"doesn't answer within {ICE_TIME_LIMIT:g} s"
    except OSError as error:
        why = f"can't be reached ({getattr(error, 'strerror', None) or type(error).__name__})"
    return [Finding("error", "ice", f"{url} {why}.", ICE_HINT)]


_HINTS = {
    "queue": (
        "Start it, and check the address in SocketIO(message_queue=...): with it the user, the "
        "password and the number of the database."
    ),
    "eviction": "Look at the Redis server of the cache.",
    "ice": ICE_HINT,
}


def _ask_store(store: GuardedStore) -> list[WorkerEntry] | SignalingError:
    try:
        store.write(DOCTOR, "1", 10)
        return WorkerRegistry(store, time.monotonic).living()
    except SignalingError as error:
        return error


def _redis(context: CheckContext) -> Any:
    # The client of the store, as the app may have other caches as well.
    return getattr(context.store.guarded.backend, "client", None)

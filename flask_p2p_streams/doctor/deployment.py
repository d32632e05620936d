"""Checks of the settings of an app and of its workers, without any network."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from .._version import __version__
from ..errors import ConfigurationError
from ..web.assets import find_client
from .findings import CheckContext, Finding
from .ice import configured, has_provider, missing

SLOWEST_PING = 20.0
"""The most seconds of ``ping_interval`` and ``ping_timeout`` together that aren't reported."""
MOST_NAMED = 8
"""The most workers that a finding names."""



def cache(context: CheckContext) -> Iterator[Finding]:
    """Check that the workers share the sessions, if there are several."""
    if context.store.is_shared:
        return
    sign = several_workers() or ("a message queue is set" if context.has_queue else None)
    if sign is None:
        yield Finding("ok", "cache", "The sessions are in this process, good for one worker.")
    else:
        problem = f"The sessions are in a cache of each process, but {sign}."
        hint = "Set CACHE_TYPE to RedisCache, or run one worker."
        yield Finding("warning", "cache", problem, hint)


def workers(context: CheckContext) -> Iterator[Finding]:
    """Check that the workers reach each other's sockets."""
    mute = [entry.name for entry in context.workers if not entry.has_queue]
    sign = several_workers()
    hint = "Pass message_queue='redis://...' to SocketIO(), the same in all workers."
    if len(context.workers) > 1 and mute:
        count = len(context.workers)
        problem = f"{count} workers live, and without a message queue: {_list(mute)}."
        yield Finding("error", "workers", problem, hint)
    elif sign is not None and context.store.is_shared and not context.has_queue:
        problem = f"There is no message queue, but {sign}."
        yield Finding("warning", "workers", problem, hint)
    elif context.workers:
        yield Finding("ok", "workers", f"With sockets: {context.names}.")


def patching(context: CheckContext) -> Iterator[Finding]:
    """Check what the workers report about the patching of their standard library."""
    hint = "Patch first thing in the file that starts the server, before any other import."
    for entry in context.workers:
        if entry.patching == "missing":
            problem = (
                f"{entry.name} runs {entry.async_mode} without a patched standard library, so "
                "each call to Redis stops all of it."
            )
            yield Finding("error", "patching", problem, hint)
        elif entry.patching == "late":
            problem = f"{entry.name} has patched its standard library after redis was imported."
            yield Finding("warning", "patching", problem, hint)


def async_mode(context: CheckContext) -> Iterator[Finding]:
    """Look for installed packages that don't work together."""
    modes = context.async_modes
    if "eventlet" in modes and _gunicorn_major() >= 26:
        yield Finding(
            "warning",
            "async mode",
            "gunicorn is installed, and has no worker for eventlet since version 26.",
            "Run socketio.run(app), or `gunicorn -k gevent` with async_mode='gevent'.",
        )
    if any(mode.startswith("gevent") for mode in modes) and find_spec("geventwebsocket"):
        yield Finding(
            "error",
            "async mode",
            "gevent-websocket is installed: it keeps whatever strangers send, so that an app "
            "with async_mode='gevent' refuses to start.",
            "Uninstall gevent-websocket; simple-websocket does its work.",
        )


def handlers(context: CheckContext) -> Iterator[Finding]:
    """Check that the signals of one client keep their order."""
    if context.server.async_handlers:
        problem = "SocketIO runs the handlers of one client out of order."
        hint = "Pass async_handlers=False to SocketIO()."
        yield Finding("warning", "handlers", problem, hint)


def transports(context: CheckContext) -> Iterator[Finding]:
    """Look at long polling: whether it can work, and what it costs where nobody needs it."""
    if "polling" not in context.server.eio.transports:
        return
    hint = "Pass transports=['websocket'] to SocketIO(): P2P_TRANSPORTS has no 'polling'."
    if context.has_queue or len(context.workers) > 1 or several_workers():
        problem = (
            "Long polling with several workers works with sticky sessions only, which can't be "
            "seen from here."
        )
        if "polling" in context.config.transports:
            hint = (
                "Let the proxy send all requests of one visitor to the same worker, with one "
                "process at each address; or leave 'polling' out of P2P_TRANSPORTS."
            )
    elif "polling" in context.config.transports:
        yield Finding("ok", "transports", "WebSockets, and long polling at one worker.")
        return
    else:
        problem = (
            "SocketIO takes long polling, which the client doesn't use: each poll of a stranger "
            "may hold a thread for "
            f"{context.server.eio.ping_interval + context.server.eio.ping_timeout:g} s."
        )
    yield Finding("warning", "transports", problem, hint)


def pings(context: CheckContext) -> Iterator[Finding]:
    """Check how long it takes to notice a host whose page is frozen."""
    eio = context.server.eio
    interval = eio.ping_interval + getattr(eio, "ping_interval_grace_period", 0)
    if interval + eio.ping_timeout > SLOWEST_PING:
        late = interval + 2 * eio.ping_timeout
        problem = f"A host whose page is frozen is noticed after up to {late:g} s."
        hint = "Pass ping_interval=2, ping_timeout=5 to SocketIO()."
        yield Finding("warning", "pings", problem, hint)


def versions(context: CheckContext) -> Iterator[Finding]:
    """Look for workers that serve the client of another version."""
    others = [entry for entry in context.workers if entry.version != __version__]
    if others:
        told = _list([f"{entry.name} runs version {entry.version}" for entry in others])
        problem = f"{told}, and here is {__version__}."
        hint = "Finish the deployment; client and server of one version belong together."
        yield Finding("warning", "versions", problem, hint)


def client(context: CheckContext) -> Iterator[Finding]:
    """Check that the browser client has been built."""
    try:
        find_client()
    except ConfigurationError as error:
        yield Finding("error", "client", str(error))
    else:
        yield Finding("ok", "client", f"The browser client {__version__} is there.")


def ice_servers(context: CheckContext) -> Iterator[Finding]:
    """Check that peers behind different routers can reach each other.

    With a function for ICE servers it isn't known before that has been asked.
    """
    came_late = not context.config.ice_servers and context.app.config.get("P2P_ICE_SERVERS")
    if not came_late and not has_provider(context):
        yield from missing(configured(context), context.config.relay)


def check_page(context: CheckContext) -> Iterator[Finding]:
    """Tell of the page that tries from a browser what can't be seen from here."""
    page, asked = f"{context.config.url_prefix}/check", context.config.check_page
    if asked:
        problem = (
            f"{page} tries all this from a visitor's browser, and gives each visitor credentials "
            "for the TURN servers."
        )
        hint = "Take P2P_CHECK_PAGE away when the page isn't needed any more."
        yield Finding("ok", "check page", problem, hint)
    elif asked is None:
        problem = f"In debug mode, {page} tries all this from a browser, in its network."
        hint = "With P2P_CHECK_PAGE=True it does so in production, too."
        yield Finding("ok", "check page", problem, hint)


def order(context: CheckContext) -> Iterator[Finding]:
    """Look for what was added to the app after the extension, and is ignored or disturbs it."""
    for problem in context.app.extensions["p2p_streams"].latecomers.problems(context.app):
        yield Finding("error", "order", problem)


def several_workers() -> str | None:
    """Return a sentence on the environment variable that asks for several workers, or None."""
    asked = _asked_workers(os.environ.get("GUNICORN_CMD_ARGS", ""))
    if asked is not None:
        return f"GUNICORN_CMD_ARGS asks for {asked} workers" if asked > 1 else None
    # Arguments of gunicorn take precedence over WEB_CONCURRENCY.
    count = os.environ.get("WEB_CONCURRENCY", "")
    return f"WEB_CONCURRENCY is {count}" if count.isdecimal() and int(count) > 1 else None


def _asked_workers(arguments: str) -> int | None:
    try:
        words = shlex.split(arguments)
    except ValueError:
        return None
    asked = None
    for word, after in zip(words, [*words[1:], ""], strict=False):
        match = re.fullmatch(r"(?:-w|--workers)(?:=?(\d+))?", word)
        number = match and (match[1] or after)
        if number and number.isdecimal():
            asked = int(number)
    return asked


def _list(texts: Sequence[str]) -> str:
    more = len(texts) - MOST_NAMED
    return ", ".join(texts[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _gunicorn_major() -> int:
    try:
        return int(version("gunicorn").partition(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0



"""What can be seen without asking anybody: the settings of the app and of its workers."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from .._version import __version__
from ..errors import ConfigurationError
from ..web.assets import find_client
from .findings import Finding, Level, Patient

SHORTEST_KEY = 16
"""Characters of a SECRET_KEY that is not called short."""
SLOWEST_PING = 20.0
"""Seconds of ``ping_interval`` and ``ping_timeout`` together that are still fine."""
MOST_NAMED = 8
"""Workers that a finding names."""
PLACEHOLDERS = {
    "abc", "asecret", "changeit", "changeme", "changethis", "default", "dev", "development",
    "devkey", "devsecret", "flask", "foo", "insecure", "key", "mysecret", "mysecretkey",
    "notsecret", "notverysecret", "password", "replaceme", "secret", "secretkey", "supersecret",
    "supersecretkey", "test", "testing", "testkey", "thisissecret", "verysecret", "xxx",
    "yoursecret", "yoursecretkey", "yoursecretkeyhere",
}  # fmt: skip
KEY_CURE = "Set a random one: python -c 'import secrets; print(secrets.token_hex())'."
OLD_KEY_CURE = "Leave it out as soon as what it has signed has expired; no new one may be like it."


def secret_key(patient: Patient) -> Iterator[Finding]:
    """Look at the keys that say who may join what; an older one says it as well."""
    older = patient.app.config.get("SECRET_KEY_FALLBACKS") or ()
    weak = [
        *_weakness(patient, "SECRET_KEY", patient.app.secret_key or "", KEY_CURE),
        *(
            finding
            for key in older
            for finding in _weakness(patient, "A key in SECRET_KEY_FALLBACKS", key, OLD_KEY_CURE)
        ),
    ]
    yield from weak or [Finding("ok", "secret key", "SECRET_KEY is set.")]


def cache(patient: Patient) -> Iterator[Finding]:
    """Look whether workers share the sessions, where there are several."""
    if patient.store.is_shared:
        return
    hint = several_workers() or ("a message queue is set" if patient.has_queue else None)
    if hint is None:
        yield Finding("ok", "cache", "The sessions are in this process, good for one worker.")
    else:
        problem = f"The sessions are in a cache of each process, but {hint}."
        cure = "Set CACHE_TYPE to RedisCache, or run one worker."
        yield Finding("warning", "cache", problem, cure)


def workers(patient: Patient) -> Iterator[Finding]:
    """Look whether workers reach each other's sockets."""
    mute = [entry.name for entry in patient.workers if not entry.has_queue]
    hint = several_workers()
    cure = "Pass message_queue='redis://...' to SocketIO(), the same in all workers."
    if len(patient.workers) > 1 and mute:
        count = len(patient.workers)
        problem = f"{count} workers live, and without a message queue: {_list(mute)}."
        yield Finding("error", "workers", problem, cure)
    elif hint is not None and patient.store.is_shared and not patient.has_queue:
        problem = f"There is no message queue, but {hint}."
        yield Finding("warning", "workers", problem, cure)
    elif patient.workers:
        yield Finding("ok", "workers", f"With sockets: {patient.names}.")


def patching(patient: Patient) -> Iterator[Finding]:
    """Look at what workers tell of their standard library."""
    cure = "Patch first thing in the file that starts the server, before any other import."
    for entry in patient.workers:
        if entry.patching == "missing":
            problem = (
                f"{entry.name} runs {entry.async_mode} without a patched standard library, so "
                "each call to Redis stops all of it."
            )
            yield Finding("error", "patching", problem, cure)
        elif entry.patching == "late":
            problem = f"{entry.name} has patched its standard library after redis was imported."
            yield Finding("warning", "patching", problem, cure)


def async_mode(patient: Patient) -> Iterator[Finding]:
    """Look for packages that don't go together."""
    modes = patient.async_modes
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


def handlers(patient: Patient) -> Iterator[Finding]:
    """Look whether the signals of one client keep their order."""
    if patient.server.async_handlers:
        problem = "SocketIO runs the handlers of one client out of order."
        cure = "Pass async_handlers=False to SocketIO()."
        yield Finding("warning", "handlers", problem, cure)


def transports(patient: Patient) -> Iterator[Finding]:
    """Look for long polling, which nobody needs here."""
    if "polling" not in patient.server.eio.transports:
        return
    if patient.has_queue or len(patient.workers) > 1 or several_workers():
        problem = "Long polling with several workers works with sticky sessions only."
    else:
        problem = (
            "SocketIO takes long polling: how fast a WebSocket is read is bounded, but not how "
            "many requests come, and each poll of a stranger may hold a thread for "
            f"{patient.server.eio.ping_interval + patient.server.eio.ping_timeout:g} s."
        )
    cure = "Pass transports=['websocket'] to SocketIO(): the client uses nothing else."
    yield Finding("warning", "transports", problem, cure)


def pings(patient: Patient) -> Iterator[Finding]:
    """Look how late a host is noticed whose page is frozen."""
    eio = patient.server.eio
    interval = eio.ping_interval + getattr(eio, "ping_interval_grace_period", 0)
    if interval + eio.ping_timeout > SLOWEST_PING:
        late = interval + 2 * eio.ping_timeout
        problem = f"A host whose page is frozen is noticed after up to {late:g} s."
        cure = "Pass ping_interval=2, ping_timeout=5 to SocketIO()."
        yield Finding("warning", "pings", problem, cure)


def versions(patient: Patient) -> Iterator[Finding]:
    """Look for workers that serve the client of another version."""
    others = [entry for entry in patient.workers if entry.version != __version__]
    if others:
        told = _list([f"{entry.name} runs version {entry.version}" for entry in others])
        problem = f"{told}, and here is {__version__}."
        cure = "Finish the deployment; client and server of one version belong together."
        yield Finding("warning", "versions", problem, cure)


def client(patient: Patient) -> Iterator[Finding]:
    """Look whether the browser client is there."""
    try:
        find_client()
    except ConfigurationError as error:
        yield Finding("error", "client", str(error))
    else:
        yield Finding("ok", "client", f"The browser client {__version__} is there.")


def origins(patient: Patient) -> Iterator[Finding]:
    """Look which sites may connect."""
    allowed = patient.server.eio.cors_allowed_origins
    cure = "Leave cors_allowed_origins out, or name the origins of your pages."
    if allowed == "*" or (isinstance(allowed, (list, tuple, set)) and "*" in allowed):
        yield Finding("warning", "origins", "Pages of any site may connect ('*').", cure)
    elif allowed == []:
        yield Finding("warning", "origins", "Nobody's origin is looked at ([]).", cure)
    else:
        yield Finding("ok", "origins", "Pages of other sites are refused.")


def proxy(patient: Patient) -> Iterator[Finding]:
    """Look whether the addresses of visitors get past a proxy."""
    layers = list(_layers(patient.app.wsgi_app))
    fixes = [place for place, each in enumerate(layers) if isinstance(each, ProxyFix)]
    socketio = [place for place, each in enumerate(layers) if hasattr(each, "engineio_app")]
    cure = "After P2PStreams: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)."
    if fixes and socketio and min(fixes) > min(socketio):
        problem = "ProxyFix doesn't see WebSockets, so all visitors share the proxy's address."
        yield Finding("warning", "proxy", problem, cure)
    elif not fixes and patient.app.config.get("PREFERRED_URL_SCHEME") == "https":
        problem = "The app is meant for https; behind a proxy all visitors share its address."
        yield Finding("warning", "proxy", problem, cure)


def ice_servers(patient: Patient) -> Iterator[Finding]:
    """Look whether peers behind different routers have a way to each other."""
    if not patient.config.ice_servers and not patient.app.config.get("P2P_ICE_SERVERS"):
        problem = "There are no ICE servers, so peers behind different routers don't meet."
        cure = "Set P2P_ICE_SERVERS to a STUN and a TURN server, unless your tags name them."
        yield Finding("warning", "ice", problem, cure)


def order(patient: Patient) -> Iterator[Finding]:
    """Look for what came to the app after the extension, and is ignored or in its way."""
    for problem in patient.app.extensions["p2p_streams"].latecomers.problems(patient.app):
        yield Finding("error", "order", problem)


CHECKS = (
    order,
    secret_key,
    cache,
    workers,
    patching,
    async_mode,
    handlers,
    transports,
    pings,
    versions,
    client,
    origins,
    proxy,
    ice_servers,
)


def several_workers() -> str | None:
    """Return what in the environment says that several workers run, or None."""
    asked = _asked_workers(os.environ.get("GUNICORN_CMD_ARGS", ""))
    if asked is not None:
        return f"GUNICORN_CMD_ARGS asks for {asked} workers" if asked > 1 else None
    # What gunicorn is called with goes before it.
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


def _weakness(patient: Patient, name: str, key: str | bytes, cure: str) -> Iterator[Finding]:
    text = key if isinstance(key, str) else key.decode("latin-1")
    if re.sub(r"[^a-z]", "", text.lower()) in PLACEHOLDERS and len(text) < 32:
        level: Level = "warning" if patient.app.debug or patient.app.testing else "error"
        yield Finding(level, "secret key", f"{name} is one that anybody guesses.", cure)
    elif len(text) < SHORTEST_KEY:
        problem = f"{name} is shorter than {SHORTEST_KEY} characters."
        yield Finding("warning", "secret key", problem, cure)


def _gunicorn_major() -> int:
    try:
        return int(version("gunicorn").partition(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0


def _layers(app: Any) -> Iterator[Any]:
    for _ in range(20):
        if app is None:
            return
        yield app
        app = getattr(app, "app", None) or getattr(app, "wsgi_app", None)

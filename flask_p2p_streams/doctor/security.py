"""Checks of what could let strangers in: weak keys, allowed origins, a proxy."""

import re
from collections.abc import Iterator
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from .findings import CheckContext, Finding, Level

SHORTEST_KEY = 16
"""The least characters of a SECRET_KEY that isn't reported as short."""
PLACEHOLDERS = {
    "abc", "asecret", "changeit", "changeme", "changethis", "default", "dev", "development",
    "devkey", "devsecret", "flask", "foo", "insecure", "key", "mysecret", "mysecretkey",
    "notsecret", "notverysecret", "password", "replaceme", "secret", "secretkey", "supersecret",
    "supersecretkey", "test", "testing", "testkey", "thisissecret", "verysecret", "xxx",
    "yoursecret", "yoursecretkey", "yoursecretkeyhere",
}  # fmt: skip
KEY_HINT = "Set a random one: python -c 'import secrets; print(secrets.token_hex())'."
OLD_KEY_HINT = "Leave it out as soon as what it has signed has expired; no new one may be like it."


def secret_key(context: CheckContext) -> Iterator[Finding]:
    """Check the keys that sign tokens, also the older ones, which are still accepted."""
    older = context.app.config.get("SECRET_KEY_FALLBACKS") or ()
    weak = [
        *_weakness(context, "SECRET_KEY", context.app.secret_key or "", KEY_HINT),
        *(
            finding
            for key in older
            for finding in _weakness(context, "A key in SECRET_KEY_FALLBACKS", key, OLD_KEY_HINT)
        ),
    ]
    yield from weak or [Finding("ok", "secret key", "SECRET_KEY is set.")]


def origins(context: CheckContext) -> Iterator[Finding]:
    """Check which sites may connect."""
    allowed = context.server.eio.cors_allowed_origins
    hint = "Leave cors_allowed_origins out, or name the origins of your pages."
    if allowed == "*" or (isinstance(allowed, (list, tuple, set)) and "*" in allowed):
        yield Finding("warning", "origins", "Pages of any site may connect ('*').", hint)
    elif allowed == []:
        yield Finding("warning", "origins", "Nobody's origin is looked at ([]).", hint)
    else:
        yield Finding("ok", "origins", "Pages of other sites are refused.")


def proxy(context: CheckContext) -> Iterator[Finding]:
    """Check that the app sees the addresses of visitors if it is behind a proxy."""
    layers = list(_layers(context.app.wsgi_app))
    fixes = [place for place, each in enumerate(layers) if isinstance(each, ProxyFix)]
    socketio = [place for place, each in enumerate(layers) if hasattr(each, "engineio_app")]
    hint = "After P2PStreams: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)."
    if fixes and socketio and min(fixes) > min(socketio):
        problem = "ProxyFix doesn't see WebSockets, so all visitors share the proxy's address."
        yield Finding("warning", "proxy", problem, hint)
    elif not fixes and context.app.config.get("PREFERRED_URL_SCHEME") == "https":
        problem = "The app is meant for https; behind a proxy all visitors share its address."
        yield Finding("warning", "proxy", problem, hint)


def _weakness(context: CheckContext, name: str, key: str | bytes, hint: str) -> Iterator[Finding]:
    text = key if isinstance(key, str) else key.decode("latin-1")
    if re.sub(r"[^a-z]", "", text.lower()) in PLACEHOLDERS and len(text) < 32:
        level: Level = "warning" if context.app.debug or context.app.testing else "error"
        yield Finding(level, "secret key", f"{name} is one that anybody guesses.", hint)
    elif len(text) < SHORTEST_KEY:
        problem = f"{name} is shorter than {SHORTEST_KEY} characters."
        yield Finding("warning", "secret key", problem, hint)


def _layers(app: Any) -> Iterator[Any]:
    for _ in range(20):
        if app is None:
            return
        yield app
        app = getattr(app, "app", None) or getattr(app, "wsgi_app", None)

"""What the page that is being rendered has in it already, and its CSP nonce."""

from typing import Any

from flask import current_app, g, has_request_context, request
from markupsafe import Markup, escape

KEY = "flask_p2p_streams.emitted"


def first_time(part: str) -> bool:
    """Tell whether a part has not been emitted in this page yet; from now on it has."""
    emitted: set[str] = _notes().setdefault(KEY, set())
    if part in emitted:
        return False
    emitted.add(part)
    return True


def nonce_attribute() -> Markup:
    """Return the page's CSP nonce as an attribute; empty where the app has none.

    It is looked for in ``g.csp_nonce``, ``request.csp_nonce`` and the Jinja global
    ``csp_nonce`` (which is where Flask-Talisman offers it), each a string or a
    function that returns one.
    """
    for nonce in _nonces():
        text = nonce() if callable(nonce) else nonce
        if text:
            return Markup(' nonce="{}"').format(escape(str(text)))
    return Markup("")


def _nonces() -> list[Any]:
    sources = [getattr(g, "csp_nonce", None)]
    if has_request_context():
        sources.append(getattr(request, "csp_nonce", None))
        sources.append(current_app.jinja_env.globals.get("csp_nonce"))
    return sources


def _notes() -> Any:
    # A test may make several requests in one app context, which share `g`.
    return request.environ if has_request_context() else g.__dict__

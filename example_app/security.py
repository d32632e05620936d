"""The security headers of every page; P2PStreams works under the strictest policy."""

import secrets

from flask import Flask, Response, g

# Pictures that people send each other are shown from blob: URLs, which only this page can make.
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; img-src 'self' blob:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def secure(app: Flask) -> None:
    """Send a Content-Security-Policy with a new nonce with every response."""
    app.before_request(_make_nonce)
    app.after_request(_add_headers)


def _make_nonce() -> None:
    # The extension looks for the nonce under this name, for the import map that it writes.
    g.csp_nonce = secrets.token_urlsafe(16)


def _add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=g.csp_nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response

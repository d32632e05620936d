"""Renews the tokens of open pages over HTTP before they expire."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest

from ..limits.throttle import Throttle
from ..metrics import Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload, bad_request, object_of, string
from ..protocol.messages import MAX_TOKEN_CHARS, refused
from ..sessions.access import Gate, Pass, removed, too_late
from ..sessions.credentials import JoinToken, prolonged
from ..signaling.authorization import Authorizers, join_context
from ..stores.session_store import SessionStore
from ..tokens import Signer

MAX_BODY_BYTES = 8192
STATUSES = {
    ErrorCode.INTERNAL: 500,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}
"""HTTP status codes of the errors; every other one is 403."""

logger = logging.getLogger("flask_p2p_streams")


class Renewals:
    """Give a page a fresh token for the one that it shows, as long as it may still join."""

    def __init__(
        self,
        signer: Signer,
        store: SessionStore,
        authorizers: Authorizers,
        throttle: Throttle,
        metrics: Metrics,
        longest: float,
        server: Any,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._store = store
        self._authorizers = authorizers
        self._throttle = throttle
        self._metrics = metrics
        self._longest = longest
        self._engine = server.eio
        self._now = now

    def view(self) -> Response:
        """Answer ``POST /token``."""
        try:
            token = self._shown()
            # Nothing that comes without a genuine token takes a join from anybody.
            self._throttle.look_for_proxy(request.environ)
            self._throttle.renewal(token.session_id, token.peer_id, request.remote_addr)
            answer, status = self.renew(token), 200
        except SignalingError as error:
            answer, status = self._refuse(error)
        except Exception:
            logger.exception("The renewal of a token has failed.")
            answer, status = self._refuse(SignalingError(ErrorCode.INTERNAL))
        response = jsonify(answer)
        response.status_code = status
        response.headers["Cache-Control"] = "no-store"
        return response

    def renew(self, token: JoinToken) -> Payload:
        """Return a token with the same claims, and how long it lasts, in milliseconds.

        :raises SignalingError: if its peer may not join any more.
        """
        if len(self._authorizers) > 0:
            with join_context(current_app, request.environ):
                self._authorizers.ask(token.session_id, token.peer_id)
        session = self._store.read(token.session_id)
        gate = Gate() if session is None else session.gate
        now = self._now()
        _require_welcome(token, gate, now)
        # Should the session be closed meanwhile, then the new token doesn't know of it either.
        closing = max(gate.closing, token.closing or 0)
        renewed = prolonged(token, now, self._longest, closing)
        return {
            "ok": True,
            "token": self._signer.signed(renewed),
            "expires_in_ms": round((renewed.expires_at - now) * 1000),
        }

    def _refuse(self, error: SignalingError) -> tuple[Payload, int]:
        logger.debug("Not renewed: %s", error.code.value)
        self._metrics.refused(error.code)
        return refused(error), STATUSES.get(error.code, 403)

    def _shown(self) -> JoinToken:
        # In the order of what it costs: headers, the body, a signature (about 10 µs).
        if not _is_of_own_page(request.environ, self._engine):
            raise SignalingError(
                ErrorCode.FORBIDDEN,
                "Pages of this origin may not renew tokens here.",
                hint="Name the origin of your pages in cors_allowed_origins of SocketIO().",
            )
        data = object_of(_body(), required=("token",))
        return self._signer.read_token(string(data, "token", MAX_TOKEN_CHARS))


def _is_of_own_page(environ: Mapping[str, Any], engine: Any) -> bool:
    site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
    if site in ("same-origin", "none") or (site is None and origin is None):
        # A browser says so, or it is none.
        return True
    # Else who may open a WebSocket may renew its token, too.
    allowed = engine._cors_allowed_origins(environ)
    return engine.cors_allowed_origins == [] or allowed is None or origin in allowed


def _require_welcome(token: JoinToken, gate: Gate, now: float) -> None:
    ticket = Pass(issued_at=token.issued_at, closing=token.closing)
    barred = too_late(token.role, now) or removed(gate, token.peer_id, ticket, now)
    if barred:
        raise SignalingError(barred.code, barred.message)


def _body() -> object:
    # No form of another site can send this type without asking first (Fetch, CORS-preflight).
    if request.mimetype != "application/json":
        raise bad_request("the type of the content must be application/json")
    if not request.content_length:
        raise bad_request("the body must have a length")
    if request.content_length > MAX_BODY_BYTES:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The body has over {MAX_BODY_BYTES} bytes.")
    try:
        # Where it is cut, Werkzeug raises a BadRequest, and gevent an OSError.
        return json.loads(request.get_data(cache=False))
    except (BadRequest, OSError):
        raise bad_request("the body must be as long as it says") from None
    except (ValueError, RecursionError):
        raise bad_request("the body must be JSON") from None

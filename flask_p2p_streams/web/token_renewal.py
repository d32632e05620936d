"""Renews the tokens of open pages over HTTP before they expire."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest

from ..limits.throttle import Throttle
from ..metrics import Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload, bad_request, object_of, string
from ..protocol.messages import MAX_TOKEN_CHARS, refused
from ..sessions.access import removed, too_late
from ..sessions.credentials import JoinToken, prolonged
from ..sessions.record import Access
from ..signaling.authorization import Authorizers, join_context
from ..signaling.ice_servers import IceServers
from ..stores.session_store import SessionStore
from ..tokens import Signer

MAX_BODY_BYTES = 8192
STATUSES = {
    ErrorCode.INTERNAL: 500,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}
"""HTTP status codes of errors; for every other error it is 403."""

logger = logging.getLogger("flask_p2p_streams")


class Renewing:
    """Sign a new token for a peer that has one and may still join.

    :param longest: seconds for which all tokens of a page last together.
    """

    def __init__(
        self,
        signer: Signer,
        store: SessionStore,
        authorizers: Authorizers,
        ice_servers: IceServers,
        longest: float,
    ) -> None:
        self._signer = signer
        self._store = store
        self._authorizers = authorizers
        self._ice_servers = ice_servers
        self._longest = longest

    def renew(self, token: JoinToken) -> Payload:
        """Return a token with the same claims, and for how many milliseconds it is valid.

        If peers get ICE servers of their own, they are in the answer, with fresh credentials.

        :raises SignalingError: if its peer may not join any more.
        """
        if len(self._authorizers) > 0:
            with join_context(current_app, request.environ):
                self._authorizers.ask(token.session_id, token.peer_id)
        session = self._store.read(token.session_id)
        access = Access() if session is None else session.access
        _require_welcome(token, access, time.time())
        # The app's function for them may take a while, so the token's time begins after it.
        ice = self._ice(token)
        now = time.time()
        # If the session is closed meanwhile, the new token doesn't know of that closing either.
        closing = max(access.closing, token.closing or 0)
        renewed = prolonged(token, now, self._longest, closing)
        return {
            "ok": True,
            "token": self._signer.signed(renewed),
            "expires_in_ms": round((renewed.expires_at - now) * 1000),
            **ice,
        }

    def _ice(self, token: JoinToken) -> Payload:
        if not self._ice_servers.differ:
            return {}
        servers, expires_in_ms = self._ice_servers.of(token.session_id, token.peer_id)
        ends = {} if expires_in_ms is None else {"ice_expires_in_ms": expires_in_ms}
        return {"ice_servers": servers, **ends}


class Renewals:
    """Answer pages that ask for a new token for their present one."""

    def __init__(
        self,
        renewing: Renewing,
        signer: Signer,
        throttle: Throttle,
        metrics: Metrics,
        server: Any,
    ) -> None:
        self._renewing = renewing
        self._signer = signer
        self._throttle = throttle
        self._metrics = metrics
        self._engine = server.eio

    def view(self) -> Response:
        """Answer ``POST /token``."""
        try:
            token = self._shown()
            # Limits are charged only after this, so that nobody without a genuine token can use up
            # the joins of others.
            self._throttle.look_for_proxy(request.environ)
            self._throttle.renewal(token.session_id, token.peer_id, request.remote_addr)
            answer, status = self._renewing.renew(token), 200
        except SignalingError as error:
            answer, status = self._refuse(error)
        except Exception:
            logger.exception("The renewal of a token has failed.")
            answer, status = self._refuse(SignalingError(ErrorCode.INTERNAL))
        response = jsonify(answer)
        response.status_code = status
        response.headers["Cache-Control"] = "no-store"
        return response

    def _refuse(self, error: SignalingError) -> tuple[Payload, int]:
        logger.debug("Not renewed: %s", error.code.value)
        self._metrics.refused(error.code)
        return refused(error), STATUSES.get(error.code, 403)

    def _shown(self) -> JoinToken:
        # The checks are in the order of their cost: headers, the body, a signature (about 10 µs).
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
        # The browser says that the page is the app's own. A client without both headers isn't a
        # browser.
        return True
    # For other sites: one that may open a WebSocket may also renew its token.
    allowed = engine._cors_allowed_origins(environ)
    return engine.cors_allowed_origins == [] or allowed is None or origin in allowed


def _require_welcome(token: JoinToken, access: Access, now: float) -> None:
    barred = too_late(token.role, now) or removed(access, token, now)
    if barred:
        raise SignalingError(barred.code, barred.message)


def _body() -> object:
    # No page of another site can send this type without a CORS preflight (Fetch standard).
    if request.mimetype != "application/json":
        raise bad_request("the type of the content must be application/json")
    if not request.content_length:
        raise bad_request("the body must have a length")
    if request.content_length > MAX_BODY_BYTES:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The body has over {MAX_BODY_BYTES} bytes.")
    try:
        # If the body is cut off, Werkzeug raises a BadRequest, and gevent an OSError.
        return json.loads(request.get_data(cache=False))
    except (BadRequest, OSError):
        raise bad_request("the body must be as long as it says") from None
    except (ValueError, RecursionError):
        raise bad_request("the body must be JSON") from None

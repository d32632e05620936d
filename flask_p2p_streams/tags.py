"""``p2p_frame_tag`` and its companions, the globals of an app's templates."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app, has_request_context, request
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from .arguments import checked_id, import_entries, role_of, seconds
from .assets import ENTRY, STIMULUS, STIMULUS_ENTRY, Assets
from .config import Config
from .errors import ArgumentError
from .issuer import Issuer
from .options import frame_options
from .page import first_time, nonce_attribute
from .tokens import Role

ATTRIBUTE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
RESERVED = {
    "session-id",
    "peer-id",
    "token",
    "token-url",
    "token-expires-in-ms",
    "config",
    "signaling-path",
    "namespace",
    "state",
    "peer-role",
}


class Tags:
    """The template tags of one app.

    :param socketio_path: the path of Socket.IO below the app's root, with its slashes.
    :param check: called before a frame is rendered; raises where the app is set up wrong.
    """

    def __init__(
        self,
        config: Config,
        issuer: Issuer,
        assets: Assets,
        socketio_path: str,
        check: Callable[[], None],
    ) -> None:
        self._config = config
        self._issuer = issuer
        self._assets = assets
        self._socketio_path = socketio_path
        self._check = check

    def p2p_frame_tag(
        self,
        *,
        session_id: str | int | UUID,
        peer_id: str | int | UUID,
        expires_in: float | timedelta | None = None,
        can_host: bool = True,
        can_send: bool = True,
        starts_at: float | datetime | None = None,
        ends_at: float | datetime | None = None,
        config: Mapping[str, Any] | None = None,
        caller: Callable[[], str] | None = None,
        **attrs: object,
    ) -> Markup:
        """Render a frame that joins a session as a peer, and once per page the client.

        :param session_id: names the session; 1 to 128 characters.
        :param peer_id: names this peer within it, as your app knows who it is.
        :param expires_in: seconds that a token of the page is good for, and that the session
            is remembered without a host; tokens are renewed up to ``P2P_TOKEN_MAX_AGE``.
        :param can_host: whether this peer may become the session's host.
        :param can_send: whether this peer may send; without, it only receives.
        :param starts_at: when the session begins: seconds since 1970, or an aware datetime.
        :param ends_at: when it ends for this peer, likewise.
        :param config: see :func:`~flask_p2p_streams.options.frame_options`.
        :param caller: the block of ``{% call %}``.
        :param attrs: attributes of the element; ``class_`` is ``class``, an underscore a dash.
        :raises ArgumentError: that names the argument.
        """
        self._check()
        role = role_of(can_host, can_send, starts_at, ends_at)
        attributes = {
            "session-id": checked_id("session_id", session_id),
            "peer-id": checked_id("peer_id", peer_id),
            **self._token(session_id, peer_id, expires_in, role),
            "config": json.dumps(frame_options({} if config is None else config)),
            "signaling-path": _root() + self._socketio_path.rstrip("/"),
            "namespace": self._config.namespace,
            **_attributes(attrs),
        }
        content = Markup("") if caller is None else Markup(caller())
        frame = Markup("<p2p-frame{}>{}</p2p-frame>").format(_rendered(attributes), content)
        return self.p2p_script_tag() + frame

    def p2p_importmap(self, extra: Mapping[str, str] | None = None) -> Markup:
        """Render the import map, for a head that has modules of its own.

        A page has one import map, and it comes before the first module (HTML, 8.1.6).

        :param extra: further entries, from specifier to URL; they go before ours.
        :raises ArgumentError: if ``extra`` comes too late, or isn't a dictionary of strings.
        """
        imports = self._imports() | import_entries(extra)
        if not first_time("importmap"):
            if extra:
                raise ArgumentError(
                    "extra",
                    "this page has its import map already. Call p2p_importmap(extra=...) "
                    "before any other p2p tag, and once.",
                )
            return Markup("")
        return Markup('<script type="importmap"{}>{}</script>\n').format(
            nonce_attribute(), htmlsafe_json_dumps({"imports": imports})
        )

    def p2p_script_tag(self) -> Markup:
        """Render the module script that defines ``<p2p-frame>``, after the import map."""
        if not first_time("script"):
            return Markup("")
        return self.p2p_importmap() + Markup('<script type="module" src="{}"{}></script>\n').format(
            self._url(ENTRY), nonce_attribute()
        )

    def _token(
        self, session_id: object, peer_id: object, expires_in: object, role: Role
    ) -> dict[str, object]:
        config = self._config
        given = None if expires_in is None else seconds("expires_in", expires_in)
        max_age, term = given or config.token_max_age, given or config.session_expires_in
        return {
            "token": self._issuer.token(str(session_id), str(peer_id), max_age, term, role),
            "token-url": f"{_root()}{config.url_prefix}/token",
            "token-expires-in-ms": math.floor(max_age * 1000),
        }

    def _imports(self) -> dict[str, str]:
        return {
            "p2p": self._url(STIMULUS_ENTRY),
            "p2p/frame": self._url(ENTRY),
            "@hotwired/stimulus": self._url(STIMULUS),
        }

    def _url(self, name: str) -> str:
        return _root() + self._assets.path(name)


def _root() -> str:
    if has_request_context():
        return request.script_root.rstrip("/")
    return str(current_app.config["APPLICATION_ROOT"]).rstrip("/")


def _attributes(attrs: Mapping[str, object]) -> dict[str, object]:
    attributes = {_attribute_name(name): value for name, value in attrs.items()}
    for name in attributes:
        if name.lower() in RESERVED:
            raise ArgumentError(name, "the frame sets this attribute itself.")
        if name.lower().startswith("on"):
            raise ArgumentError(name, "inline handlers are refused; listen to events instead.")
    return attributes


def _attribute_name(name: str) -> str:
    if not ATTRIBUTE_NAME.fullmatch(name):
        raise ArgumentError(name, "is not a name for an HTML attribute.")
    return name.rstrip("_").replace("_", "-")


def _rendered(attributes: Mapping[str, object]) -> Markup:
    return Markup("").join(
        Markup(" {}").format(name)
        if value is True
        # A Markup value is text here: its quotes would end the attribute.
        else Markup(' {}="{}"').format(name, escape(str(value)))
        for name, value in attributes.items()
        if value is not None and value is not False
    )

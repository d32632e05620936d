"""``p2p_frame_tag`` and the other template tags, which are globals of an app's templates."""

import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from inspect import isawaitable
from typing import Any
from uuid import UUID

from flask import Flask, current_app, has_request_context, request
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from ..config import Config
from ..errors import ArgumentError
from ..sessions.credentials import Role
from .arguments import checked_id, import_entries, refuse_misspelt, role_of, seconds
from .assets import ENTRY, PATHS, STIMULUS, STIMULUS_ENTRY, Assets
from .frame_config import frame_options
from .page import Page, Shown, page_of
from .token_issuer import Issuer

ATTRIBUTE_NAME = re.compile(r"(?!_+$)[A-Za-z_][A-Za-z0-9_.:-]*")
RESERVED = {
    "session-id",
    "peer-id",
    "token",
    "token-url",
    "token-expires-in-ms",
    "config",
    "signaling-path",
    "namespace",
    "transports",
    "state",
    "peer-role",
    "path",
}


class Tags:
    """The template tags of one app.

    :param socketio_path: the path of Socket.IO below the app's root, with its slashes.
    :param check: called before a frame is rendered; raises if the app is set up wrongly.
    :param issued: called with each token that is rendered.
    """

    def __init__(
        self,
        config: Config,
        issuer: Issuer,
        assets: Assets,
        socketio_path: str,
        check: Callable[[], None],
        issued: Callable[[str], None],
    ) -> None:
        self._config = config
        self._issuer = issuer
        self._assets = assets
        self._socketio_path = socketio_path
        self._check = check
        self._issued = issued

    def install(self, app: Flask) -> None:
        """Make the tags globals of the app's templates.

        If the app has no Jinja environment yet, it isn't made here: it depends on configuration
        that may still come.
        """
        if "jinja_env" in vars(app):
            self._add_to(app.jinja_env)
        else:
            extensions = [*app.jinja_options.get("extensions", ()), _extension(self._add_to)]
            app.jinja_options = {**app.jinja_options, "extensions": extensions}

    def reinstall(self, app: Flask) -> None:
        """Add the tags again if the app has replaced all its ``jinja_options``."""
        self._add_to(app.jinja_env)

    @pass_context
    def p2p_frame_tag(
        self,
        context: Context | None = None,
        /,
        *,
        session_id: str | int | UUID,
        peer_id: str | int | UUID,
        expires_in: float | timedelta | None = None,
        can_host: bool = True,
        can_send: bool = True,
        starts_at: float | datetime | None = None,
        ends_at: float | datetime | None = None,
        config: Mapping[str, Any] | None = None,
        caller: Callable[[], str | Awaitable[str]] | None = None,
        **attrs: object,
    ) -> Markup | Awaitable[Markup]:
        """Render a frame that joins a session as a peer; its first call in a page adds the client.

        :param session_id: the id of the session; 1 to 128 characters, a whole number or a UUID.
        :param peer_id: the id of this peer in the session, chosen by your app; likewise.
        :param expires_in: seconds, or a ``timedelta``, for which a token of the page is valid,
            and for which the session is remembered without a host. Tokens are renewed up to
            ``P2P_TOKEN_MAX_AGE``.
        :param can_host: whether this peer may become the session's host.
        :param can_send: whether this peer may send; otherwise it only receives.
        :param starts_at: when the session begins: seconds since 1970, or an aware datetime.
        :param ends_at: when the session ends for this peer, likewise.
        :param config: the frame's options, a dictionary whose times are in milliseconds; see
            "Config" on the page "Template tag" of the documentation.
        :param caller: the block of ``{% call %}``, which becomes the content of the element.
        :param attrs: attributes of the element; ``class_`` becomes ``class``, and an underscore
            becomes a dash.
        :raises ArgumentError: that names the argument.
        :raises ConfigurationError: if the app was given another ``SocketIO`` after the extension.
        """
        self._check()
        role = role_of(can_host, can_send, starts_at, ends_at)
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        attributes = {
            "session-id": session,
            "peer-id": peer,
            **self._token(session, peer, expires_in, role),
            "config": json.dumps(frame_options({} if config is None else config)),
            "signaling-path": _root() + self._socketio_path.rstrip("/"),
            "namespace": self._config.namespace,
            **self._transports(),
            **_attributes(attrs),
        }
        show = partial(self._frame, partial(page_of, context), _rendered(attributes))
        if caller is None:
            whole = self._frame(page_of(context).anew, _rendered(attributes))
            return Shown.once(whole, show)
        content = caller()
        # If templates are asynchronous (enable_async), the block returns an awaitable.
        return _later(content, show) if isawaitable(content) else show(content)

    @pass_context
    def p2p_importmap(
        self, context: Context | None = None, /, extra: Mapping[str, str] | None = None
    ) -> Markup:
        """Render the import map, for a page whose head has modules of its own.

        A page has one import map, which comes before the first module (HTML, section 8.1.6).

        :param extra: further entries, a dictionary from specifiers to URLs; they take the place of
            ours with the same specifier.
        :raises ArgumentError: if ``extra`` comes too late, or isn't a dictionary of strings.
        """
        if isinstance(context, dict):
            raise ArgumentError("extra", "must be passed by its name outside of templates.")
        page, entries = page_of(context), import_entries(extra)
        rendered = self._importmap(page, entries)
        if entries and not rendered:
            raise ArgumentError(
                "extra",
                "this page has its import map already. Call p2p_importmap(extra=...) "
                "before any other p2p tag, and once.",
            )
        return rendered

    @pass_context
    def p2p_script_tag(self, context: Context | None = None, /) -> Markup:
        """Render the module script that defines ``<p2p-frame>``, after the import map."""
        return self._script(page_of(context))

    # Private

    def _add_to(self, environment: Environment) -> None:
        for tag in (self.p2p_frame_tag, self.p2p_importmap, self.p2p_script_tag):
            environment.globals.setdefault(tag.__name__, tag)

    def _frame(self, page: Callable[[], Page], attributes: Markup, content: str = "") -> Markup:
        frame = Markup("<p2p-frame{}>{}</p2p-frame>").format(attributes, Markup(content))
        return self._script(page()) + frame

    def _script(self, page: Page) -> Markup:
        if not page.first_time("script"):
            return Markup("")
        script = Markup('<script type="module" src="{}"{}></script>\n')
        client = script.format(self._url(ENTRY), page.nonce_attribute())
        return self._importmap(page, {}) + client + self._preload(page)

    def _preload(self, page: Page) -> Markup:
        # Only pages that talk over the server from the beginning need that part so early.
        if self._config.relay != "first":
            return Markup("")
        link = Markup('<link rel="modulepreload" href="{}"{}>\n')
        return link.format(self._url(PATHS), page.nonce_attribute())

    def _importmap(self, page: Page, entries: dict[str, str]) -> Markup:
        if not page.first_time("importmap"):
            return Markup("")
        return Markup('<script type="importmap"{}>{}</script>\n').format(
            page.nonce_attribute(), htmlsafe_json_dumps({"imports": self._imports() | entries})
        )

    def _token(
        self, session_id: str, peer_id: str, expires_in: object, role: Role
    ) -> dict[str, object]:
        config = self._config
        given = None if expires_in is None else seconds("expires_in", expires_in)
        max_age, term = given or config.token_max_age, given or config.session_expires_in
        token = self._issuer.token(session_id, peer_id, max_age, term, role)
        self._issued(token)
        return {
            "token": token,
            "token-url": f"{_root()}{config.url_prefix}/token",
            "token-expires-in-ms": math.floor(max_age * 1000),
        }

    def _transports(self) -> dict[str, object]:
        # A WebSocket alone is what the client takes without being told.
        several = self._config.transports[1:]
        return {"transports": " ".join(self._config.transports)} if several else {}

    def _imports(self) -> dict[str, str]:
        return {
            "p2p": self._url(STIMULUS_ENTRY),
            "p2p/frame": self._url(ENTRY),
            "@hotwired/stimulus": self._url(STIMULUS),
        }

    def _url(self, name: str) -> str:
        return _root() + self._assets.path(name)


def _extension(add_to: Callable[[Environment], None]) -> type[Extension]:
    class TagsExtension(Extension):
        def __init__(self, environment: Environment) -> None:
            super().__init__(environment)
            add_to(environment)

    return TagsExtension


async def _later(content: Awaitable[str], show: Callable[[str], Markup]) -> Markup:
    return show(await content)


def _root() -> str:
    if has_request_context():
        return request.script_root.rstrip("/")
    return str(current_app.config["APPLICATION_ROOT"]).rstrip("/")


def _attributes(attrs: Mapping[str, object]) -> dict[str, object]:
    attributes: dict[str, object] = {}
    for given, value in attrs.items():
        name = _attribute_name(given)
        if name.lower() in RESERVED:
            raise ArgumentError(name, "the frame sets this attribute itself.")
        if name.lower().startswith("on"):
            raise ArgumentError(name, "inline handlers are refused; listen to events instead.")
        if name.lower() in map(str.lower, attributes):
            raise ArgumentError(given, f"gives the attribute {name} twice.")
        attributes[name] = value
    return attributes


def _attribute_name(name: str) -> str:
    if not ATTRIBUTE_NAME.fullmatch(name):
        raise ArgumentError(name, "is not a name for an HTML attribute.")
    refuse_misspelt(name)
    return name.rstrip("_").replace("_", "-")


def _rendered(attributes: Mapping[str, object]) -> Markup:
    return Markup("").join(
        Markup(" {}").format(name)
        if value is True
        # str() first: escape() leaves a Markup value unchanged, whose quotes would end the
        # attribute.
        else Markup(' {}="{}"').format(name, escape(str(value)))
        for name, value in attributes.items()
        if value is not None and value is not False
    )

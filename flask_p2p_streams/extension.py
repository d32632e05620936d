"""The public class, ``P2PStreams``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, cast
from weakref import WeakSet

import click
from flask import Flask, current_app, has_app_context
from flask_caching import Cache
from flask_socketio import SocketIO
from werkzeug.local import LocalProxy

from .app_state import KEY, AppState, app_state
from .config import Config
from .errors import ArgumentError, ConfigurationError
from .evidence import withheld
from .installation import add_to_app, add_to_server
from .limits.budgets import LONGEST_BAN
from .metrics import Metrics, Snapshot
from .prometheus import prometheus_text
from .signaling.authorization import AnyAuthorizer, Authorizers
from .signaling.ice_provider import AnyIceFunction, IceProvider
from .stores.base import Store
from .stores.from_cache import chosen_store
from .tokens import Signer, secret_keys
from .transport.servers import find_socketio
from .web.arguments import Id, checked_id, flag, seconds
from .web.routes import check_path
from .web.settings import Settings


@dataclass(frozen=True)
class SessionInfo:
    """What the server knows of a session.

    ``host`` is the id of the host. It is None while the seat is empty: the host has gone and
    hasn't come back within ``P2P_HOST_GRACE`` seconds, or it was at a worker that has ended.
    ``epoch`` is a whole number that rises with each change of host.

    ``peers`` maps the ids of peers to their states, as the host has reported them last: it
    reports when they change, and every 30 s. A state is "new", "negotiating", "connecting",
    "connected", "disconnected", "closed" or "failed". The host itself is among them, as
    "connected". Without a host, ``peers`` is empty. After a change of host, the peers of the
    former one are "negotiating" until the new one reports, for 10 s at most.
    """

    host: str | None
    epoch: int
    peers: Mapping[str, str]


class P2PStreams:
    """Peer-to-peer sessions for a Flask app.

    ``P2PStreams(app)``, or ``P2PStreams()`` and then :meth:`init_app`. One object
    may serve several apps; each needs a ``SocketIO`` of its own.

    :param cache: the Flask-Caching ``Cache`` that holds the sessions; default: the
        app's, else one in this process, good for a single worker.
    :param socketio: the Flask-SocketIO ``SocketIO``; default: the app's, else its own.
    :param store: a :class:`~flask_p2p_streams.Store` in place of a cache.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        cache: Cache | None = None,
        socketio: SocketIO | None = None,
        store: Store | None = None,
    ) -> None:
        self._cache = cache
        self._socketio = socketio
        self._store = store
        self._authorizers = Authorizers()
        self._ice_provider = IceProvider()
        self._app_count = 0
        self._apps: WeakSet[Flask] = WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        *,
        cache: Cache | None = None,
        socketio: SocketIO | None = None,
        store: Store | None = None,
    ) -> None:
        """Set an app up, and check its configuration now rather than at the first visitor.

        The arguments are those of the constructor, and take the place of those given there.

        :raises ConfigurationError: that names the mistake and gives a hint.
        """
        if KEY in app.extensions:
            raise ConfigurationError(
                "P2PStreams is set up for this app already. Use one P2PStreams per app, and "
                "call init_app() only if the app was not passed to P2PStreams()."
            )
        config = Config.from_app_config(app.config)
        signer = Signer(secret_keys(app), config.audience or app.name)
        metrics = Metrics()
        given = (store, cache) if (store, cache) != (None, None) else (self._store, self._cache)
        kept = chosen_store(app, *given, partial(metrics.limited, "session"))
        settings = Settings(app, finds_cache=given == (None, None))
        is_own = "socketio" not in app.extensions
        io = find_socketio(app, config, socketio or self._socketio)
        check_path(config.url_prefix, io)
        asked, ice = Authorizers(self._authorizers), IceProvider(self._ice_provider)
        state = app_state(app, config, signer, kept, io, asked, ice, metrics)
        # Signaling needs no compression, but the app may use a server of its own for more.
        add_to_server(state, compress=not is_own)
        app.extensions[KEY] = state
        self._app_count += 1
        self._apps.add(app)
        add_to_app(app, state, settings)
        app.cli.add_command(_Commands("p2p", help="Peer-to-peer sessions between browsers."))

    def of(self, app: Flask) -> "P2PStreams":
        """Return this object as it serves one app: ``p2p.of(app).session("room")``.

        It is needed outside of an app context where one object serves several apps: for example
        in tests that each make an app.

        A function that is registered with :meth:`authorize` on it is asked for that app only; one
        of :meth:`ice_servers` takes the place of the common one there.

        :raises ArgumentError: if ``app`` isn't a Flask app.
        :raises ConfigurationError: if this object doesn't serve the app.
        """
        # It may be the proxy `current_app`.
        meant = app._get_current_object() if isinstance(app, LocalProxy) else app
        if not isinstance(meant, Flask):
            raise ArgumentError("app", f"must be a Flask, not {withheld(meant)}.")
        if meant not in self._apps:
            raise ConfigurationError(
                f"P2PStreams doesn't serve the app {meant.name!r}. Call init_app(app) first."
            )
        return _Bound(self, meant)

    @property
    def socketio(self) -> SocketIO:
        """The ``SocketIO`` of the present app, or of the only one: ``p2p.socketio.run(app)``.

        :raises ConfigurationError: if it is not clear which app is meant.
        """
        return self._state.socketio

    def session(self, session_id: Id) -> SessionInfo | None:
        """Return who hosts a session and who is in it, or None if no such session is open.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        found = self._state.participants.shown(checked_id("session_id", session_id))
        return None if found is None else SessionInfo(found[0].host, found[0].epoch, found[1])

    def metrics(self) -> Snapshot:
        """Return what has happened on this worker since it started, as a plain dictionary.

        Its keys are those of :class:`~flask_p2p_streams.metrics.Snapshot`.

        :raises ConfigurationError: if it is not clear which app is meant.
        """
        state = self._state
        return state.metrics.snapshot(
            sockets=len(state.rooms),
            sessions=state.rooms.session_count,
            store_failures=state.store.guarded.failures,
        )

    def metrics_text(self) -> str:
        """Return :meth:`metrics` in Prometheus' text format, version 0.0.4.

        :raises ConfigurationError: if it is not clear which app is meant.
        """
        return prometheus_text(self.metrics())

    # Who may come in

    def authorize(self, function: AnyAuthorizer) -> AnyAuthorizer:
        """Register a function that says whether a peer may join; use it as a decorator.

        It is called at each join and each renewal of a token, with the session id, the peer id
        and the Flask request of the page's WebSocket or of the renewal. No ``before_request``
        has run for that request. The function returns True for yes and False for no;
        ``abort(403)`` is a no as well. All functions are asked until one says no, which is
        enough; the log says so at INFO. Any other answer, also None, is an error: it is logged,
        and the peer isn't let in.

        :raises ArgumentError: if it isn't a plain function of three arguments.
        """
        self._authorizers.add(function)
        return function

    def ice_servers(self, function: AnyIceFunction) -> AnyIceFunction:
        """Register the function that gets a peer's ICE servers from a provider; a decorator.

        It is called with the session id and the peer id, in an app context, and returns a list of
        ``RTCIceServer`` dictionaries, or a pair of one and the seconds that it lasts, or None.
        Joins and renewals of tokens wait 2 s for it; then, or if it fails, they go on without.

        :raises ArgumentError: if it isn't a plain function of two arguments, or not the only one.
        """
        self._ice_provider.set(function)
        return function

    def kick(self, session_id: Id, peer_id: Id, ban_for: float | timedelta = 0) -> None:
        """Remove a peer from a session, and refuse it for ``ban_for``.

        With 0 it may come again at once, unless an earlier ban still holds: kick never shortens
        a ban, and :meth:`unban` ends one. A host that is removed loses the seat. A session
        keeps 1,000 bans; beyond that, the ban that ends first is forgotten.

        :param ban_for: seconds, or a ``timedelta``; 366 days at most.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        banned = 0 if ban_for == 0 else seconds("ban_for", ban_for)
        if banned > LONGEST_BAN:
            raise ArgumentError("ban_for", f"must be at most {LONGEST_BAN} seconds.")
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        self._state.moderation.kick(session, peer, banned)

    def unban(self, session_id: Id, peer_id: Id) -> bool:
        """Lift the ban of a peer, so that it may join again; return whether it was banned.

        The peer's page stopped trying when it was refused: it joins when it is loaded anew, or
        when it calls ``frame.reconnect()``.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        return self._state.moderation.unban(session, peer)

    def close(self, session_id: Id) -> None:
        """End a session: all peers are removed, and every token from before is refused.

        Pages that are rendered from now on open it anew. The closing is remembered for as long as
        tokens from before may last: the longest of ``P2P_TOKEN_MAX_AGE``,
        ``P2P_SESSION_EXPIRES_IN`` and the ``expires_in`` of the host's page.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self._state.moderation.close(checked_id("session_id", session_id))

    def lock(self, session_id: Id, locked: bool = True) -> None:
        """Lock a session, so that nobody new is let in; with ``locked=False``, unlock it.

        Peers that the host knows, or that were in the session a moment ago, may come back: after
        a reload, after their connection was cut, and to a new host.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        session, shut = checked_id("session_id", session_id), flag("locked", locked)
        self._state.moderation.lock(session, shut)

    @property
    def _state(self) -> AppState:
        if has_app_context() and KEY in current_app.extensions:
            return cast(AppState, current_app.extensions[KEY])
        # The set isn't counted: an app that nobody uses stays in it until it is garbage-collected.
        if self._app_count > 1:
            raise ConfigurationError(
                "P2PStreams serves several apps, or has served some before, so it isn't clear "
                "which one is meant. Use it within `with app.app_context():`, or as p2p.of(app)."
            )
        if not self._apps:
            raise ConfigurationError("P2PStreams serves no app yet. Call init_app(app) first.")
        return cast(AppState, next(iter(self._apps)).extensions[KEY])


class _Bound(P2PStreams):
    def __init__(self, whole: P2PStreams, app: Flask) -> None:
        self.__dict__.update(vars(whole))
        self._app = app
        self._authorizers = self._state.authorizers
        self._ice_provider = self._state.ice_provider

    @property
    def _state(self) -> AppState:
        return cast(AppState, self._app.extensions[KEY])


class _Commands(click.Command):
    """``flask p2p``; it is imported at its first call, as a worker that serves pages needs none."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        from .cli import p2p

        return p2p.make_context(info_name, args, parent, **extra)

"""``P2PStreams`` wires it all to an app."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from weakref import WeakSet

import click
from flask import Flask, current_app, has_app_context
from flask_caching import Cache
from flask_socketio import SocketIO
from werkzeug.local import LocalProxy

from .app_state import KEY, AppState, add_to_app, app_state, chosen_store, secret_keys
from .config import Config
from .errors import ArgumentError, ConfigurationError
from .evidence import withheld
from .limits.budgets import LONGEST_BAN
from .metrics import Metrics, Snapshot
from .prometheus import prometheus_text
from .signaling.authorization import AnyAuthorizer, Authorizers
from .stores.base import Store
from .stores.listing import look_up
from .tokens import Signer
from .transport.servers import find_socketio
from .web.arguments import Id, checked_id, flag, seconds
from .web.routes import check_path
from .web.settings import Settings


@dataclass(frozen=True)
class SessionInfo:
    """What the server knows of a session.

    ``host`` is None while the seat is empty: its host has gone, and not come back within
    ``P2P_HOST_GRACE``, or was at a worker that lives no more. ``peers`` maps ids to states, as
    the host has reported them last; it does so when they change, and every 30 s. Without a
    host it is empty. After a change of host, those of the former one are "negotiating" until
    the new one reports, for 10 s at most.
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
        """Set an app up; what is wrong with it shows here, not with the first visitor.

        :raises ConfigurationError: with the mistake and a hint.
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
        kept = chosen_store(app, *given, metrics)
        settings = Settings(app, finds_cache=given == (None, None))
        is_own = "socketio" not in app.extensions
        io = find_socketio(app, config, socketio or self._socketio)
        check_path(config.url_prefix, io)
        asked = Authorizers(self._authorizers)
        state = app_state(app, config, signer, kept, io, asked, metrics, is_own=is_own)
        app.extensions[KEY] = state
        self._app_count += 1
        self._apps.add(app)
        add_to_app(app, state, settings)
        app.cli.add_command(_Commands("p2p", help="Peer-to-peer sessions between browsers."))

    def of(self, app: Flask) -> "P2PStreams":
        """Return this object as it serves one app: ``p2p.of(app).session("room")``.

        That is for outside of an app context, where one object serves several apps: in tests
        that make an app each, for example.

        What is registered with :meth:`authorize` on it is asked for that app only.

        :raises ArgumentError: if it is no app.
        :raises ConfigurationError: if it doesn't serve the app.
        """
        # It may be `current_app`, which stands for one.
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
        """Return who hosts a session and who is in it, or None if there is none.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        state, name = self._state, checked_id("session_id", session_id)
        grace = state.config.host_grace
        found = look_up(state.store, state.signaling.has_lost, name, time.time(), grace)
        return None if found is None else SessionInfo(found[0].host, found[0].epoch, found[1])

    def metrics(self) -> Snapshot:
        """Return what has happened on this worker since it started, as a plain dictionary.

        :raises ConfigurationError: if it is not clear which app is meant.
        """
        state = self._state
        rooms = state.signaling.rooms
        return state.metrics.snapshot(
            sockets=len(rooms),
            sessions=rooms.session_count,
            store_failures=state.store.guarded.failures,
        )

    def metrics_text(self) -> str:
        """Return :meth:`metrics` in Prometheus' text format, version 0.0.4."""
        return prometheus_text(self.metrics())

    # Who may come in

    def authorize(self, function: AnyAuthorizer) -> AnyAuthorizer:
        """Register a function that says whether a peer may join; use it as a decorator.

        It is called with the session id, the peer id and the Flask request of the
        page's WebSocket or of the renewal, at each join and each renewal of a token.
        No ``before_request`` has run for it. It returns True for yes, False for no;
        ``abort(403)`` is a no as well. All functions are asked, and one no is enough; the
        log says so at INFO. Whatever else it returns, None among it, is an error: it is
        logged, and nobody is let in.

        :raises ArgumentError: if it isn't a plain function of three arguments.
        """
        self._authorizers.add(function)
        return function

    def kick(self, session_id: Id, peer_id: Id, ban_for: float | timedelta = 0) -> None:
        """Remove a peer from a session, and refuse it for ``ban_for`` seconds.

        With 0 it may come again at once, unless an earlier ban still holds: kick never
        shortens one, :meth:`unban` ends it. A host that is removed loses the seat. A session
        keeps 1,000 bans; beyond that the one that ends first is forgotten.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        banned = 0 if ban_for == 0 else seconds("ban_for", ban_for)
        if banned > LONGEST_BAN:
            raise ArgumentError("ban_for", f"must be at most {LONGEST_BAN} seconds.")
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        self._state.signaling.moderation.kick(session, peer, banned)

    def unban(self, session_id: Id, peer_id: Id) -> bool:
        """Lift the ban of a peer, which may join again at once; return whether it was banned.

        Its page has given up when it was refused: it joins when it is loaded anew, or calls
        ``frame.reconnect()``.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        return self._state.signaling.moderation.unban(session, peer)

    def close(self, session_id: Id) -> None:
        """End a session: everybody has to go, and no token from before is good for it.

        Pages that are rendered from now on open it anew. It is remembered for
        ``P2P_TOKEN_MAX_AGE`` or ``P2P_SESSION_EXPIRES_IN``, whichever is longer, and for
        the ``expires_in`` of the host's page.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self._state.signaling.moderation.close(checked_id("session_id", session_id))

    def lock(self, session_id: Id, locked: bool = True) -> None:
        """Let nobody new into a session, or with False everybody again.

        Whoever its host knows, or was there until a moment ago, may come back: after a reload,
        after being cut off, and to a new host.

        :raises ArgumentError: that names the argument.
        :raises SignalingError: ``unavailable`` if the store fails.
        """
        session, shut = checked_id("session_id", session_id), flag("locked", locked)
        self._state.signaling.moderation.lock(session, shut)

    @property
    def _state(self) -> AppState:
        if has_app_context() and KEY in current_app.extensions:
            return cast(AppState, current_app.extensions[KEY])
        # Counted, for an app that nobody uses any more stays in the set until it is collected.
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

    @property
    def _state(self) -> AppState:
        return cast(AppState, self._app.extensions[KEY])


class _Commands(click.Command):
    """``flask p2p``, imported when somebody calls it: no worker that serves pages needs it."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        from .cli import p2p

        return p2p.make_context(info_name, args, parent, **extra)

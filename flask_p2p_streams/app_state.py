"""What serves one app, and how its parts are put together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from flask import Flask, request, request_finished
from flask_caching import Cache
from flask_socketio import SocketIO

from ._version import __version__
from .config import Config
from .errors import ConfigurationError
from .limits.throttle import Throttle
from .metrics import Metrics
from .runtime.identity import Identity
from .runtime.mutexes import Mutexes, mutex_for
from .runtime.web_server import check_web_server
from .signaling.authorization import Authorizers
from .signaling.service import Signaling
from .stores.base import AtomicStore, Store, checked_store
from .stores.from_cache import cache_store
from .stores.guarded import guarded_store
from .stores.session_store import SessionStore
from .tokens import Signer
from .transport.connections import Connections
from .transport.guard import Guard
from .transport.namespace import SignalingNamespace
from .transport.outbound import Outbound
from .transport.outbox import SocketOutbox
from .transport.packet_filter import PacketFilter
from .transport.request_filter import RequestFilter
from .transport.server_support import ServerSupport
from .transport.servers import check_server, server_of
from .web.assets import ENTRY, Assets
from .web.latecomers import Latecomers
from .web.page import observe_pages
from .web.responses import Responses
from .web.routes import Routes
from .web.settings import Settings
from .web.tags import Tags
from .web.token_issuer import Issuer
from .web.token_renewal import Renewals

KEY = "p2p_streams"


@dataclass(frozen=True)
class AppState:
    """What the extension keeps for one app, in ``app.extensions["p2p_streams"]``."""

    config: Config
    signer: Signer
    store: SessionStore
    issuer: Issuer
    socketio: SocketIO
    server: Any
    signaling: Signaling
    authorizers: Authorizers
    throttle: Throttle
    metrics: Metrics
    latecomers: Latecomers = field(default_factory=Latecomers)


def secret_keys(app: Flask) -> list[str | bytes]:
    """Return the keys that sign, the present one last.

    :raises ConfigurationError: if there is none, or one that can't be any. What anybody
        can guess signs tokens, too, while it is among those that are accepted.
    """
    present, fallbacks = cast(object, app.secret_key), app.config.get("SECRET_KEY_FALLBACKS")
    if not present:
        raise ConfigurationError(
            "The app has no SECRET_KEY, which signs who may join what. Set "
            "app.config['SECRET_KEY'] to a long random value that all workers share "
            "(python -c 'import secrets; print(secrets.token_hex())').",
            key="SECRET_KEY",
        )
    if not isinstance(present, (str, bytes)):
        problem = (
            f"SECRET_KEY must be text or bytes, not {type(present).__name__}. Set it to a text; in "
            "an environment that is read as JSON (from_prefixed_env) a number is one in quotes."
        )
        raise ConfigurationError(problem, key="SECRET_KEY")
    if not isinstance(fallbacks, (list, tuple, type(None))):
        raise ConfigurationError(
            "SECRET_KEY_FALLBACKS must be a list of keys: of a text, each letter would be one.",
            key="SECRET_KEY_FALLBACKS",
        )
    older = [*(fallbacks or ())]
    if not all(isinstance(key, (str, bytes)) and key for key in older):
        raise ConfigurationError(
            "SECRET_KEY_FALLBACKS has a key that is empty, or neither text nor bytes: anybody "
            "could sign with it. Leave it out.",
            key="SECRET_KEY_FALLBACKS",
        )
    # itsdangerous signs with the last key and accepts them all.
    return [*older, present]


def chosen_store(
    app: Flask, store: Store | None, cache: Cache | None, metrics: Metrics
) -> Store | AtomicStore:
    """Return the store that was given, else one in a cache or in this process.

    :raises ConfigurationError: if both were given, or one that can't hold sessions.
    """
    if store is not None and cache is not None:
        raise ConfigurationError(
            "P2PStreams was given a store and a cache, and can keep the sessions in one of them "
            "only. Leave the other out."
        )
    if store is not None:
        return checked_store(store)
    return cache_store(app, cache, partial(metrics.limited, "session"))


def app_state(
    app: Flask,
    config: Config,
    signer: Signer,
    store: Store | AtomicStore,
    socketio: SocketIO,
    authorizers: Authorizers,
    metrics: Metrics,
    *,
    is_own: bool,
) -> AppState:
    """Make all that serves an app, and put it into the app's Socket.IO server.

    :param is_own: whether the extension has made that server, so that only signaling
        is known to use it.
    """
    server = server_of(socketio)
    check_server(server, config.namespace)
    mutex = mutex_for(server.async_mode)
    sockets = Connections(server, config.join_timeout)
    identity = Identity()
    outbox = SocketOutbox(server, sockets, config.namespace, identity)
    sessions = SessionStore(guarded_store(store, Mutexes(mutex)))
    check_web_server(server.async_mode, is_shared=sessions.is_shared, has_queue=not outbox.is_alone)
    throttle = Throttle(config, metrics)
    signaling = Signaling(
        app,
        config,
        signer,
        sessions,
        outbox,
        Mutexes(mutex),
        authorizers,
        metrics=metrics,
        throttle=throttle,
        server=server,
        identity=identity,
    )
    namespace = SignalingNamespace(
        config.namespace, app, server, sockets, signaling, throttle, metrics
    )
    socketio.on_namespace(namespace)
    packets = PacketFilter(
        server,
        config.namespace,
        throttle,
        metrics,
        namespace.evict,
        sockets.standing,
        compress=not is_own,
    )
    Guard(
        server=server,
        connections=sockets,
        packets=packets,
        outbound=Outbound(server, config.namespace, metrics),
        requests=RequestFilter(server.eio, packets.refuse, sockets.standing),
        server_support=ServerSupport(
            server.async_mode, is_shared=sessions.is_shared, has_queue=not outbox.is_alone
        ),
    ).install()
    return AppState(
        config=config,
        signer=signer,
        store=sessions,
        issuer=Issuer(signer, sessions),
        socketio=socketio,
        server=server,
        signaling=signaling,
        authorizers=authorizers,
        throttle=throttle,
        metrics=metrics,
    )


def add_to_app(app: Flask, state: AppState, settings: Settings) -> None:
    """Give an app its routes and template globals."""
    assets = Assets(state.config.url_prefix, __version__)
    responses = Responses(assets.path(ENTRY), state.signer.has_signed)
    app.after_request(responses.look)
    # What was added to the app before the extension changes its responses later.
    request_finished.connect(responses.finish, app)
    tags = _tags(app, state, assets, responses)
    observe_pages(app)
    tags.install(app)
    routes = Routes(assets, _renewals(state).view)
    routes.add_to(app)
    routes.exempt(app)
    for check in (settings.problems, routes.problems, partial(_strangers, state=state)):
        state.latecomers.add(check)

    @app.before_request
    def welcome_latecomers() -> None:
        if request.blueprint == routes.name:
            routes.exempt(app)
        if state.latecomers.is_first():
            tags.reinstall(app)
            state.latecomers.tell(app)


def _tags(app: Flask, state: AppState, assets: Assets, responses: Responses) -> Tags:
    return Tags(
        state.config,
        state.issuer,
        assets,
        cast(Any, state.socketio).sockio_mw.engineio_path,
        check=partial(_check_still_ours, app, state),
        issued=responses.issued,
    )


def _renewals(state: AppState) -> Renewals:
    return Renewals(
        state.signer,
        state.store,
        state.authorizers,
        state.throttle,
        state.metrics,
        longest=state.config.token_max_age,
        server=state.server,
    )


def _strangers(app: Flask, state: AppState) -> Iterator[str]:
    try:
        _check_still_ours(app, state)
    except ConfigurationError as error:
        yield str(error)


def _check_still_ours(app: Flask, state: AppState) -> None:
    present = app.extensions.get("socketio")
    if present is not state.socketio:
        raise ConfigurationError(
            "The app got another SocketIO after P2PStreams was set up, so nobody would "
            "answer the browsers. Make SocketIO(app) before P2PStreams(app)."
        )
    if server_of(present) is not state.server:
        raise ConfigurationError(
            "The app's SocketIO was given to another app as well, or set up twice. Make one "
            "SocketIO per app."
        )

"""What is put into an app and its Socket.IO server: handlers, routes, template globals, hooks."""

from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from flask import Flask, request, request_finished

from ._version import __version__
from .app_state import AppState
from .errors import ConfigurationError
from .transport.guard import Guard
from .transport.namespace import SignalingNamespace
from .transport.outbound import Outbound
from .transport.packet_filter import PacketFilter
from .transport.polls import Polls
from .transport.request_filter import RequestFilter
from .transport.server_support import ServerSupport
from .transport.servers import check_still_ours
from .web.assets import ENTRY, Assets
from .web.check_page import CheckPage
from .web.page import observe_pages
from .web.responses import Responses
from .web.routes import Routes
from .web.settings import Settings
from .web.tags import Tags
from .web.token_renewal import Renewals, Renewing


def add_to_server(state: AppState, *, compress: bool) -> None:
    """Let an app's Socket.IO server hand events to signaling, and keep harmful input from it.

    :param compress: whether WebSockets may be compressed.
    """
    server, connections = state.server, state.connections
    name, throttle, metrics = state.config.namespace, state.throttle, state.metrics
    namespace = SignalingNamespace(
        name, state.app, server, connections, state.signaling, throttle, metrics
    )
    state.socketio.on_namespace(namespace)
    standing = connections.standing
    packets = PacketFilter(
        server, name, throttle, metrics, namespace.evict, standing, compress=compress
    )
    is_shared, has_queue = state.workers.is_shared, state.workers.has_queue
    Guard(
        server=server,
        connections=connections,
        packets=packets,
        outbound=Outbound(server, name, metrics),
        requests=RequestFilter(
            server.eio,
            packets.refuse,
            standing,
            Polls(server.sleep, metrics),
            throttle.opens_poll,
        ),
        server_support=ServerSupport(server.async_mode, is_shared=is_shared, has_queue=has_queue),
    ).install()


def add_to_app(app: Flask, state: AppState, settings: Settings) -> None:
    """Give an app its routes and template globals."""
    assets = Assets(state.config.url_prefix, __version__)
    responses = Responses(assets.path(ENTRY), state.signer.has_signed)
    app.after_request(responses.look)
    # Functions that were added to the app before the extension change a response after its own
    # have run. This signal comes after all of them.
    request_finished.connect(responses.finish, app)
    tags = _tags(app, state, assets, responses)
    observe_pages(app)
    tags.install(app)
    page = _check_page(state, assets)
    routes = Routes(
        assets, _renewals(state).view, page.view, has_check=state.config.check_page is True
    )
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
        _socketio_path(state),
        check=partial(check_still_ours, app, state.socketio, state.server),
        issued=responses.issued,
    )


def _check_page(state: AppState, assets: Assets) -> CheckPage:
    return CheckPage(
        config=state.config,
        assets=assets,
        socketio_path=_socketio_path(state),
        issuer=state.issuer,
        ice_servers=state.ice_servers,
        throttle=state.throttle,
    )


def _socketio_path(state: AppState) -> str:
    return str(cast(Any, state.socketio).sockio_mw.engineio_path)


def _renewals(state: AppState) -> Renewals:
    renewing = Renewing(
        state.signer,
        state.store,
        state.authorizers,
        state.ice_servers,
        longest=state.config.token_max_age,
    )
    return Renewals(renewing, state.signer, state.throttle, state.metrics, server=state.server)


def _strangers(app: Flask, state: AppState) -> Iterator[str]:
    try:
        check_still_ours(app, state.socketio, state.server)
    except ConfigurationError as error:
        yield str(error)

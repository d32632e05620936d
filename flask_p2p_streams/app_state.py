"""The composition root: the one place where the parts that serve an app are put together.

Each part is a property of :class:`AppState`, made out of those that it needs.
"""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from .config import Config
from .limits.throttle import Throttle
from .metrics import Metrics
from .runtime.identity import Identity
from .runtime.mutexes import Mutexes, mutex_for
from .runtime.web_server import check_web_server
from .signaling.absences import Absences
from .signaling.admission import Admission
from .signaling.announcements import Announcements
from .signaling.arrivals import Arrivals
from .signaling.attendance import Attendance
from .signaling.authorization import Authorizers
from .signaling.detached import Detached
from .signaling.expulsion import Expulsion
from .signaling.heartbeat import Heartbeat
from .signaling.host_probe import HostProbe
from .signaling.ice_provider import IceProvider
from .signaling.ice_servers import IceServers
from .signaling.join_decisions import JoinDecisions
from .signaling.leaving import Leaving
from .signaling.members import Rooms
from .signaling.moderation import Moderation
from .signaling.negotiation import Negotiation
from .signaling.participants import Participants
from .signaling.places import Places
from .signaling.provider_calls import ProviderCalls
from .signaling.receivers import Receivers
from .signaling.relaying import Relaying
from .signaling.roster import RosterKeeping
from .signaling.service import Signaling
from .signaling.upkeep import Upkeep
from .signaling.workers import Workers
from .stores.base import AtomicStore, Store
from .stores.guarded import guarded_store
from .stores.session_store import SessionStore
from .stores.worker_registry import WorkerRegistry
from .tokens import Signer
from .transport.connections import Connections
from .transport.outbox import SocketOutbox
from .transport.servers import check_server, server_of
from .web.latecomers import Latecomers
from .web.token_issuer import Issuer

KEY = "p2p_streams"


@dataclass(frozen=True, eq=False, kw_only=True)
class AppState:
    """What the extension keeps for one app, in ``app.extensions["p2p_streams"]``."""

    app: Flask
    config: Config
    signer: Signer
    authorizers: Authorizers
    ice_provider: IceProvider
    metrics: Metrics
    socketio: SocketIO
    server: Any
    store: SessionStore
    latecomers: Latecomers = field(default_factory=Latecomers)

    # The transport

    @cached_property
    def throttle(self) -> Throttle:
        """The limits of this worker."""
        return Throttle(self.config, self.metrics)

    @cached_property
    def identity(self) -> Identity:
        """The name of this worker."""
        return Identity()

    @cached_property
    def connections(self) -> Connections:
        """The Engine.IO connections of the server."""
        return Connections(self.server, self.config.join_timeout)

    @cached_property
    def outbox(self) -> SocketOutbox:
        """How events reach sockets."""
        return SocketOutbox(self.server, self.connections, self.config.namespace, self.identity)

    # Who is there

    @cached_property
    def rooms(self) -> Rooms:
        """Who is at this worker."""
        return Rooms(Detached(), Mutexes(mutex_for(self.server.async_mode)))

    @cached_property
    def registry(self) -> WorkerRegistry:
        """The workers that share the store."""
        return WorkerRegistry(self.store.guarded, time.monotonic)

    @cached_property
    def workers(self) -> Workers:
        """This worker among the others."""
        return Workers(
            identity=self.identity, store=self.store, outbox=self.outbox, registry=self.registry
        )

    @cached_property
    def places(self) -> Places:
        """What the app has been told of each peer."""
        return Places(store=self.store.guarded)

    @cached_property
    def participants(self) -> Participants:
        """Who is in which session."""
        return Participants(
            config=self.config,
            store=self.store,
            rooms=self.rooms,
            places=self.places,
            workers=self.workers,
        )

    # Who is told what

    @cached_property
    def ice_servers(self) -> IceServers:
        """Which ICE servers each peer gets."""
        calls = ProviderCalls(self.ice_provider, self.app, self.server)
        return IceServers(config=self.config, signer=self.signer, calls=calls)

    @cached_property
    def announcements(self) -> Announcements:
        """What tells the browsers and the app of each change."""
        return Announcements(
            receivers=Receivers(self.app),
            ice_servers=self.ice_servers,
            signer=self.signer,
            outbox=self.outbox,
            metrics=self.metrics,
            relay=self.config.relay,
        )

    @cached_property
    def attendance(self) -> Attendance:
        """Who comes and goes."""
        return Attendance(
            places=self.places,
            participants=self.participants,
            absences=Absences(server=self.server, grace=self.config.host_grace),
            workers=self.workers,
            announcements=self.announcements,
        )

    # What is done on the events of peers

    @cached_property
    def decisions(self) -> JoinDecisions:
        """What becomes of those who join."""
        return JoinDecisions(
            config=self.config,
            store=self.store,
            participants=self.participants,
            workers=self.workers,
            probe=HostProbe(
                outbox=self.outbox,
                store=self.store,
                workers=self.workers,
                create_event=self.server.eio.create_event,
                metrics=self.metrics,
            ),
        )

    @cached_property
    def heartbeat(self) -> Heartbeat:
        """What shows the other workers that this one lives."""
        return Heartbeat(
            server=self.server,
            rooms=self.rooms,
            workers=self.workers,
            registry=self.registry,
            upkeep=Upkeep(
                rooms=self.rooms,
                store=self.store,
                outbox=self.outbox,
                announcements=self.announcements,
                workers=self.workers,
            ),
        )

    @cached_property
    def admission(self) -> Admission:
        """What checks a peer that asks to join."""
        return Admission(
            signer=self.signer,
            throttle=self.throttle,
            authorizers=self.authorizers,
            heartbeat=self.heartbeat,
            rooms=self.rooms,
            arrivals=Arrivals(
                decisions=self.decisions,
                rooms=self.rooms,
                store=self.store,
                outbox=self.outbox,
                attendance=self.attendance,
                announcements=self.announcements,
            ),
        )

    @cached_property
    def signaling(self) -> Signaling:
        """What is done on each event of a peer."""
        return Signaling(
            rooms=self.rooms,
            admission=self.admission,
            negotiation=Negotiation(
                config=self.config,
                throttle=self.throttle,
                store=self.store,
                rooms=self.rooms,
                outbox=self.outbox,
            ),
            relaying=Relaying(
                mode=self.config.relay,
                throttle=self.throttle,
                store=self.store,
                rooms=self.rooms,
                outbox=self.outbox,
                metrics=self.metrics,
            ),
            leaving=Leaving(
                store=self.store,
                rooms=self.rooms,
                outbox=self.outbox,
                attendance=self.attendance,
                announcements=self.announcements,
            ),
            roster=RosterKeeping(
                config=self.config,
                throttle=self.throttle,
                store=self.store,
                rooms=self.rooms,
                workers=self.workers,
                attendance=self.attendance,
            ),
        )

    # What the app decides

    @cached_property
    def moderation(self) -> Moderation:
        """What the app decides about its sessions."""
        return Moderation(
            config=self.config,
            store=self.store,
            rooms=self.rooms,
            participants=self.participants,
            expulsion=Expulsion(
                participants=self.participants,
                outbox=self.outbox,
                attendance=self.attendance,
                announcements=self.announcements,
            ),
        )

    @cached_property
    def issuer(self) -> Issuer:
        """What signs the first token of a page."""
        return Issuer(self.signer, self.store)


def app_state(
    app: Flask,
    config: Config,
    signer: Signer,
    store: Store | AtomicStore,
    socketio: SocketIO,
    authorizers: Authorizers,
    ice_provider: IceProvider,
    metrics: Metrics,
) -> AppState:
    """Put together all that serves an app.

    :raises ConfigurationError: if the app's Socket.IO server can't carry signaling, or its web
        server can't carry WebSockets.
    """
    server = server_of(socketio)
    check_server(server, config.namespace, relays=config.relay != "off")
    state = AppState(
        app=app,
        config=config,
        signer=signer,
        authorizers=authorizers,
        ice_provider=ice_provider,
        metrics=metrics,
        socketio=socketio,
        server=server,
        store=SessionStore(guarded_store(store, Mutexes(mutex_for(server.async_mode)))),
    )
    is_shared, has_queue = state.store.is_shared, not state.outbox.is_alone
    check_web_server(
        server.async_mode,
        is_shared=is_shared,
        has_queue=has_queue,
        polls="polling" in config.transports,
    )
    # All parts are made now, so that no two threads of the server can make the same one twice.
    return _completed(state)


def _completed(state: AppState) -> AppState:
    for name, part in vars(AppState).items():
        if isinstance(part, cached_property):
            getattr(state, name)
    return state

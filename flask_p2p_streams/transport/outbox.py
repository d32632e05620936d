"""Sends signaling's events: to sockets here at once, to others over the message queue."""

import time
from collections.abc import Set
from functools import partial
from typing import Any

from ..limits.budgets import RELAY_PUBLICATIONS, RELAY_UNREAD_PART, UNREAD_BYTES
from ..protocol.fields import Payload
from ..runtime.identity import Identity
from .connections import Connections
from .message_queue import Publisher, QueueHint, has_queue

JOINING_PAUSE = 0.05
"""Seconds between two looks at a socket that is to be closed but is still joining."""
RELAY_UNREAD = UNREAD_BYTES // RELAY_UNREAD_PART
"""Bytes that wait for a socket; with more, nothing is relayed to it."""
LONGEST_JOIN = 60.0
"""Seconds for which such a socket is waited for."""


class SocketQuestion:
    """A :class:`~flask_p2p_streams.signaling.ports.Question` to a socket.

    :param distant_sid: the socket, if another worker holds it.
    """

    def __init__(self, server: Any, distant_sid: str | None) -> None:
        self._server = server
        self._distant_sid = distant_sid
        self._answered = server.eio.create_event()
        self._answers: list[object] = []

    def take(self, *answer: object) -> None:
        """Store the answer; Socket.IO calls this."""
        self._answers.extend(answer)
        self._answered.set()

    @property
    def answer(self) -> object:
        """The answer; None before there is one."""
        return self._answers[0] if self._answers else None

    def wait(self, timeout: float) -> bool:
        """Wait for at most ``timeout`` seconds; return whether there is an answer."""
        self._answered.wait(timeout=timeout)
        return bool(self._answers)

    def end(self) -> None:
        """Stop waiting for the answer."""
        if self._distant_sid is not None:
            # Socket.IO keeps callbacks until the socket is closed, which it doesn't see for a
            # socket of another worker.
            self._server.manager.callbacks.pop(self._distant_sid, None)


class SocketOutbox:
    """The :class:`~flask_p2p_streams.signaling.ports.Outbox` of one Socket.IO namespace."""

    def __init__(
        self, server: Any, connections: Connections, namespace: str, identity: Identity
    ) -> None:
        self._server = server
        self._connections = connections
        self._namespace = namespace
        self._identity = identity
        self._alone = not has_queue(server)
        self._publisher = Publisher(server)
        if not self._alone:
            server.manager._get_logger().addFilter(QueueHint())

    @property
    def is_alone(self) -> bool:
        """Whether there is no message queue, so that no other worker can be reached."""
        return self._alone

    # Saying

    def emit(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to the sockets in a room, on every worker."""
        act = partial(self._server.emit, event, payload, to=room, namespace=self._namespace)
        if self._alone:
            act()
        else:
            self._publisher.post(act)

    def tell(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to the only socket in a room; without the queue if the socket is here."""
        if self._alone or not self.present(room):
            self.emit(event, payload, room)
        else:
            self._server.emit(event, payload, to=room, namespace=self._namespace, ignore_queue=True)

    def ask(self, event: str, payload: Payload, sid: str) -> "SocketQuestion":
        """Send an event to one socket, which is to answer it."""
        here = self._is_local(sid)
        question = SocketQuestion(self._server, None if here else sid)
        act = partial(
            self._server.emit,
            event,
            payload,
            to=sid,
            namespace=self._namespace,
            callback=question.take,
            ignore_queue=here,
        )
        if here:
            act()
        else:
            self._publisher.post(act)
        return question

    def silence(self, sid: str) -> float:
        """Return for how many seconds a socket of this worker hasn't answered a ping."""
        eio_sid = self._server.manager.eio_sid_from_sid(sid, self._namespace)
        connection = self._server.eio.sockets.get(eio_sid)
        # Engine.IO takes this time from time.time(). It is None between a pong and the next ping.
        pinged_at = getattr(connection, "last_ping", None)
        return 0.0 if pinged_at is None else max(0.0, time.time() - pinged_at)

    # Who is where

    def enter(self, sid: str, *rooms: str) -> None:
        """Put a socket of this worker into rooms."""
        for room in rooms:
            self._server.enter_room(sid, room, namespace=self._namespace)

    def leave(self, sid: str, *rooms: str) -> None:
        """Take a socket of this worker out of rooms."""
        for room in rooms:
            self._server.leave_room(sid, room, namespace=self._namespace)

    def reaches(self, room: str) -> bool:
        """Tell whether a room may have a socket in it; always True if there is a message queue."""
        return not self._alone or bool(self.present(room))

    def is_crowded(self, room: str) -> bool:
        """Tell whether too much waits for a socket in a room, or for the message queue."""
        manager, connections = self._server.manager, self._server.eio.sockets
        participants = list(manager.get_participants(self._namespace, room))
        if not participants:
            return len(self._publisher) > RELAY_PUBLICATIONS
        here = [connections.get(eio_sid) for _, eio_sid in participants]
        return any(each.queue.backlog.bytes > RELAY_UNREAD for each in here if each is not None)

    def is_here(self, sid: str, worker_id: str | None) -> bool:
        """Tell whether a socket is open; one of another worker counts as open."""
        if self._alone or worker_id == self._identity.worker_id:
            return self._is_local(sid)
        return True

    def present(self, room: str) -> Set[str]:
        """Return the sockets of this worker in a room."""
        participants = self._server.manager.get_participants(self._namespace, room)
        return {sid for sid, _ in participants}

    def empty(self, room: str) -> None:
        """Take all sockets out of a room, on every worker."""
        self._in_order(partial(self._server.close_room, room, namespace=self._namespace))

    def close(self, sid: str) -> None:
        """Disconnect a socket, and close its connection if that is here and otherwise unused."""
        self._in_order(partial(self._close, sid))

    # The parts

    def _in_order(self, act: partial[Any]) -> None:
        # Over the queue it comes after everything that was emitted before.
        if self._alone:
            act()
        else:
            self._publisher.post(act)

    def _close(self, sid: str) -> None:
        if self._is_joining(sid):
            self._server.start_background_task(self._close_later, sid)
        else:
            self._close_now(sid)

    def _close_later(self, sid: str) -> None:
        # Socket.IO can't disconnect a socket while its connect handler runs.
        for _ in range(round(LONGEST_JOIN / JOINING_PAUSE)):
            self._server.sleep(JOINING_PAUSE)
            if not self._is_joining(sid):
                break
        self._close_now(sid)

    def _is_joining(self, sid: str) -> bool:
        return sid in self._server.manager.pending_connect.get(self._namespace, ())

    def _close_now(self, sid: str) -> None:
        eio_sid = self._server.manager.eio_sid_from_sid(sid, self._namespace)
        self._server.disconnect(sid, namespace=self._namespace)
        if eio_sid is not None:
            self._connections.close_if_idle(eio_sid)

    def _is_local(self, sid: str) -> bool:
        return self._server.manager.eio_sid_from_sid(sid, self._namespace) is not None

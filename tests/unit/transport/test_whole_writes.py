"""What two threads write to one WebSocket, over a real socket."""

import socket
import threading
from collections.abc import Iterator

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from flask_p2p_streams.transport.whole_writes import WholeWrites

Ends = tuple[WSConnection, WSConnection, WholeWrites, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both ends of a WebSocket: their protocols, what the server writes by, the client's socket."""
    server, client = WSConnection(ConnectionType.SERVER), WSConnection(ConnectionType.CLIENT)
    server.receive_data(client.send(Request(host="here", target="/")))
    list(server.events())
    client.receive_data(server.send(AcceptConnection()))
    list(client.events())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield server, client, WholeWrites(ours, server, threading.Lock()), theirs


def test_what_was_made_before_the_end_isnt_written_after_it(ends: Ends) -> None:
    server, client, writes, theirs = ends
    in_time, late = (server.send(TextMessage(text)) for text in ("in time", "late"))
    assert writes.send(in_time) == len(in_time)
    server.receive_data(client.send(CloseConnection(1000)))
    (close,) = server.events()
    assert isinstance(close, CloseConnection)
    goodbye = server.send(close.response())
    writes.send(goodbye)
    assert writes.send(late) == len(late)
    writes.shutdown(socket.SHUT_WR)
    assert theirs.makefile("rb").read() == in_time + goodbye

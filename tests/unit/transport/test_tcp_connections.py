import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from flask_p2p_streams.transport.tcp_connections import set_no_delay


@pytest.fixture
def tcp() -> Any:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        yield connection


@pytest.mark.parametrize(
    "environ",
    [
        lambda tcp: {"werkzeug.socket": tcp},
        lambda tcp: {"gunicorn.socket": tcp},
        lambda tcp: {"eventlet.input": SimpleNamespace(get_socket=lambda: tcp)},
        lambda tcp: {
            "wsgi.input": SimpleNamespace(
                rfile=SimpleNamespace(raw=SimpleNamespace(_sock=tcp)),
            )
        },
    ],
)
def test_no_delay_on_every_server(tcp: socket.socket, environ: Callable[[Any], Any]) -> None:
    assert set_no_delay(environ(tcp))
    assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_delay_without_a_socket() -> None:
    assert not set_no_delay({})
    with socket.socket(socket.AF_UNIX) as local:
        assert not set_no_delay({"gunicorn.socket": local})

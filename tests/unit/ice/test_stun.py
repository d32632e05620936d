import socket

import pytest

from flask_p2p_streams.ice.stun import Endpoint, answers, endpoint
from tests.kit.servers import free_port
from tests.kit.stun import binding_success, stun_server


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("stun:stun.example.org", Endpoint("stun.example.org", 3478, "udp")),
        ("stun:stun.example.org:19302", Endpoint("stun.example.org", 19302, "udp")),
        ("stuns:stun.example.org", Endpoint("stun.example.org", 5349, "tcp")),
        ("turn:turn.example.org", Endpoint("turn.example.org", 3478, "udp")),
        ("turn:turn.example.org:80?transport=tcp", Endpoint("turn.example.org", 80, "tcp")),
        ("turn:192.0.2.1:80?transport=udp", Endpoint("192.0.2.1", 80, "udp")),
        ("turns:turn.example.org:443?transport=tcp", Endpoint("turn.example.org", 443, "tcp")),
        ("turns:turn.example.org?transport=udp", Endpoint("turn.example.org", 5349, "dtls")),
        ("stun:[2001:db8::1]:99", Endpoint("2001:db8::1", 99, "udp")),
    ],
)
def test_where_a_server_listens(url: str, found: Endpoint) -> None:
    assert endpoint(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "stun://stun.example.org",
        "stun:stun.example.org:0",
        "stun:stun.example.org:65536",
        "stun:",
        "turn:turn.example.org?transport=sctp",
    ],
)
def test_nowhere(url: str) -> None:
    with pytest.raises(ValueError, match=r"that is|whose port"):
        endpoint(url)


def test_a_server_that_answers() -> None:
    with stun_server() as port:
        assert answers(Endpoint("127.0.0.1", port, "udp"), 10)


def test_a_server_that_is_asked_by_name() -> None:
    with stun_server() as port:
        assert answers(Endpoint("localhost", port, "udp"), 10)


def test_a_lost_request_is_sent_again() -> None:
    requests: list[bytes] = []

    def forgetful(request: bytes) -> bytes | None:
        requests.append(request)
        return binding_success(request) if len(requests) > 1 else None

    with stun_server(forgetful) as port:
        assert answers(Endpoint("127.0.0.1", port, "udp"), 10)
    assert requests[0] == requests[1]


def test_a_server_that_refuses_has_answered() -> None:
    with stun_server(lambda request: b"\x01\x11\0\0" + request[4:20]) as port:
        assert answers(Endpoint("127.0.0.1", port, "udp"), 10)


@pytest.mark.parametrize(
    "response",
    [b"", b"short", b"\x01\x01\0\0" + bytes(16), b"HTTP/1.1 400 Bad Request\r\n\r\n"],
)
def test_what_is_no_answer(response: bytes) -> None:
    with stun_server(lambda _: response) as port:
        assert not answers(Endpoint("127.0.0.1", port, "udp"), 0.2)


def test_a_request_that_comes_back_is_no_answer() -> None:
    with stun_server(lambda request: request) as port:
        assert not answers(Endpoint("127.0.0.1", port, "udp"), 0.2)


def test_nobody_there() -> None:
    assert not answers(Endpoint("127.0.0.1", free_port(), "udp"), 0.2)
    with pytest.raises(ConnectionRefusedError):
        answers(Endpoint("127.0.0.1", free_port(), "tcp"), 10)


def test_a_connection_is_enough_for_tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert answers(Endpoint("127.0.0.1", server.getsockname()[1], "tcp"), 10)

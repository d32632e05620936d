"""The doctor's tries at TURN servers: a real one, and what may be wrong with it."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.doctor import network, turn, turn_causes
from flask_p2p_streams.doctor.findings import CheckContext, Finding
from flask_p2p_streams.doctor.ice import IceServer
from flask_p2p_streams.ice.credentials import turn_server
from tests.kit.servers import free_port
from tests.kit.stun import stun_server
from tests.kit.turn import SECRET, TurnServer, running_turn, self_signed
from tests.kit.waiting import PATIENCE, until

KEY = "5f0c7b127da1bfa3e9b2d1c1"


@pytest.fixture(scope="module")
def coturn() -> Iterator[TurnServer]:
    with running_turn() as server:
        yield server


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for what is there, however slow the machine is."""
    monkeypatch.setattr(network, "TIME_LIMIT", PATIENCE)
    monkeypatch.setattr(network, "ICE_TIME_LIMIT", PATIENCE / 2)
    monkeypatch.setattr(network, "LOOKS_LIMIT", PATIENCE)
    monkeypatch.setattr(turn, "LOOKS_LIMIT", PATIENCE)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Don't wait long for what isn't there."""
    monkeypatch.setattr(network, "ICE_TIME_LIMIT", 1.0)


def app_with(**config: Any) -> tuple[Flask, P2PStreams]:
    app, p2p = Flask("an_app"), P2PStreams()
    app.config.update(SECRET_KEY=KEY, **config)
    p2p.init_app(app)
    return app, p2p


def examined(app: Flask) -> list[Finding]:
    state = app.extensions["p2p_streams"]
    context = CheckContext(app, state.config, state.server, state.store)
    return [each for each in network.reach(context, False) if each.check == "ice"]


def tried(*urls: str, secret: str = SECRET, **config: Any) -> list[Finding]:
    given = {"P2P_TURN_URLS": list(urls), "P2P_TURN_SECRET": secret, **config}
    return examined(app_with(**given)[0])


# What works


def test_a_server_that_takes_the_secret(coturn: TurnServer) -> None:
    for found in tried(coturn.url("udp"), coturn.url("tcp")):
        assert found.level == "ok"
        assert "takes its credentials, and relays (after " in found.problem


def test_by_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    with running_turn(certificate=certificate) as server:
        [found] = tried(server.url("tls"))
        assert found.level == "error"
        assert "has a certificate that isn't valid (self" in found.problem
        assert "certificate for 127.0.0.1" in found.hint
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        [found] = tried(server.url("tls"))
        assert (found.level, "relays" in found.problem) == ("ok", True)
        # It is for a name, which isn't what is connected to.
        [found] = tried(f"turns:localhost:{server.port}?transport=tcp")
        assert found.level == "ok"
        with monkeypatch.context() as patch:
            patch.setattr("socket.getaddrinfo", lambda *_: [(0, 0, 0, "", ("127.0.0.1", 0))])
            [found] = tried(f"turns:turn.example:{server.port}?transport=tcp")
        assert "Hostname mismatch" in found.problem


def test_a_server_with_a_password(coturn: TurnServer) -> None:
    server = turn_server([coturn.url()], SECRET, "a", int(time.time() + 600))
    [found] = examined(app_with(P2P_ICE_SERVERS=[server])[0])
    assert found.level == "ok"
    [found] = examined(app_with(P2P_ICE_SERVERS=[{**server, "credential": "wrong"}])[0])
    assert (found.level, "(401)" in found.problem) == ("error", True)
    assert "P2P_ICE_SERVERS" in found.hint


def test_what_was_given_is_given_back() -> None:
    with running_turn(options=("--verbose",)) as server:
        assert [each.level for each in tried(server.url())] == ["ok"]
        until(lambda: "lifetime=0" in server.log, lambda: server.log)


# What doesn't


def test_another_secret(coturn: TurnServer) -> None:
    for found in tried(coturn.url("udp"), coturn.url("tcp"), secret="geheim"):
        assert found.level == "error"
        assert found.problem.endswith("refuses the credentials (401).")
        assert "static-auth-secret" in found.hint
        assert "clock" in found.hint
        assert "geheim" not in found.text


def test_a_clock_that_is_slow(coturn: TurnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = app_with(P2P_TURN_URLS=[coturn.url()], P2P_TURN_SECRET=SECRET)
    ice = app.extensions["p2p_streams"].ice_servers
    object.__setattr__(ice, "now", lambda: time.time() - 7200)
    [found] = examined(app)
    assert found.problem.endswith("refuses the credentials (401).")


def test_udp_that_is_closed(impatience: None) -> None:
    with running_turn(options=("--no-udp",)) as server:
        by_udp, by_tcp = tried(server.url("udp"), server.url("tcp"))
    assert by_tcp.level == "ok"
    assert (by_udp.level, "but its port is open by TCP" in by_udp.problem) == ("error", True)
    assert f"port {server.port} for UDP" in by_udp.hint


def test_nothing_there(impatience: None) -> None:
    port = free_port()
    urls = [f"turn:127.0.0.1:{port}{each}" for each in ("", "?transport=tcp")]
    by_udp, by_tcp, unknown = tried(*urls, "turn:nobody.invalid")
    assert "can't be reached (no answer)" in by_udp.problem
    assert "can't be reached (Connection refused)" in by_tcp.problem
    assert "can't be reached (" in unknown.problem
    for found in (by_udp, by_tcp):
        assert (found.level, found.hint) == ("error", turn_causes.OPEN_HINT)


def test_a_wrong_port(
    coturn: TurnServer, impatience: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_causes, "STANDARD_PORT", coturn.port)
    monkeypatch.setattr(turn_causes, "LOOK_LIMIT", PATIENCE / 10)
    [found] = tried(f"turn:127.0.0.1:{free_port()}?transport=tcp")
    assert found.hint == f"Is the port wrong? A server answers at port {coturn.port}."


def test_a_server_of_something_else(impatience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_causes, "STANDARD_PORT", free_port())
    with silent() as port:
        plain, secure = tried(
            f"turn:127.0.0.1:{port}?transport=tcp", f"turns:127.0.0.1:{port}?transport=tcp"
        )
    for found in (plain, secure):
        assert "takes connections, but doesn't speak TURN" in found.problem
        assert "port wrong" in found.hint


def test_turn_where_tls_should_be(coturn: TurnServer, impatience: None) -> None:
    [found] = tried(coturn.url("tls"))
    assert found.level == "error"
    assert "TLS" in found.problem or "doesn't speak TURN" in found.problem


def test_a_server_that_only_does_stun(impatience: None) -> None:
    def refuse(request: bytes) -> bytes:
        # Bad Request (RFC 8489, section 14.8).
        code = b"\x00\x09\x00\x04\x00\x00\x04\x00"
        kind = (int.from_bytes(request[:2], "big") | 0x0110).to_bytes(2, "big")
        return kind + len(code).to_bytes(2, "big") + request[4:20] + code

    with stun_server(refuse) as port:
        [found] = tried(f"turn:127.0.0.1:{port}")
    assert found.problem.endswith("gives no relayed address (400).")


def test_one_without_room() -> None:
    with running_turn(options=("--total-quota=1",)) as server, held(server):
        [found] = tried(server.url())
    assert (found.level, found.hint) == ("error", turn_causes.ROOM_HINT)
    assert "(486)" in found.problem


def test_dtls_is_not_tried() -> None:
    [found] = tried("turns:127.0.0.1?transport=udp")
    assert (found.level, "DTLS" in found.problem) == ("ok", True)


def test_one_that_hangs_holds_the_others_up_for_no_longer(
    coturn: TurnServer, impatience: None
) -> None:
    with silent() as port:
        began = time.monotonic()
        hanging = [f"turn:127.0.0.1:{port}?transport=tcp"] * 5
        *_, last = tried(*hanging, coturn.url())
    assert last.level == "ok"
    assert time.monotonic() - began < PATIENCE / 2


def test_a_relay_behind_a_router() -> None:
    server = IceServer("turn:t.example", "u", "c", "P2P_TURN_URLS")
    found = turn._finding(server, turn.Allocation("10.0.0.7", "9.9.9.9", 5.0))
    assert (found.level, "external-ip" in found.hint) == ("error", True)
    for relayed, address in (("9.9.9.9", "9.9.9.9"), ("10.0.0.7", "10.0.0.7")):
        assert turn._finding(server, turn.Allocation(relayed, address, 5.0)).level == "ok"


# Without aioice


def test_without_the_extra(coturn: TurnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "find_spec", lambda _: None)
    lacking, answer = tried(coturn.url(), secret="wrong")
    assert (lacking.level, lacking.hint) == (
        "warning",
        "pip install 'flask-p2p-streams[doctor]'",
    )
    assert (answer.level, answer.problem) == ("ok", f"{coturn.url()} answers.")


# A provider's


def test_a_provider_s_servers_are_tried(coturn: TurnServer) -> None:
    app, p2p = app_with()

    @p2p.ice_servers
    def servers(session_id: str, peer_id: str) -> Any:
        good = turn_server([coturn.url("tcp")], SECRET, peer_id, int(time.time() + 60))
        return [good, {**good, "credential": "geheim"}], 60

    asked, lacking, good, bad = examined(app)
    assert (asked.level, "2 servers, good for 60 s" in asked.problem) == ("ok", True)
    assert "No server tells peers their public address by UDP" in lacking.problem
    assert (good.level, bad.level) == ("ok", "error")
    assert "@p2p.ice_servers" in bad.hint
    assert "geheim" not in bad.text


def fail(*_: str) -> None:
    raise LookupError("geheim")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fail, "raises LookupError"),
        (lambda *_: "geheim", "must be a list of dictionaries"),
        (lambda *_: threading.Event().wait(PATIENCE), "takes longer than 0.2 s"),
    ],
)
def test_a_provider_that_fails(
    function: Callable[..., Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_p2p_streams.doctor.ice.ICE_CALL_TIMEOUT", 0.2)
    app, p2p = app_with()
    p2p.ice_servers(function)
    first, nothing = examined(app)
    assert (first.level, said in first.problem) == ("error", True)
    assert "geheim" not in first.text
    assert "There are no ICE servers" in nothing.problem


# The parts


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """Take connections, and say nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield int(server.getsockname()[1])


@contextlib.contextmanager
def held(server: TurnServer) -> Iterator[None]:
    """Hold an allocation."""
    import asyncio

    from aioice.turn import create_turn_endpoint

    given, end = threading.Event(), threading.Event()

    async def hold() -> None:
        made = turn_server([server.url()], SECRET, "a", int(time.time() + 600))
        transport, _ = await create_turn_endpoint(
            asyncio.DatagramProtocol,
            (server.host, server.port),
            username=made["username"],
            password=made["credential"],
        )
        given.set()
        await asyncio.to_thread(end.wait, PATIENCE)
        transport.close()
        await asyncio.sleep(0.1)

    thread = threading.Thread(target=asyncio.run, args=(hold(),))
    thread.start()
    try:
        assert given.wait(PATIENCE)
        yield
    finally:
        end.set()
        thread.join(PATIENCE)

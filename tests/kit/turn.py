"""coturn: a real TURN server, which takes the credentials of one secret (the TURN REST API)."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask_p2p_streams.ice.stun import Endpoint, answers
from tests.kit.servers import free_port, listens
from tests.kit.stores import program
from tests.kit.waiting import PATIENCE, until

SECRET = "coturn's and the app's"
RELAY_PORTS = (50_000, 50_199)
"""The first and the last port that relay; they hold for one server at an address."""


def turn_command(
    *,
    host: str,
    port: int,
    folder: Path,
    secret: str = SECRET,
    relay_ports: tuple[int, int] = RELAY_PORTS,
    certificate: tuple[Path, Path] | None = None,
    options: tuple[str, ...] = (),
) -> list[str]:
    """Return the arguments of a turnserver that listens at one address, and relays at it, too.

    :param folder: where it may write.
    :param relay_ports: the first and the last port that relay.
    :param certificate: the files of a certificate and its key; with them the port takes TLS, too.
    :param options: more of its options, such as `--no-udp`.
    """
    cert, key = certificate or ("", "")
    secure = [f"--cert={cert}", f"--pkey={key}", f"--tls-listening-port={port}", "--no-dtls"]
    return [
        program("turnserver"),
        # It reads no configuration of the machine's own server.
        "-n",
        f"--listening-ip={host}",
        f"--relay-ip={host}",
        f"--listening-port={port}",
        f"--min-port={relay_ports[0]}",
        f"--max-port={relay_ports[1]}",
        "--use-auth-secret",
        f"--static-auth-secret={secret}",
        "--realm=test",
        "--fingerprint",
        "--no-cli",
        *(secure if certificate else ["--no-tls", "--no-dtls"]),
        *(["--allow-loopback-peers"] if host.startswith("127.") else []),
        f"--pidfile={folder / 'turn.pid'}",
        f"--userdb={folder / 'turn.db'}",
        "--log-file=stdout",
        *options,
    ]


@dataclass
class TurnServer:
    """A turnserver that runs; `process` can be paused or killed by its id."""

    host: str
    port: int
    secret: str
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def url(self, transport: str = "udp") -> str:
        """Return its URL for "udp", "tcp" or "tls"."""
        address = f"{self.host}:{self.port}"
        if transport == "tls":
            return f"turns:{address}?transport=tcp"
        return f"turn:{address}?transport={transport}"


@contextlib.contextmanager
def running_turn(
    *,
    secret: str = SECRET,
    certificate: tuple[Path, Path] | None = None,
    options: tuple[str, ...] = (),
) -> Iterator[TurnServer]:
    """Run a turnserver on loopback and a free port until it is left, from when it answers."""
    host, port = "127.0.0.1", free_port()
    with tempfile.TemporaryDirectory() as name:
        command = turn_command(
            host=host,
            port=port,
            folder=Path(name),
            secret=secret,
            certificate=certificate,
            options=options,
        )
        with _running(command, port, secret, Path(name)) as server:
            yield server


@contextlib.contextmanager
def configured_turn(path: Path, port: int, secret: str) -> Iterator[TurnServer]:
    """Run a turnserver on loopback as a file configures it, where that names this port."""
    folder = path.parent
    command = [
        *(program("turnserver"), "-c", str(path)),
        *("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--log-file=stdout"),
        *(f"--pidfile={folder / 'turn.pid'}", f"--userdb={folder / 'turn.db'}"),
    ]
    with _running(command, port, secret, folder) as server:
        yield server


@contextlib.contextmanager
def _running(command: list[str], port: int, secret: str, folder: Path) -> Iterator[TurnServer]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    server = TurnServer("127.0.0.1", port, secret, process, folder / "log")
    try:
        until(lambda: _answers(server, command), lambda: f"No TURN server:\n{server.log}")
        yield server
    finally:
        process.kill()
        process.wait(PATIENCE)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody has signed, for 127.0.0.1, and its key; return their files."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def _answers(server: TurnServer, options: list[str]) -> bool:
    assert server.process.poll() is None, f"It has ended:\n{server.log}"
    by_udp = "--no-udp" in options or answers(Endpoint(server.host, server.port, "udp"), 0.5)
    return by_udp and ("--no-tcp" in options or listens(server.port))

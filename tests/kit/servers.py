"""Servers in processes of their own, on loopback and free ports, and what they have said."""

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit.http import get, get_json
from tests.kit.waiting import PATIENCE, until

MODES = ("eventlet", "gevent", "threading")
"""The async modes, each of which is also what patches its process, except the last."""
WSGI = "tests.kit.app.wsgi"
"""The tests' app, for servers that import it."""
PATIENT: dict[str, Any] = {
    # A test that gets no turn for a while hasn't gone, and will join.
    "flask": {"P2P_JOIN_TIMEOUT": 60, "P2P_JOIN_RATE": None},
    "options": {"ping_interval": 25, "ping_timeout": 60},
}
"""For apps whose patience isn't what is tested."""
MOST_RESERVED = 200
"""Ports that a process keeps free; by then the first of them are in use, or no longer needed."""

Command = Callable[[int], Sequence[str]]
"""The arguments of Python, for a port."""

_RESERVED: deque[socket.socket] = deque()


@atexit.register
def _let_go() -> None:
    for each in _RESERVED:
        each.close()


def free_port() -> int:
    """Return a port that is kept free for whoever listens with `SO_REUSEADDR`, as servers do.

    Linux gives it to nobody else as long as a socket is bound to it, though that doesn't listen:
    neither to who asks for any port, nor to who connects. So it is there when a server starts,
    and when it is started again.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _RESERVED.append(reserved)
    if len(_RESERVED) > MOST_RESERVED:
        _RESERVED.popleft().close()
    return int(reserved.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def listening(process: "subprocess.Popen[Any]", port: int) -> None:
    """Wait until a server listens."""
    until(lambda: listens(port) or process.poll() is not None, "The server isn't listening.")
    assert process.poll() is None, f"The server has ended with status {process.poll()}."


@dataclass(frozen=True)
class Server:
    port: int
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def get(self, path: str) -> str:
        return get(f"{self.url}/{path}")

    def get_json(self, path: str) -> Any:
        return get_json(f"{self.url}/{path}")

    def until(self, condition: Callable[[], object], what: str) -> None:
        until(condition, lambda: f"Waited for {what}, and saw:\n{self.log}")


@contextlib.contextmanager
def started(
    command: Command, environment: Mapping[str, str] = {}, before: Sequence[str] = ()
) -> Iterator[Server]:
    """Run `python COMMAND(port)` until it is left; it need not begin to listen.

    :param before: what runs Python, where it isn't this machine's own network that it is in.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "log")
        with output.open("ab") as log:
            process = subprocess.Popen(
                [*before, sys.executable, *command(port)],
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        server = Server(port, process, output)
        try:
            yield server
        except BaseException:
            sys.stderr.write(server.log)
            raise
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextlib.contextmanager
def running(module: str, *arguments: str) -> Iterator[Server]:
    """Run `python -m MODULE ARGUMENTS… PORT` until it is left, from when it listens."""
    with started(lambda port: ["-m", module, *arguments, str(port)]) as server:
        listening(server.process, server.port)
        yield server


@contextlib.contextmanager
def serving(command: Command, environment: Mapping[str, str] = {}) -> Iterator[Server]:
    """Run a server of the tests' app until it is left, from when it has answered a request."""
    with started(command, environment) as server:
        listening(server.process, server.port)
        # It may listen before its worker has begun.
        server.get("ready")
        yield server


def app(mode: str, **chosen: Any) -> contextlib.AbstractContextManager[Server]:
    """Run the tests' app on an async mode; what is chosen is in `tests.kit.app.config`."""
    return running("tests.kit.app", json.dumps(on(mode, **chosen)))


def on(mode: str, **chosen: Any) -> dict[str, Any]:
    """Return what is chosen for the app on an async mode."""
    return {"patch": None if mode == "threading" else mode, **chosen}


def environment(**chosen: Any) -> dict[str, str]:
    """Return the environment in which a server finds the tests' app so."""
    return {"CONFIG": json.dumps(chosen), "FLASK_APP": f"{WSGI}:app"}


def gunicorn(*options: str) -> Command:
    """Return the command that serves the app with gunicorn, which doesn't wait when it stops."""
    common = ["-m", "gunicorn", "--graceful-timeout", "1", *options, f"{WSGI}:app", "-b"]
    return lambda port: [*common, f"127.0.0.1:{port}"]

"""Servers in processes of their own, on loopback and a free port."""

import atexit
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

START_TIMEOUT = 60.0
MOST_RESERVED = 200
"""Ports that a process keeps free; by then the first of them are in use, or no longer needed."""

_RESERVED: deque[socket.socket] = deque()


@atexit.register
def _let_go() -> None:
    for each in _RESERVED:
        each.close()


@dataclass(frozen=True)
class Server:
    url: str
    process: "subprocess.Popen[bytes]"


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


@contextlib.contextmanager
def running(module: str, *arguments: str) -> Iterator[Server]:
    """Run `python -m MODULE ARGUMENTS… PORT` until it is left; show its output if it fails."""
    port = free_port()
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", module, *arguments, str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            listening(process, port)
            yield Server(f"http://127.0.0.1:{port}", process)
        except BaseException:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise
        finally:
            process.terminate()
            process.wait(10)


def listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a server listens."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"The server is not listening; exit status {process.poll()}.")

"""Servers in processes of their own, on loopback and a free port."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

START_TIMEOUT = 60.0


@dataclass(frozen=True)
class Server:
    url: str
    process: "subprocess.Popen[bytes]"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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

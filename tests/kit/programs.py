"""A server of its user's choice, started as a user starts it, and what it has said."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.kit.servers import free_port, listening

PATIENCE = 60.0


@dataclass(frozen=True)
class Program:
    """A server process at a URL, whose output goes into a file."""

    url: str
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def get(self, path: str) -> str:
        with urlopen(f"{self.url}{path}", timeout=PATIENCE) as response:
            return str(response.read().decode())

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"Waited for {what}, and saw:\n{self.log}"
            time.sleep(0.05)


@contextlib.contextmanager
def program(
    command: Callable[[int], Sequence[str]], environment: Mapping[str, str] = {}
) -> Iterator[Program]:
    """Run `python COMMAND(port)` until it is left; it need not begin to listen."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "log")
        with output.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command(port)],
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        running = Program(f"http://127.0.0.1:{port}", process, output)
        try:
            yield running
        except BaseException:
            sys.stderr.write(running.log)
            raise
        finally:
            process.terminate()
            process.wait(60)


def gunicorn(app: str, *options: str) -> Callable[[int], list[str]]:
    """Return the command that serves an app with gunicorn, which doesn't wait when it stops."""
    common = ["-m", "gunicorn", "--graceful-timeout", "1", *options, app, "-b"]
    return lambda port: [*common, f"127.0.0.1:{port}"]


@contextlib.contextmanager
def serving(
    command: Callable[[int], Sequence[str]], environment: Mapping[str, str] = {}
) -> Iterator[Program]:
    """Run a server until it is left, from when it has answered a request."""
    with program(command, environment) as running:
        listening(running.process, int(running.url.rpartition(":")[2]))
        # It may listen before its worker has begun.
        running.get("/ready")
        yield running

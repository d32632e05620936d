"""Programs that say what they have to say as lines of JSON."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import Any

PATIENCE = 90.0
NICE = ("nice", "-n", "10")
"""Before an attacker: what he costs himself is not to be taken from those who are measured."""


class Program:
    """A running module, its lines, and its standard input."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Return the next line.

        :raises RuntimeError: if there is none.
        """
        with contextlib.suppress(Empty):
            line = self._lines.get(timeout=PATIENCE)
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"It says nothing: {self.process.args!r:.300}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")


@contextlib.contextmanager
def program(module: str, *arguments: str, before: Sequence[str] = ()) -> Iterator[Program]:
    running = Program(*before, sys.executable, "-m", module, *arguments)
    try:
        yield running
    finally:
        running.end()

"""The programs that a cluster is made of: started, watched, and stopped by their process ids."""

import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

GRACE = 5.0
"""Seconds that a program may take to stop before it is killed."""

SHOWN_LINES = 20
"""How many lines of a silent program's output are kept, to be shown where it fails."""


class Part:
    """One program. When it ends, it puts itself into `ended`, from a thread.

    With `echo`, what it prints is shown under its name; otherwise `lines` keeps the end of that.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ended: "SimpleQueue[Part]",
        *,
        environment: Mapping[str, str] | None = None,
        echo: bool = False,
    ) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=SHOWN_LINES)
        self._command = command
        self._ended = ended
        self._environment = {**os.environ, **(environment or {})}
        self._echo = echo
        self._process: subprocess.Popen[str] | None = None
        self._watcher: Thread | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the program, in a process group of its own: Ctrl+C is for the cluster alone."""
        self._process = process = subprocess.Popen(
            [*_tie(), *self._command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._watcher = Thread(target=self._watch, args=[process], daemon=True)
        self._watcher.start()

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.terminate()

    def stop(self) -> None:
        """Wait until it has ended; kill it if it doesn't."""
        if self._process is None or self._watcher is None:
            return
        self._watcher.join(GRACE)
        # A group outlives its leader where that was killed and had children.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._watcher.join()

    def how_it_ended(self) -> str:
        status = self._process.poll() if self._process else None
        if status is not None and status < 0:
            return f"{self.name} was ended by {signal.Signals(-status).name}"
        return f"{self.name} ended with status {status}"

    # Private

    def _watch(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                if self._echo:
                    print(f"{self.name}: {line}", end="", flush=True)
                else:
                    self.lines.append(line)
        process.wait()
        self._ended.put(self)


def _tie() -> list[str]:
    """Return what makes a program end with the cluster, even where that is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []

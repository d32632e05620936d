"""The example's cluster, started as a user starts it."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from tests.kit.servers import free_port
from tests.kit.waiting import PATIENCE, until


class Cluster:
    """A running `python -m example_app.cluster`, and what it has printed."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, times: int = 1) -> "re.Match[str]":
        """Wait until so many lines match; return the last of them."""
        self.until(lambda: len(self._found(pattern)) >= times, f"{times} times {pattern!r}")
        return self._found(pattern)[times - 1]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        def is_so() -> bool:
            assert self.process.poll() is None, f"It has ended before {what}:\n{self.log}"
            return condition()

        until(is_so, lambda: f"Waited for {what}, and saw:\n{self.log}")

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def pids(self) -> dict[str, int]:
        """Return the process ids as the greeting told them, by name."""
        found = self._found(r"^  (.*\S) +process (\d+)")
        return {match[1]: int(match[2]) for match in found}

    def end(self) -> int:
        """Wait until it has ended by itself; return its exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    # Private

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    def _found(self, pattern: str) -> "list[re.Match[str]]":
        return [match for line in list(self.lines) if (match := re.search(pattern, line))]


def need_programs() -> None:
    """Skip the test where Redis or nginx is missing; fail in CI."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    for program in ("redis-server", "nginx"):
        if shutil.which(program, path=path) is None:
            (pytest.fail if "CI" in os.environ else pytest.skip)(f"There is no {program}.")


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run the cluster on a free port until it is left, from when it greets."""
    need_programs()
    port = free_port()
    command = [sys.executable, "-m", "example_app.cluster", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        cluster = Cluster(process, port)
        try:
            cluster.wait_for("Try a fault")
            yield cluster
        except BaseException:
            sys.stderr.write(cluster.log + "\n")
            raise
        finally:
            process.terminate()
            cluster.end()

"""The processes of the example's cluster: none is left behind, none is lost silently."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from example_app import ports
from tests.kit import servers
from tests.kit.clusters import need_programs, running_cluster
from tests.kit.waiting import PATIENCE, until


def has_gone(pid: int) -> bool:
    with suppress(FileNotFoundError):
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        # Where process 1 doesn't reap orphans, their entries stay.
        return state == "Z"
    return True


def wait_until_gone(pids: dict[str, int]) -> None:
    until(
        lambda: all(map(has_gone, pids.values())),
        lambda: f"One of {pids} is left.",
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_process_behind(number: signal.Signals) -> None:
    with running_cluster() as cluster:
        pids = cluster.pids()
        assert list(pids) == ["worker 1", "worker 2", "Redis", "nginx"]
        if number == signal.SIGTERM:
            # Not even one that doesn't listen, for which the others wait five seconds.
            os.kill(pids["worker 2"], signal.SIGSTOP)
        cluster.process.send_signal(number)
        assert cluster.end() == 0
        wait_until_gone(pids)


def test_nothing_outlives_a_cluster_that_is_killed() -> None:
    with running_cluster() as cluster:
        pids = cluster.pids()
        cluster.process.kill()
        wait_until_gone(pids)


@pytest.mark.parametrize("name", ["Redis", "nginx"])
def test_it_says_which_part_has_died(name: str) -> None:
    with running_cluster() as cluster:
        pids = cluster.pids()
        os.kill(pids[name], signal.SIGKILL)
        assert cluster.end() == 1
        assert cluster.lines[-1] == f"{name} was ended by SIGKILL. Everything stops."
        wait_until_gone(pids)


def test_a_dead_worker_costs_a_visitor_nothing_and_comes_back() -> None:
    with running_cluster() as cluster:
        os.kill(cluster.pids()["worker 1"], signal.SIGKILL)
        cluster.wait_for("worker 1 was ended by SIGKILL")

        def is_back() -> bool:
            with urlopen(cluster.url, timeout=PATIENCE) as response:
                assert response.headers["X-Worker"] in ("worker 1", "worker 2")
            return any("worker 1 is back" in line for line in cluster.lines)

        cluster.until(is_back, "worker 1 is back")


@pytest.mark.parametrize("free_port", [servers.free_port, ports.free_port])
def test_a_free_port_stays_free_for_its_server(free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)):
            pass


@pytest.mark.parametrize(
    ("module", "goal"), [("example_app", "demo"), ("example_app.cluster", "demo-cluster")]
)
@pytest.mark.parametrize("is_argument", [True, False])
def test_a_taken_port_is_named_with_a_way_out(module: str, goal: str, is_argument: bool) -> None:
    need_programs()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = ["--port", str(port)] if is_argument else []
        second = subprocess.run(
            [sys.executable, "-m", module, *told],
            env={**os.environ, "PORT": "1" if is_argument else str(port)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"Port {port} is taken by another program. Choose another one:"
        f" PORT={port % 65535 + 1} make {goal}"
    )

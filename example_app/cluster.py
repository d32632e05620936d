"""Start the example as several workers that share a Redis, with nginx in front, at one address.

`python -m example_app.cluster`, or `make demo-cluster`. Redis and nginx are the system's programs;
all that they write goes into a temporary folder. Ctrl+C stops everything. A worker that
ends is started again; if another part does, everything stops.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from string import Template
from typing import NoReturn
from urllib.request import ProxyHandler, build_opener

from .addresses import bracketed, family, greeting, network_url
from .parts import Part
from .ports import add_address, free_port, why_not

START_TIMEOUT = 30.0
PAUSE = 1.0
"""Seconds before a worker that has ended is started again."""

TICK = 0.1
PACKAGES = {"redis-server": "redis-server", "nginx": "nginx-light"}
SITE = Path(__file__).with_name("nginx.conf.template")
NGINX = """
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path ${folder}/body;
    proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    include ${folder}/site.conf;
}
"""

# Of this machine's own servers; whatever proxy the environment names has no part in that.
direct = build_opener(ProxyHandler({}))


def main() -> None:
    arguments = read_arguments()
    host, port = arguments.host, arguments.port
    programs = find_programs()
    check_port(host, port)
    with tempfile.TemporaryDirectory(prefix="p2p-cluster-") as folder:
        cluster = Cluster(Path(folder), programs, host, port, arguments.workers)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        try:
            cluster.run()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            cluster.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m example_app.cluster", description=__doc__)
    add_address(parser)
    parser.add_argument("--workers", type=int, default=2, choices=range(1, 17), metavar="N")
    return parser.parse_args()


def find_programs() -> dict[str, str]:
    # nginx is in /usr/sbin, which isn't everybody's PATH.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = {program: shutil.which(program, path=path) for program in PACKAGES}
    missing = [PACKAGES[program] for program, file in found.items() if file is None]
    if missing:
        raise SystemExit(
            f"This needs the system package(s) {' '.join(missing)}:"
            f" sudo apt-get install {' '.join(missing)}"
        )
    return {program: file for program, file in found.items() if file is not None}


def check_port(host: str, port: int) -> None:
    with socket.socket(family(host)) as probe:
        # What is left of closed connections doesn't keep nginx from listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise SystemExit(why_not(error, host, port, "demo-cluster")) from None


class Worker(Part):
    """One server process of the example."""

    def __init__(self, name: str, ended: "SimpleQueue[Part]", environment: dict[str, str]) -> None:
        self.port = free_port()
        self.answers = False
        self.due: float | None = None
        """When it is to be started again, on the monotonic clock."""
        command = [sys.executable, "-m", "example_app", "--port", str(self.port)]
        environment = {**environment, "WORKER": name}
        super().__init__(name, command, ended, environment=environment, echo=True)

    def start(self) -> None:
        self.answers, self.due = False, None
        super().start()


class Cluster:
    """Redis, the workers and nginx."""

    def __init__(
        self, folder: Path, programs: dict[str, str], host: str, port: int, workers: int
    ) -> None:
        self._ended: SimpleQueue[Part] = SimpleQueue()
        self._host, self._port = host, port
        self._redis_port = free_port()
        redis = f"--port {self._redis_port} --bind 127.0.0.1 --dir {folder} --save"
        # No files: what Redis holds here is gone with it.
        command = [programs["redis-server"], *redis.split(), ""]
        self._redis = Part("Redis", command, self._ended)
        environment = {
            "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/0",
            "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_hex(),
            "NETWORK_URL": network_url(host, port),
            "BEHIND_PROXY": "1",
        }
        numbers = range(1, workers + 1)
        self._workers = [Worker(f"worker {each}", self._ended, environment) for each in numbers]
        command = [programs["nginx"], "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self._nginx = Part("nginx", command, self._ended)
        self._write_configuration(folder)

    def run(self) -> NoReturn:
        """Start everything and keep it running, until a signal comes or another part ends."""
        self._redis.start()
        self._wait_for(self._redis, lambda: listens("127.0.0.1", self._redis_port))
        for worker in self._workers:
            worker.start()
        for worker in self._workers:
            self._wait_for(worker, partial(serves, worker.port))
            worker.answers = True
        self._nginx.start()
        self._wait_for(self._nginx, lambda: listens(self._host, self._port))
        self._greet()
        while True:
            self._look_after()

    def stop(self) -> None:
        parts = [self._nginx, *self._workers, self._redis]
        for part in parts:
            part.ask_to_stop()
        for part in parts:
            part.stop()

    # Private

    @property
    def _listen(self) -> str:
        # Where nginx listens on IPv6 only, the greeting would name addresses that lead nowhere.
        both = " ipv6only=off" if self._host == "::" else ""
        return f"{bracketed(self._host)}:{self._port}{both}"

    def _write_configuration(self, folder: Path) -> None:
        servers = [f"server 127.0.0.1:{one.port} fail_timeout=2s" for one in self._workers]
        site = Template(SITE.read_text("utf-8")).safe_substitute(
            LISTEN=self._listen, WORKERS="; ".join(servers)
        )
        (folder / "site.conf").write_text(site, "utf-8")
        (folder / "nginx.conf").write_text(Template(NGINX).substitute(folder=folder), "utf-8")

    def _wait_for(self, part: Part, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not is_ready():
            ended = self._next_ended(TICK)
            if ended:
                raise failure(ended, ended.how_it_ended())
            if time.monotonic() > deadline:
                raise failure(part, f"{part.name} doesn't answer after {START_TIMEOUT:.0f} s")

    def _next_ended(self, timeout: float | None) -> Part | None:
        try:
            return self._ended.get(timeout=timeout)
        except Empty:
            return None

    def _greet(self) -> None:
        print(greeting(self._host, self._port, "everything"))
        for worker in self._workers:
            print(f"  {worker.name}  process {worker.pid}")
        print(f"  Redis     process {self._redis.pid}, redis-cli -p {self._redis_port}")
        print(f"  nginx     process {self._nginx.pid}")
        print(f"Try a fault: kill -9 {self._workers[0].pid}, and watch the chat go on.", flush=True)

    def _look_after(self) -> None:
        """Wait until something ends, or until a worker that has ended is there again."""
        all_well = all(worker.answers for worker in self._workers)
        ended = self._next_ended(None if all_well else TICK)
        if isinstance(ended, Worker) and ended.answers:
            print(f"{ended.how_it_ended()}. It starts again.", flush=True)
            ended.answers, ended.due = False, time.monotonic() + PAUSE
        elif ended:
            raise failure(ended, ended.how_it_ended())
        for worker in self._workers:
            self._revive(worker)

    def _revive(self, worker: Worker) -> None:
        if worker.answers:
            return
        if worker.due is None:
            worker.answers = serves(worker.port)
            if worker.answers:
                print(f"{worker.name} is back: process {worker.pid}.", flush=True)
        elif time.monotonic() >= worker.due:
            worker.start()


def listens(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False


def serves(port: int) -> bool:
    with suppress(OSError), direct.open(f"http://127.0.0.1:{port}/", timeout=1) as response:
        return bool(response.status == 200)
    return False


def failure(part: Part, reason: str) -> SystemExit:
    """Say why everything stops, and what the part has printed last."""
    return SystemExit(f"{''.join(part.lines)}{reason}. Everything stops.")


def _stop(_number: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

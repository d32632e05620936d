"""Real pages in one Chromium: when a newcomer is shown something, and what their talk costs.

`first_ms`: from when a newcomer's script begins to run, which its page has fetched and compiled,
until the first message of the host is shown there; of a bare RTCPeerConnection until its channel is
open. By way: `relay first`, `relay fallback`, and bare ones over a WebSocket and over Socket.IO.

`talking`: a row for each path and size of messages, with the milliseconds of CPU that the server
used for each message from a host to its client (`cpu_ms`), beside those in which nobody spoke.
"""

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from playwright.sync_api import Browser

from benchmarks.data.hall import Guest
from benchmarks.data.rounds import summaries, turns
from benchmarks.pages import Page, running_chromium
from benchmarks.results import Figures, summary
from benchmarks.server import Server, app_command, get, running, take_all_cores

from .costs import SIZES, UNLIMITED, chat_command

if TYPE_CHECKING:
    from . import Effort

MODE = "gevent"
BUILD = Path(__file__).parents[1] / "data/build.mjs"
LEAD_SECONDS = 0.1
CHATTER_MS = 100
BARE = "bare, over a WebSocket"
BARE_SOCKETIO = "bare, over Socket.IO"
FIRST, FALLBACK = '"first"', '"fallback"'
WAYS = {
    FIRST: "/bundles/join_first.js",
    FALLBACK: "/bundles/join_first.js",
    BARE: "/bundles/join_bare.js",
    BARE_SOCKETIO: "/bundles/join_socketio.js",
}
RELAYS = ("first", "fallback")
POLICIES = {"direct": "all", "server": "relay"}


@dataclass(frozen=True)
class Servers:
    """Two of our apps, which differ in ``P2P_RELAY``, and what bare connections signal over."""

    first: Server
    fallback: Server
    socketio: Server
    websocket: Server


def measure(effort: "Effort") -> Figures:
    take_all_cores()
    with running_servers() as servers, running_chromium() as browser:
        return {
            "chromium": browser.version,
            "first_ms": {"a newcomer": _first_words(browser, servers, effort)},
            "chatter_ms": CHATTER_MS,
            "talking": list(_talking(browser, servers.fallback, effort)),
        }


@contextmanager
def running_servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        subprocess.run(["node", str(BUILD), folder], check=True)
        common = UNLIMITED | {"BUNDLES": folder}
        commands = [
            *(app_command(MODE, json.dumps(common | {"P2P_RELAY": relay})) for relay in RELAYS),
            chat_command(MODE),
            ["node", str(BUILD.parent / "relay_server.mjs")],
        ]
        yield Servers(*(stack.enter_context(running(*each, pinned=False)) for each in commands))


class _Greeter(Page):
    def go(self, url: str) -> None:
        super().go(url)
        self._page.wait_for_function("globalThis.bench")

    def wait_until_shown(self, count: int) -> None:
        self._page.wait_for_function("count => bench.shown() >= count", arg=count)


# The first word


class _Entrance:
    """A host that greets, and the page of its newcomers, one after the other."""

    def __init__(self, browser: Browser, servers: Servers, ours: Server) -> None:
        self._servers = servers
        self._app = f"http://{ours.address}"
        self._host = "host"
        self._greeter = _Greeter(browser, f"{self._app}/greeter/lobby/{self._host}", self._host)
        self._greeter.do("bench.isHost")
        page = get(ours.address, "/greeter/lobby/nobody")
        # What the tag of a newcomer's page preloads.
        self._scripts = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
        self._numbers = itertools.count()
        self._newcomer = Guest(browser, self._url(), "newcomer")

    def enter_bare(self) -> None:
        """Let the host's page answer bare newcomers as well."""
        for signaling, url in self._signaling.items():
            options = {"name": self._host, "signaling": signaling, "url": url}
            self._greeter.do("bench.enter", options)

    def arrive(self, script: str) -> float:
        """Return the milliseconds that a newcomer took."""
        name = f"newcomer-{next(self._numbers)}"
        self._newcomer.go(self._url(name))
        ours = ["p2p/frame", *self._scripts] if script.endswith("first.js") else []
        self._newcomer.do("starter.preload", [script, *ours])
        urls = {"bareRelay": self._signaling["websocket"], "chat": self._signaling["socketio"]}
        options = {
            "specifier": script,
            "at": (time.time() + LEAD_SECONDS) * 1_000,
            "hub": self._host,
            "name": name,
            "labels": ["joins"],
        }
        return float(self._newcomer.do("starter.start", options | urls))

    def close(self) -> None:
        self._newcomer.close()
        self._greeter.close()

    @property
    def _signaling(self) -> dict[str, str]:
        socketio, websocket = self._servers.socketio.address, self._servers.websocket.address
        return {"socketio": f"http://{socketio}", "websocket": f"ws://{websocket}"}

    def _url(self, name: str = "newcomer") -> str:
        return f"{self._app}/newcomer/lobby/{name}"


def _first_words(browser: Browser, servers: Servers, effort: "Effort") -> Figures:
    first, fallback = (
        _Entrance(browser, servers, each) for each in (servers.first, servers.fallback)
    )
    first.enter_bare()
    entrances = {name: fallback if name == FALLBACK else first for name in WAYS}
    samples = turns(
        {name: (entrances[name], script) for name, script in WAYS.items()},
        lambda way: way[0].arrive(way[1]),
        effort.newcomers,
    )
    first.close()
    fallback.close()
    return summaries(samples, BARE, BARE_SOCKETIO)


# What their talk costs


def _talking(browser: Browser, server: Server, effort: "Effort") -> Iterator[Figures]:
    for (path, policy), size in itertools.product(POLICIES.items(), SIZES):
        session = f"{path}-{size}"
        host = _Greeter(browser, _talk_url(server, session, "host", policy), "host")
        host.do("bench.isHost")
        client = _Greeter(browser, _talk_url(server, session, "client", policy), "client")
        # Connected as soon as something has come.
        host.do("bench.chatter", {"characters": size, "everyMs": CHATTER_MS})
        client.wait_until_shown(1)
        paths = host.do("bench.paths")
        assert paths == [path], paths
        spoken, silent = [], []
        for _ in range(effort.rounds):
            host.do("bench.speak", True)
            spoken.append(_used(server, client, effort.seconds))
            host.do("bench.speak", False)
            silent.append(_used(server, client, effort.seconds))
        messages = [count for _, count in spoken]
        costs = [cpu / count for cpu, count in spoken]
        yield {
            "path": path,
            "size": size,
            "messages": sum(messages),
            "cpu_ms": summary(costs),
            "silent_ms_per_second": summary([cpu / effort.seconds for cpu, _ in silent]),
            "spoken_ms_per_second": summary([cpu / effort.seconds for cpu, _ in spoken]),
        }
        for page in client, host:
            page.close()


def _talk_url(server: Server, session_id: str, name: str, policy: str) -> str:
    return f"http://{server.address}/greeter/{session_id}/{name}?policy={policy}"


def _used(server: Server, client: _Greeter, seconds: float) -> tuple[float, int]:
    before, shown = server.cpu_ms(), client.do("bench.shown")
    time.sleep(seconds)
    return server.cpu_ms() - before, client.do("bench.shown") - shown

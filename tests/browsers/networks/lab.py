"""Servers in the hub that come and go, and pages that say by which path they are joined."""

import itertools
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.kit.chromium import PATIENCE_MS
from tests.kit.network import HUB, Network
from tests.kit.pages import FRAME, OPTIONS, PAGES
from tests.kit.servers import on, started
from tests.kit.streams import Speaker
from tests.kit.turn import SECRET, turn_command

UNTIL_LISTENING = """
import contextlib, socket, sys
from tests.kit.waiting import until
def listens():
    with contextlib.suppress(OSError), socket.create_connection((sys.argv[1], sys.argv[2]), 1):
        return True
until(listens, "Nobody is listening.")
"""
# Runs before anything else in the page: keeps the paths that it is told of, and when what came.
RECORDER = """(() => {
  const now = () => (performance.timeOrigin + performance.now()) / 1000
  const lab = window.lab = { openedAt: performance.timeOrigin / 1000, paths: [], heard: [] }
  document.addEventListener("p2p:path", ({ detail }) => lab.paths.push({ ...detail, at: now() }))
  document.addEventListener("p2p:message", ({ detail: { type, senderId } }) => {
    if (type === "Data") lab.heard.push([senderId, now()])
  })
})()"""


class Site:
    """The pages' server: it can be killed, and started again on the same port."""

    _ports = itertools.count(5000)

    def __init__(self, network: Network, stack: ExitStack, **flask: Any) -> None:
        self._network = network
        self._stack = stack
        self.port = next(self._ports)
        self.url = f"http://{HUB}:{self.port}"
        # A server and a page that have lost each other find out within the test.
        options = {**OPTIONS, "ping_interval": 1, "ping_timeout": 1}
        pages = {**PAGES, "flask": {**PAGES["flask"], **flask}}
        self._config = json.dumps(on("eventlet", **pages, options=options, host="0.0.0.0"))
        self.start()

    def start(self) -> None:
        arguments = ["-m", "tests.kit.app", self._config, str(self.port)]
        before = self._network.command("hub")
        self._server = self._stack.enter_context(started(lambda _: arguments, before=before))
        wait_until_listening(self._network, self.port)

    def kill(self) -> None:
        """End it at once: it says goodbye to nobody."""
        self._server.process.kill()
        self._server.process.wait()


class Turn:
    """A coturn, which does STUN, too: it can be killed, and started again on the same port."""

    port = 3478
    stun = f"stun:{HUB}:{port}"
    udp = f"turn:{HUB}:{port}?transport=udp"
    tcp = f"turn:{HUB}:{port}?transport=tcp"
    secret = SECRET

    def __init__(self, network: Network, stack: ExitStack) -> None:
        self._network = network
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.start()
        stack.callback(self.kill)

    def start(self) -> None:
        command = turn_command(host=HUB, port=self.port, folder=self._folder)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._network.command("hub", *command),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until_listening(self._network, self.port)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")


def wait_until_listening(network: Network, port: int) -> None:
    """Wait until somebody takes connections at that port of the hub."""
    look = network.command("hub", sys.executable, "-c", UNTIL_LISTENING, HUB, str(port))
    subprocess.run(look, check=True)


# Paths


def wait_for_path(speaker: Speaker, path: str | None, peer_id: str = "") -> None:
    """Wait until a client is joined to its host, or a host to one of its clients, by a path."""
    by = f"""([path, peerId]) =>
      (peerId ? {FRAME}.paths.get(peerId) ?? null : {FRAME}.path) === path"""
    try:
        speaker.page.wait_for_function(by, arg=[path, peer_id], timeout=PATIENCE_MS)
    except Exception as error:
        seen = speaker.page.evaluate(f"""[{FRAME}.state, {FRAME}.path,
          [...{FRAME}.paths ?? []], lab.paths, stream.story]""")
        raise AssertionError(f"{speaker.peer_id} waited for {path}, and saw {seen}") from error


def paths(speaker: Speaker, peer_id: str) -> "list[str | None]":
    """Return the paths to a peer that a page has been told of, in order."""
    told = speaker.page.evaluate("lab.paths")
    return [one["path"] for one in told if one["peerId"] == peer_id]


# Times, all in seconds


def opening_time(speaker: Speaker) -> float:
    """Say how long it took from the opening of the page until it was connected."""
    first = next(event["at"] for event in speaker.story if event["name"] == "connected")
    return round(float(first - speaker.page.evaluate("lab.openedAt")), 3)


def heard_again(speaker: Speaker, sender: Speaker, since: float) -> float:
    """Wait until a message has come after that time; return how long after."""
    first = """([id, since]) =>
      lab.heard.find(([sender, at]) => sender === id && at > since)?.[1]"""
    arg = [sender.peer_id, since]
    found = speaker.page.wait_for_function(first, arg=arg, timeout=PATIENCE_MS)
    return round(float(found.json_value()) - since, 3)


def longest_silence(speaker: Speaker, sender: Speaker, since: float) -> float:
    """Say how long at most nothing came from a peer since that time."""
    longest = """([id, since]) => {
      const times = lab.heard.filter(([sender, at]) => sender === id && at > since)
      return Math.max(...times.map(([, at], index) => at - (times[index - 1]?.[1] ?? since)))
    }"""
    return round(float(speaker.page.evaluate(longest, [sender.peer_id, since])), 3)

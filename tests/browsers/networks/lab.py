"""Servers in the hub, which come and go."""

import itertools
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.kit.network import HUB, Network
from tests.kit.pages import OPTIONS, PAGES
from tests.kit.servers import on, started
from tests.kit.turn import SECRET, turn_command

UNTIL_LISTENING = """
import contextlib, socket, sys
from tests.kit.waiting import until
def listens():
    with contextlib.suppress(OSError), socket.create_connection((sys.argv[1], sys.argv[2]), 1):
        return True
until(listens, "Nobody is listening.")
"""


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

"""The servers of a run: our app with the bundled pages, two bare relays and a PeerServer."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.server import app_command, peer_server_command, running, take_all_cores

HERE = Path(__file__).parent
MODE = "gevent"


@dataclass(frozen=True)
class Servers:
    """Their URLs."""

    app: str
    bare_relay: str
    simple_relay: str
    peer_server: str

    @property
    def to_pages(self) -> dict[str, str]:
        """What the pages call those that they speak to."""
        return {
            "bareRelay": self.bare_relay,
            "simpleRelay": self.simple_relay,
            "peerServer": self.peer_server,
        }


@contextmanager
def running_servers() -> Iterator[Servers]:
    take_all_cores()
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        subprocess.run(["node", str(HERE / "build.mjs"), folder], check=True)
        config = json.dumps({"BUNDLES": folder})
        commands = (
            app_command(MODE, config),
            ["node", str(HERE / "relay_server.mjs")],
            ["node", str(HERE / "relay_server.mjs")],
            peer_server_command(),
        )
        app, bare, simple, peer_server = (
            stack.enter_context(running(*command, pinned=False)).address for command in commands
        )
        yield Servers(f"http://{app}", f"ws://{bare}", f"ws://{simple}", f"http://{peer_server}")

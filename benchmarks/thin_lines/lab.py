"""Two computers with a long line between them, and a browser at each."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from benchmarks.data.servers import HERE, MODE, Servers
from benchmarks.server import app_command, take_all_cores
from tests.browsers.networks.lab import wait_until_listening
from tests.kit.chromium import FLAGS, program
from tests.kit.network import HUB, Network

NEAR, FAR = "hub", "far"
APP_PORT, RELAY_PORT = 5000, 5001
# What can't go directly isn't to go at all: the direct path is what is measured.
CONFIG = {"P2P_RELAY": "off"}


@dataclass(frozen=True)
class Ends:
    """The browsers at the line's ends, and what they find at the near one."""

    near: Browser
    far: Browser
    servers: Servers


@contextmanager
def bundles() -> Iterator[str]:
    """Build the pages' scripts."""
    with TemporaryDirectory() as folder:
        subprocess.run(["node", str(HERE / "build.mjs"), folder], check=True)
        yield folder


@contextmanager
def laid(folder: str, delay: float, loss: float) -> Iterator[Ends]:
    """Lay a line whose packets take so many seconds each way, and of which such a share is lost."""
    take_all_cores()
    with ExitStack() as stack:
        network = stack.enter_context(closing(Network()))
        stack.enter_context(network.bad_link(FAR, delay=delay, loss=loss))
        config = json.dumps(CONFIG | {"BUNDLES": folder})
        relay = ["node", str(HERE / "relay_server.mjs")]
        stack.enter_context(_running(network, app_command(MODE, config), APP_PORT))
        stack.enter_context(_running(network, relay, RELAY_PORT))
        playwright = stack.enter_context(sync_playwright())
        near, far = (
            playwright.chromium.launch(
                executable_path=network.script(
                    name, program() or playwright.chromium.executable_path
                ),
                args=FLAGS,
            )
            for name in (NEAR, FAR)
        )
        stack.callback(near.close)
        stack.callback(far.close)
        servers = Servers(f"http://{HUB}:{APP_PORT}", f"ws://{HUB}:{RELAY_PORT}", "", "")
        yield Ends(near, far, servers)


@contextmanager
def _running(network: Network, command: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        network.command(NEAR, "env", f"LISTEN_ON={HUB}", *command, str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_listening(network, port)
        yield
    finally:
        process.terminate()
        process.wait(10)

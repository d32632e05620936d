"""How large the client is that a page loads."""

import json
import subprocess
from dataclasses import dataclass

from .servers import HERE


@dataclass(frozen=True)
class Size:
    """Bytes after gzip: what is loaded with the page, and what only when it is needed."""

    first: int
    later: int


@dataclass(frozen=True)
class Sizes:
    """The client as it is in static/dist, built anew, and built without socket.io-client."""

    shipped: int
    whole: Size
    without_socket_io: Size


def sizes() -> Sizes:
    command = ["node", str(HERE / "sizes.mjs")]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return Sizes(told["shipped"], Size(**told["whole"]), Size(**told["withoutSocketIo"]))

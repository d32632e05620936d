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
    """The client as it is in static/dist, and built anew with all of socket.io-client, and none.

    Of socket.io-client, what is shipped has only the parts that it uses.
    """

    shipped: Size
    whole: Size
    without_socket_io: Size


def sizes() -> Sizes:
    command = ["node", str(HERE / "sizes.mjs")]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return Sizes(*(Size(**told[each]) for each in ("shipped", "whole", "withoutSocketIo")))

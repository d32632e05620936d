"""How large the client is that a page loads."""

import json
import subprocess
from typing import Any

from .servers import HERE


def sizes() -> Any:
    """Return bytes after gzip, of what is loaded `first`, and `later`, when it is needed.

    Of the client as it is `shipped`, with the parts of socket.io-client that it uses, and built
    anew with all of that (`whole`), and with none (`without_socket_io`).
    """
    command = ["node", str(HERE / "sizes.mjs")]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

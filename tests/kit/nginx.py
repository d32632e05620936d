"""nginx in front of a server, with the example's configuration and one place that it denies."""

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from string import Template

from example_app.cluster import NGINX, SITE
from tests.kit.servers import free_port, listening
from tests.kit.waiting import PATIENCE

DENIED = "    location /admin/ { deny all; }\n"
OFFERED = re.compile(r"^( *)#(?=\S)", re.MULTILINE)
"""What is to be taken away before a line that the configuration only offers."""
UPGRADES = re.compile(r"^ *proxy_(http_version|set_header (Upgrade|Connection)) .*$", re.MULTILINE)
"""The lines that pass WebSockets on."""


@contextlib.contextmanager
def nginx_before(
    port: int, *, with_bounds: bool = False, with_upgrades: bool = True
) -> Iterator[int]:
    """Run nginx before a server until it is left; yield nginx's port.

    With its bounds it has the lines, too, that the example's configuration only offers. Without
    upgrades it passes no WebSocket on, as one that was set up for pages only.
    """
    path = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    assert path is not None
    own = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Template(SITE.read_text("utf-8")).safe_substitute(
            LISTEN=f"127.0.0.1:{own}", WORKERS=f"server 127.0.0.1:{port}"
        )
        site = OFFERED.sub(r"\1", site) if with_bounds else site
        site = site if with_upgrades else UPGRADES.sub("", site)
        before, within, rest = site.partition("    location / {")
        (folder / "site.conf").write_text(before + DENIED + within + rest, "utf-8")
        (folder / "nginx.conf").write_text(Template(NGINX).substitute(folder=name), "utf-8")
        command = [path, "-p", name, "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            listening(process, own)
            yield own
        finally:
            process.terminate()
            process.wait(PATIENCE)

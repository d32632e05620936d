"""On what it was measured: nothing that names the machine or its owner."""

import json
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "flask",
    "flask-socketio",
    "python-socketio",
    "python-engineio",
    "simple-websocket",
    "eventlet",
    "gevent",
    "redis",
)


def others() -> str:
    """Return a line on what our server is compared with and what it runs beside."""
    package = Path(__file__).parents[1] / "node_modules/peer/package.json"
    peer = json.loads(package.read_text())["version"]
    redis = _said(r"v=([0-9.]+)", "redis-server", "--version")
    return f"* peer {peer} on node {_said('v(.*)', 'node', '--version')}, redis-server {redis}"


def description() -> list[str]:
    """Return lines on the processor, the system, Python and the packages."""
    return [
        f"* {os.cpu_count()} cores, {_processor()}",
        f"* {platform.system()} {platform.release().partition('-')[0]}, "
        f"{platform.python_implementation()} {platform.python_version()}",
        "* " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _said(pattern: str, *command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(pattern, done.stdout)
    return found[1] if found else "?"

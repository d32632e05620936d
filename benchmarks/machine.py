"""On what it was measured: nothing that names the machine or its owner."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

SERVER = (
    "flask",
    "flask-socketio",
    "python-socketio",
    "python-engineio",
    "simple-websocket",
    "eventlet",
    "gevent",
    "redis",
)
"""The packages of a server that is measured."""
PROGRAMS = {"node": r"v(.*)", "redis-server": r"v=([0-9.]+)"}


def machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": os.getloadavg()[0],
    }


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return what is installed of Python's packages, npm's and programs, by their names."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    if name in PROGRAMS:
        return _said(PROGRAMS[name], name, "--version")
    package = Path(__file__).parents[1] / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.exists() else version(name)


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

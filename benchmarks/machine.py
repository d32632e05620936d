"""On what it was measured: nothing that names the machine or its owner."""

import os
import platform
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
)


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

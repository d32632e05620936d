"""What a server process takes, as Linux tells it."""

import re
from pathlib import Path


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in use."""
    return 1024 * _figure(pid, "VmRSS")


def thread_count(pid: int) -> int:
    return _figure(pid, "Threads")


def _figure(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])

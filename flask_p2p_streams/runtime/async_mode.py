"""The async mode that fits this process, and whether the standard library is patched for it."""

import os
import sys
import time
from importlib import import_module
from typing import Literal

Patching = Literal["", "missing", "late"]
Patch = Literal["", "eventlet", "gevent"]

_PATCHED: tuple[tuple[Patch, str, str], ...] = (
    ("eventlet", "eventlet.patcher", "is_monkey_patched"),
    ("gevent", "gevent.monkey", "is_module_patched"),
)


def patched_by() -> Patch:
    """Return which library has patched the standard library of this process; empty if none has."""
    for name, module, is_patched in _PATCHED:
        if name in sys.modules and getattr(import_module(module), is_patched)("socket"):
            return name
    return ""


def fitting_async_mode() -> str:
    """Return the async mode that fits this process.

    Flask-SocketIO would choose eventlet wherever it is installed, even if nothing runs its event
    loop. Only a patched standard library is proof that the loop runs.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI"):
        return "threading"
    return patched_by() or "threading"


def patching_problem(async_mode: str) -> Patching:
    """Return what is wrong with the patch of this process: nothing, "missing" or "late".

    It is late if redis was imported before, and holds a blocking function of the unpatched library.
    """
    for name, _, _ in _PATCHED:
        if async_mode.startswith(name):
            if patched_by() != name:
                return "missing"
            return "late" if _redis_came_first() else ""
    return ""


def _redis_came_first() -> bool:
    # redis.retry has `from time import sleep`, so it keeps the function that it got at its import.
    taken = getattr(sys.modules.get("redis.retry"), "sleep", None)
    return taken is not None and taken is not time.sleep

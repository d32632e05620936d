"""Renews what a forked process must not share with its parent."""

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object that belongs to one process, but is copied by a fork."""

    def after_fork(self) -> None:
        """Make new whatever the parent process goes on to use."""


_things: "WeakSet[Forked]" = WeakSet()


def renew_after_fork(thing: Forked) -> None:
    """Call ``thing.after_fork()`` in each process that is forked while the object lives."""
    _things.add(thing)


def _renew() -> None:
    for thing in list(_things):
        thing.after_fork()


# One function is registered for all objects, as it can't be removed. Windows has no forks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""Renews what a forked process must not share with its parent."""

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """Something that a fork copies, though it is one process's own."""

    def after_fork(self) -> None:
        """Make anew what the other process goes on to use."""


_things: "WeakSet[Forked]" = WeakSet()


def renew_after_fork(thing: Forked) -> None:
    """Call ``thing.after_fork()`` in each process that is forked while the thing lives."""
    _things.add(thing)


def _renew() -> None:
    for thing in list(_things):
        thing.after_fork()


# Once for all of them: what is registered there stays there. Windows forks nothing.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

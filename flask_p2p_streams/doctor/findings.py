"""What a check is given, and what it returns."""

from dataclasses import dataclass
from typing import Any, Literal

from flask import Flask

from ..config import Config
from ..stores.session_store import SessionStore
from ..stores.worker_registry import WorkerEntry
from ..transport.message_queue import has_queue

Level = Literal["error", "warning", "ok"]


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``check`` is the name of the check."""

    level: Level
    check: str
    problem: str
    hint: str = ""

    @property
    def text(self) -> str:
        """Return the problem and a hint in one line."""
        return " ".join(f"{self.problem} {self.hint}".split())


@dataclass(frozen=True)
class CheckContext:
    """What a check is given: an app, and its workers that are alive."""

    app: Flask
    config: Config
    server: Any
    store: SessionStore
    workers: tuple[WorkerEntry, ...] = ()

    @property
    def has_queue(self) -> bool:
        """Whether the app's Socket.IO server has a message queue."""
        return has_queue(self.server)

    @property
    def async_modes(self) -> set[str]:
        """The async modes of the workers, and of the app in this process."""
        return {self.server.async_mode, *(entry.async_mode for entry in self.workers)}

    @property
    def names(self) -> str:
        """The workers' names in one text."""
        return ", ".join(entry.name for entry in self.workers)

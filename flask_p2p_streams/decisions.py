"""What the rules of a session decide."""

from dataclasses import dataclass
from typing import TypeAlias

from .gates import Barred
from .records import Vacated


@dataclass(frozen=True)
class Hosting:
    """The peer is the host; ``opened`` tells whether the session is new."""

    epoch: int
    resumed: bool
    opened: bool = False


@dataclass(frozen=True)
class Following:
    """The peer is a client of ``host``."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Suspected:
    """The peer has lost the host of this epoch, whose socket still seems to be there."""

    epoch: int
    host_sid: str
    host_worker: str | None


@dataclass(frozen=True)
class Waiting:
    """The seat is reserved for a host that has just dropped; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Hostless:
    """There is no host, and this peer may not be one; ``vacated`` if it has been so far."""

    vacated: Vacated | None = None


@dataclass(frozen=True)
class Stale:
    """The one who speaks isn't the host any more; that is ``host``, under ``epoch``."""

    epoch: int
    host: str | None


Joined: TypeAlias = Hosting | Following | Suspected | Waiting | Hostless | Barred

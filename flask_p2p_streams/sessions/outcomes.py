"""What the rules of a session decide."""

from dataclasses import dataclass
from typing import TypeAlias

from .access import Barred
from .host_liveness import Reason
from .record import IDLE_TIMEOUT, Vacated


@dataclass(frozen=True)
class Hosting:
    """The peer is the host; ``opened`` tells whether the session is new.

    ``against`` is why the host before it is gone, if its socket still was there.
    """

    epoch: int
    resumed: bool
    opened: bool = False
    against: Reason | None = None


@dataclass(frozen=True)
class Following:
    """The peer is a client of ``host``."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Suspected:
    """The peer has lost the host of this epoch, whose socket still seems to be there.

    Its page may stand still for ``idle_timeout`` seconds.
    """

    epoch: int
    host_sid: str
    host_worker: str | None
    host: str
    idle_timeout: float = IDLE_TIMEOUT


@dataclass(frozen=True)
class Doubted:
    """The host has been asked and doesn't answer, which isn't enough yet; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Waiting:
    """The seat is reserved for a host that has just dropped; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Hostless:
    """There is no host, and this peer may not be one; ``vacated`` if it has been so far.

    ``against`` is why the host is gone, if its socket still was there.
    """

    vacated: Vacated | None = None
    against: Reason | None = None


@dataclass(frozen=True)
class Stale:
    """The one who speaks isn't the host any more; that is ``host``, under ``epoch``."""

    epoch: int
    host: str | None


Joined: TypeAlias = Hosting | Following | Suspected | Doubted | Waiting | Hostless | Barred

"""What the rules of a session decide."""

from dataclasses import dataclass
from typing import TypeAlias

from ..protocol.errors import ErrorCode
from .host_liveness import Reason
from .record import IDLE_TIMEOUT, Session, Vacated


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
class Barred:
    """The peer may not come in; the fields are those of a ``SignalingError``."""

    code: ErrorCode
    message: str
    retry_after_ms: int | None = None


@dataclass(frozen=True)
class RosterNeeded:
    """Whether the peer may come in depends on who is in the session; look that up, ask again.

    ``session`` is as it was found. Where it ``is_locked``, those count as well that were cut
    off a moment ago.
    """

    session: Session | None
    is_locked: bool


@dataclass(frozen=True)
class OutOfReach:
    """The host is at a worker to which nothing leads from here, if that lives; ask again."""

    host_worker: str


@dataclass(frozen=True)
class Stale:
    """The one who speaks isn't the host any more; that is ``host``, under ``epoch``."""

    epoch: int
    host: str | None


JoinOutcome: TypeAlias = (
    Hosting
    | Following
    | Suspected
    | Doubted
    | Waiting
    | Hostless
    | Barred
    | RosterNeeded
    | OutOfReach
)

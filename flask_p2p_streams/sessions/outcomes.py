"""What the rules of a session decide."""

from dataclasses import dataclass
from typing import TypeAlias

from ..protocol.errors import ErrorCode
from .host_liveness import Reason
from .record import IDLE_TIMEOUT, Session, Vacated


@dataclass(frozen=True)
class Hosting:
    """The peer is the host; ``opened`` tells whether the session is new.

    ``against`` is why the host before it is one no more, if its socket was still open. If it is
    ``repeated``, the peer has the seat already, by the same socket, and nobody else needs to hear.
    """

    epoch: int
    resumed: bool
    opened: bool = False
    against: Reason | None = None
    repeated: bool = False


@dataclass(frozen=True)
class Following:
    """The peer is a client of ``host``."""

    epoch: int
    host: str


@dataclass(frozen=True)
class Suspected:
    """The peer has lost the host of this epoch, whose socket still seems to be open.

    The host's page may stand still for ``idle_timeout`` seconds.
    """

    epoch: int
    host_sid: str
    host_worker: str | None
    host: str
    idle_timeout: float = IDLE_TIMEOUT


@dataclass(frozen=True)
class Doubted:
    """The host hasn't answered, which isn't proof enough yet that it is gone; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Waiting:
    """The seat is reserved for a host that has just dropped; come again."""

    retry_after_ms: int


@dataclass(frozen=True)
class Hostless:
    """There is no host, and this peer may not host; ``vacated`` is who has just lost the seat.

    ``against`` is why the host counts as gone, if its socket was still open.
    """

    vacated: Vacated | None = None
    against: Reason | None = None


@dataclass(frozen=True)
class Barred:
    """The peer may not join; the fields are those of a ``SignalingError``."""

    code: ErrorCode
    message: str
    retry_after_ms: int | None = None


@dataclass(frozen=True)
class RosterNeeded:
    """Whether the peer may join depends on who is in the session; look that up and ask again.

    ``session`` is the session as it was found. If it ``is_locked``, peers that were cut off a
    moment ago count as well.
    """

    session: Session | None
    is_locked: bool


@dataclass(frozen=True)
class OutOfReach:
    """The host is at a worker that can't be reached from here.

    Find out whether that worker still lives, and ask again.
    """

    host_worker: str


@dataclass(frozen=True)
class Stale:
    """The sender isn't the host any more; now ``host`` is, in ``epoch``."""

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

"""A peer asks to join: its token is read, its rate is limited, and the app is asked."""

from dataclasses import dataclass

from ..limits.throttle import Throttle
from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import JoinRequest
from ..sessions.credentials import Seat
from ..sessions.member import Member
from ..tokens import Signer
from .arrivals import Arrivals
from .authorization import Authorizers
from .heartbeat import Heartbeat
from .members import Rooms


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Check a peer that asks to join, before the rules of its session decide."""

    signer: Signer
    throttle: Throttle
    authorizers: Authorizers
    heartbeat: Heartbeat
    rooms: Rooms
    arrivals: Arrivals

    @property
    def asks_app(self) -> bool:
        """Whether the app has functions that are asked at each join."""
        return len(self.authorizers) > 0

    def connect(self, sid: str, auth: object) -> None:
        """Let a new socket join the session that its token names.

        :raises SignalingError: if it may not, or has to come again.
        """
        request = messages.parse_auth(auth)
        member = Member(sid, self.signer.read_token(request.token))
        self.throttle.rejoin(member.session_id, member.peer_id)
        self.heartbeat.appear()
        self._join(member, request)
        self.heartbeat.wake()

    def rejoin(self, sid: str, payload: object) -> Payload:
        """Let an open socket join again, under the token that it came with.

        :raises SignalingError: if it may not, or has to come again.
        """
        request = messages.parse_join(payload)
        member = self.rooms.find(sid)
        if member is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        self.throttle.rejoin(member.session_id, member.peer_id)
        return self._join(member, request)

    def _join(self, member: Member, request: JoinRequest) -> Payload:
        # The app knows nothing of the check page's sessions, in which nobody else can be.
        if not self.signer.is_scratch(member.session_id):
            self.authorizers.ask(member.session_id, member.peer_id)
        member.idle_timeout = request.idle_timeout or member.idle_timeout
        return self.arrivals.join(member, request, self._seat(member, request))

    def _seat(self, member: Member, request: JoinRequest) -> Seat | None:
        if not request.seat:
            return None
        return self.signer.read_seat(request.seat, member.session_id, member.peer_id)

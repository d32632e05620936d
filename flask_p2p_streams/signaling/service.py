"""What the transport calls on each event of a peer: joining, negotiating, leaving."""

from dataclasses import dataclass

from ..protocol.fields import Payload
from ..sessions.member import Member
from .admission import Admission
from .leaving import Leaving
from .members import Room, Rooms
from .negotiation import Negotiation
from .relaying import Relaying
from .roster import RosterKeeping


@dataclass(frozen=True, kw_only=True)
class Signaling:
    """The events that the transport hands on; each method raises ``SignalingError`` to refuse."""

    rooms: Rooms
    admission: Admission
    negotiation: Negotiation
    relaying: Relaying
    leaving: Leaving
    roster: RosterKeeping

    @property
    def asks_app(self) -> bool:
        """Whether the app has functions that are asked at each join; they need its request."""
        return self.admission.asks_app

    def find(self, sid: str) -> tuple[Member | None, Room | None]:
        """Return the member that a socket is, or None, and the room that it is in, or None."""
        member = self.rooms.find(sid)
        return member, None if member is None else self.rooms.room_of(member)

    def connect(self, sid: str, auth: object) -> None:
        """Let a new socket join."""
        self.admission.connect(sid, auth)

    def session_join(self, sid: str, payload: object) -> Payload:
        """Let an open socket join again."""
        return self.admission.rejoin(sid, payload)

    def sdp_offer(self, sid: str, payload: object) -> Payload:
        """Pass an offer on to a client."""
        return self.negotiation.offer(sid, payload)

    def sdp_answer(self, sid: str, payload: object) -> Payload:
        """Pass an answer on to a host."""
        return self.negotiation.answer(sid, payload)

    def ice_candidate(self, sid: str, payload: object) -> Payload:
        """Pass candidates on, either way."""
        return self.negotiation.candidates(sid, payload)

    def relay(self, sid: str, payload: object) -> Payload:
        """Pass a batch of packets on, either way."""
        return self.relaying.relay(sid, payload)

    def session_roster(self, sid: str, payload: object) -> Payload:
        """Keep a host's roster of its peers."""
        return self.roster.keep(sid, payload)

    def session_leave(self, sid: str, payload: object) -> Payload:
        """Let a peer leave that says goodbye."""
        return self.leaving.leave(sid, payload)

    def disconnect(self, sid: str) -> None:
        """Let a peer leave whose socket is lost."""
        self.leaving.disconnect(sid)

"""Who is here: the sockets that this worker holds, and the session of each."""

import threading
from dataclasses import dataclass, field
from urllib.parse import quote

from ..sessions.credentials import EVERYTHING, Role
from ..sessions.presence import Place
from ..sessions.record import IDLE_TIMEOUT
from .negotiation import Negotiations


@dataclass
class Room:
    """The sockets of one session on this worker, and its host as last seen."""

    epoch: int
    host: str
    sids: dict[str, str] = field(default_factory=dict)
    negotiations: Negotiations = field(default_factory=Negotiations)

    def observe(self, epoch: int, host: str) -> None:
        """Take note of a host, unless a later one has been seen."""
        if epoch > self.epoch:
            self.negotiations.clear()
        if epoch >= self.epoch:
            self.epoch, self.host = epoch, host

    def awaits(self, peer_id: str, negotiation: str) -> bool | None:
        """Tell whether the host and a client are at this negotiation; None if at none at all.

        The offers of a host at another worker didn't come by here, so it may.
        """
        if self.host not in self.sids:
            return True
        offer = self.negotiations.offer(peer_id)
        return None if offer is None else offer == negotiation


@dataclass
class Member:
    """One socket, and what its token said; ``room`` is None when released.

    ``place`` is what this worker has kept of its peer last, to change it without a look.
    """

    sid: str
    session_id: str
    peer_id: str
    expires_in: float
    room: Room | None = None
    issued_at: float = 0.0
    first_issued_at: float = 0.0
    closing: int | None = None
    role: Role = EVERYTHING
    idle_timeout: float = IDLE_TIMEOUT
    place: Place | None = None


class Rooms:
    """Every socket of this worker that a token was accepted from.

    A socket is forgotten when it disconnects, a room with its last socket.
    """

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._rooms: dict[str, Room] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return len(self._members)

    @property
    def session_count(self) -> int:
        """The number of sessions that have a socket here."""
        return len(self._rooms)

    def find(self, sid: str) -> Member | None:
        """Return the member that a socket is, or None."""
        return self._members.get(sid)

    def peers_of(self, session_id: str) -> set[str]:
        """Return the peers of a session that have joined it here."""
        with self._mutex:
            room = self._rooms.get(session_id)
            return set() if room is None else set(room.sids)

    def members_of(self, session_id: str, peer_id: str | None = None) -> list[Member]:
        """Return the sockets of a session, or of one of its peers, released ones too."""
        with self._mutex:
            return [
                member
                for member in self._members.values()
                if member.session_id == session_id and peer_id in (None, member.peer_id)
            ]

    def present(self, session_id: str, peer_id: str) -> Member | None:
        """Return the socket by which a peer is in a session, or None."""
        with self._mutex:
            room = self._rooms.get(session_id)
            return None if room is None else self._members.get(room.sids.get(peer_id, ""))

    def joined(self) -> list[Member]:
        """Return the sockets that are in a session."""
        with self._mutex:
            return [member for member in self._members.values() if member.room is not None]

    def enter(self, member: Member, epoch: int, host: str) -> Member | None:
        """Let a member in; return the one whose place it takes, which is out then."""
        with self._mutex:
            room = self._rooms.setdefault(member.session_id, Room(epoch, host))
            room.observe(epoch, host)
            older = self._members.get(room.sids.get(member.peer_id, ""))
            room.sids[member.peer_id] = member.sid
            room.negotiations.forget(member.peer_id)
            member.room = room
            self._members[member.sid] = member
            if older is None or older is member:
                return None
            del self._members[older.sid]
            older.room = None
            return older

    def release(self, member: Member) -> None:
        """Let a member out of its room; its socket may join again."""
        with self._mutex:
            room, member.room = member.room, None
            if room is None or room.sids.get(member.peer_id) != member.sid:
                return
            del room.sids[member.peer_id]
            room.negotiations.forget(member.peer_id)
            if not room.sids:
                self._rooms.pop(member.session_id, None)

    def forget(self, sid: str) -> Member | None:
        """Forget a socket that has gone; return the member that it was, or None."""
        with self._mutex:
            return self._members.pop(sid, None)


def session_room(session_id: str) -> str:
    """Return the Socket.IO room of a session.

    Ids are quoted, so that no session's name can look like another one's peer.
    """
    return f"p2p:{quote(session_id, safe='')}"


def rooms_of(member: Member) -> tuple[str, str]:
    """Return the two Socket.IO rooms of a member."""
    return session_room(member.session_id), peer_room(member.session_id, member.peer_id)


def peer_room(session_id: str, peer_id: str) -> str:
    """Return the Socket.IO room of one peer of a session."""
    return f"{session_room(session_id)}:{quote(peer_id, safe='')}"

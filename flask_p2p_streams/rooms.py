"""Who is here: the sockets that this worker holds, and the session of each."""

import threading
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass
class Room:
    """The sockets of one session on this worker, and its host as last seen."""

    epoch: int
    host: str
    sids: dict[str, str] = field(default_factory=dict)

    def observe(self, epoch: int, host: str) -> None:
        """Take note of a host, unless a later one has been seen."""
        if epoch >= self.epoch:
            self.epoch, self.host = epoch, host


@dataclass
class Member:
    """One socket, and the peer that its token named; ``room`` is None when released."""

    sid: str
    session_id: str
    peer_id: str
    expires_in: float
    room: Room | None = None


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

    def enter(self, member: Member, epoch: int, host: str) -> Member | None:
        """Let a member in; return the one whose place it takes, which is out then."""
        with self._mutex:
            room = self._rooms.setdefault(member.session_id, Room(epoch, host))
            room.observe(epoch, host)
            older = self._members.get(room.sids.get(member.peer_id, ""))
            room.sids[member.peer_id] = member.sid
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


def peer_room(session_id: str, peer_id: str) -> str:
    """Return the Socket.IO room of one peer of a session."""
    return f"{session_room(session_id)}:{quote(peer_id, safe='')}"

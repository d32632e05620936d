"""Who is at this worker: the sockets that it holds, and the session of each."""

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import quote

from ..protocol.errors import ErrorCode, SignalingError
from ..runtime.mutexes import Mutexes
from ..sessions.crowd import Crowd
from ..sessions.member import Member
from .detached import Detached
from .offers import Negotiations


@dataclass
class Room:
    """The sockets of one session at this worker, and the latest host that it knows."""

    epoch: int
    host: str
    sids: dict[str, str] = field(default_factory=dict)
    negotiations: Negotiations = field(default_factory=Negotiations)
    relayed: dict[str, str] = field(default_factory=dict)
    """The link of each client that talks over the server."""

    def observe(self, epoch: int, host: str) -> None:
        """Take note of a host, unless a later one is known."""
        if epoch > self.epoch:
            self.negotiations.clear()
        if epoch >= self.epoch:
            self.epoch, self.host = epoch, host

    def awaits(self, peer_id: str, negotiation: str) -> bool | None:
        """Tell whether the host and a client are in this negotiation; None if they are in none.

        True for a host at another worker, as its offers don't pass through this one.
        """
        if self.host not in self.sids:
            return True
        offer = self.negotiations.offer(peer_id)
        return None if offer is None else offer == negotiation


class Rooms:
    """Every socket of this worker whose token was accepted, and the peers that are detached.

    A socket is forgotten when it disconnects, a room with its last socket.

    :param mutexes: one for each session, for steps that may not run at the same time.
    """

    def __init__(self, detached: Detached, mutexes: Mutexes) -> None:
        self._detached = detached
        self._mutexes = mutexes
        # The first two by socket, the third by session.
        self._members: dict[str, Member] = {}
        self._joined: dict[str, Room] = {}
        self._rooms: dict[str, Room] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return len(self._members)

    @property
    def session_count(self) -> int:
        """The number of sessions that have a socket here."""
        return len(self._rooms)

    # Who is here

    def find(self, sid: str) -> Member | None:
        """Return the member that a socket is, or None."""
        return self._members.get(sid)

    def room_of(self, member: Member) -> Room | None:
        """Return the room that a member is in; None before it has joined and after it has left."""
        return self._joined.get(member.sid)

    def joined(self, sid: str) -> tuple[Member, Room]:
        """Return the member that a socket is, and its room.

        :raises SignalingError: ``not_joined`` if it is in none.
        """
        member, room = self.find(sid), self._joined.get(sid)
        if member is None or room is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        return member, room

    def members(self) -> list[Member]:
        """Return the members that are in a session."""
        with self._mutex:
            return [member for sid, member in self._members.items() if sid in self._joined]

    def hosts(self) -> list[tuple[Member, Room]]:
        """Return the members that are hosts, each with its room."""
        pairs = [(member, self.room_of(member)) for member in self.members()]
        return [(each, room) for each, room in pairs if room and room.host == each.peer_id]

    def peers_of(self, session_id: str) -> set[str]:
        """Return the peers of a session that have joined it at this worker."""
        with self._mutex:
            room = self._rooms.get(session_id)
            return set() if room is None else set(room.sids)

    def members_of(self, session_id: str, peer_id: str | None = None) -> list[Member]:
        """Return the members of a session, or of one of its peers, also those that are detached."""
        with self._mutex:
            return [
                member
                for member in self._members.values()
                if member.session_id == session_id and peer_id in (None, member.peer_id)
            ]

    def present(self, session_id: str, peer_id: str) -> Member | None:
        """Return the member by which a peer is in a session, or None."""
        with self._mutex:
            room = self._rooms.get(session_id)
            return None if room is None else self._members.get(room.sids.get(peer_id, ""))

    def crowd(self, session_id: str) -> Crowd:
        """Return who is in a session, as far as this worker knows."""
        # In this order, as a peer that detaches is counted as detached before it leaves its room.
        here = frozenset(self.peers_of(session_id))
        return Crowd(here, frozenset(self._detached.of(session_id)))

    # Who comes and goes

    def one_at_a_time(self, session_id: str) -> AbstractContextManager[object]:
        """Return the mutex of a session, for joins and for what the app decides about it."""
        return self._mutexes.of(session_id)

    def enter(self, member: Member, epoch: int, host: str) -> Member | None:
        """Put a member into its room; return the older one whose place it takes, or None."""
        with self._mutex:
            room = self._rooms.setdefault(member.session_id, Room(epoch, host))
            room.observe(epoch, host)
            older = self._members.get(room.sids.get(member.peer_id, ""))
            room.sids[member.peer_id] = member.sid
            room.negotiations.forget(member.peer_id)
            self._joined[member.sid] = room
            self._members[member.sid] = member
            if older is None or older is member:
                return None
            del self._members[older.sid]
            self._joined.pop(older.sid, None)
            return older

    def detach(self, member: Member) -> None:
        """Count a member as connected to its host, whose roster doesn't list it yet."""
        self._detached.add(member.session_id, member.peer_id)

    def forget_detached(self, session_id: str, peer_id: str | None = None) -> None:
        """Stop counting a peer as detached, or all peers of a session."""
        self._detached.forget(session_id, peer_id)

    def leave(self, member: Member) -> None:
        """Take a member out of its room; its socket may join again."""
        with self._mutex:
            room = self._joined.pop(member.sid, None)
            if room is None or room.sids.get(member.peer_id) != member.sid:
                return
            del room.sids[member.peer_id]
            room.negotiations.forget(member.peer_id)
            room.relayed.pop(member.peer_id, None)
            if not room.sids:
                self._rooms.pop(member.session_id, None)

    def forget(self, sid: str) -> Member | None:
        """Forget a socket that has gone; return the member that it was, or None."""
        with self._mutex:
            return self._members.pop(sid, None)


def session_room(session_id: str) -> str:
    """Return the Socket.IO room of a session.

    Ids are quoted, so that the id of one session can't look like a peer of another one.
    """
    return f"p2p:{quote(session_id, safe='')}"


def rooms_of(member: Member) -> tuple[str, str]:
    """Return the two Socket.IO rooms of a member."""
    return session_room(member.session_id), peer_room(member.session_id, member.peer_id)


def peer_room(session_id: str, peer_id: str) -> str:
    """Return the Socket.IO room of one peer of a session."""
    return f"{session_room(session_id)}:{quote(peer_id, safe='')}"

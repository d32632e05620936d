"""The comings and goings of peers: seen from sockets and rosters, and told to the app once.

What is known of a peer is kept in the store, and changed in one atomic step. So if several
workers notice the same, only one of them tells the app.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from ..protocol.errors import SignalingError
from ..sessions import presence, rosters
from ..sessions.member import Member
from ..sessions.presence import Change, News, Place, PlaceRule
from ..sessions.record import IDLE_TIMEOUT
from ..sessions.rosters import GONE, SETTLING, Roster
from .absences import LOOK, Absences, Leaving
from .announcements import Announcements
from .participants import Participants
from .places import Places
from .workers import Workers

Rule: TypeAlias = Callable[..., Change]

JUDGE_SOCKETS: tuple[Rule, ...] = (presence.missed, presence.overdue)
"""The rules that need to know whether a peer's socket is closed."""


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """The comings and goings in the sessions of one app."""

    places: Places
    participants: Participants
    absences: Absences
    workers: Workers
    announcements: Announcements

    def __post_init__(self) -> None:
        self.absences.when_over(self._expire, self._look)

    # Sockets

    def enter(self, member: Member, *, hosts: bool) -> tuple[News, ...]:
        """Take note that a member has joined; return the news for the app."""
        rule = partial(presence.entered, sid=member.sid, worker=self.workers.id, hosts=hosts)
        news = self._moved(member, rule)
        if "joined" in news and not hosts and member.place is not None and member.place.turn > 1:
            # It was here before, and the host's roster may still list it as connected.
            self.participants.unlist(member)
        return news

    def detach(self, member: Member, patience: float) -> None:
        """Let a connected client go; its host has ``patience`` seconds to report it."""
        news = self._moved(member, partial(presence.detached, sid=member.sid))
        self.announcements.attended(member.session_id, member.peer_id, news)
        self.absences.expect(member.session_id, [member.peer_id], patience)

    def leave(self, member: Member, *, may_be_connected: bool) -> None:
        """Take note that a member's socket has gone, or that it has said goodbye."""
        rule = partial(
            presence.cut,
            sid=member.sid,
            worker=self.workers.id,
            may_be_connected=may_be_connected,
            was_told=member.place is not None,
        )
        news = self._moved(member, rule)
        self.announcements.attended(member.session_id, member.peer_id, news)
        if may_be_connected:
            self.absences.expect(member.session_id, [member.peer_id], self.absences.grace)

    # Rosters

    def follow(self, session_id: str, before: Roster, after: Roster) -> None:
        """Take note of a host's new roster, compared with the one before."""
        is_same_host = before.epoch == after.epoch
        rules = _changes(before.peers if is_same_host else {}, after.peers)
        self.absences.expect_no_more(session_id, rosters.present(after))
        absent = rosters.present(before) - after.peers.keys()
        if is_same_host:
            rules.update(dict.fromkeys(absent, presence.missed))
        else:
            # The peers of a former host need time to connect to this one.
            self.absences.expect(session_id, absent, SETTLING)
        self._tell_all(session_id, rules)

    def lose_host(self, session_id: str, idle_timeout: float = IDLE_TIMEOUT) -> None:
        """Take note that a session has lost its host: its clients join again, or have gone.

        ``idle_timeout`` is after how many seconds of silence they notice that.
        """
        try:
            peers = self.participants.reported(session_id)
        except SignalingError:
            # The failure has been logged.
            return
        patience = max(self.absences.grace, SETTLING) + idle_timeout
        self.absences.expect(session_id, peers, patience)

    # The app's decisions

    def remove(self, session_id: str, peer_ids: Collection[str]) -> None:
        """Take note of peers that the app has removed, or whose session it has closed."""
        self.absences.expect_no_more(session_id, peer_ids)
        self._tell_all(session_id, dict.fromkeys(peer_ids, presence.removed))

    # What is due

    def _expire(self, leaving: Leaving) -> None:
        session_id, peer_id, turn = leaving
        self._tell_all(session_id, {peer_id: partial(presence.expired, turn=turn)})

    def _look(self, session_id: str) -> None:
        late = self.absences.pop_late(session_id)
        if not late:
            return
        try:
            gone = late - self.participants.listed(session_id)
        except SignalingError:
            # The failure has been logged.
            self.absences.expect(session_id, late, LOOK)
            return
        self._tell_all(session_id, dict.fromkeys(gone, presence.overdue))

    # The parts

    def _tell_all(self, session_id: str, rules: Mapping[str, Rule]) -> None:
        # In one round trip, as a host may report many peers that nobody else knows of.
        try:
            places = self.places.read_many(session_id, rules)
        except SignalingError:
            # The failure has been logged.
            return
        for peer_id, place in places.items():
            self._tell(session_id, peer_id, rules[peer_id], place)

    def _tell(self, session_id: str, peer_id: str, rule: Rule, known: Place | None) -> None:
        try:
            if rule in JUDGE_SOCKETS:
                rule = partial(rule, closed=self._closed(known))
            news, _ = self._change(session_id, peer_id, rule, known)
        except SignalingError:
            # The failure has been logged.
            return
        self.announcements.attended(session_id, peer_id, news)

    def _closed(self, place: Place | None) -> str | None:
        # If the peer comes back meanwhile, it comes by another socket.
        if place is None or place.state != "here":
            return None
        return None if self.workers.is_open(place.sid, place.worker) else place.sid

    def _moved(self, member: Member, rule: PlaceRule) -> tuple[News, ...]:
        try:
            news, member.place = self._change(
                member.session_id, member.peer_id, rule, member.place
            )
        except SignalingError:
            # The failure has been logged. The peer has joined, or has gone, all the same.
            news, member.place = (), None
        return news

    def _change(
        self, session_id: str, peer_id: str, rule: PlaceRule, known: Place | None
    ) -> tuple[tuple[News, ...], Place | None]:
        changed = self.places.change(session_id, peer_id, rule, known)
        place = changed.place
        if changed.is_new and place is not None and place.state == "leaving":
            self.absences.leave(session_id, peer_id, place.turn)
        return changed.news, place


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for peer, state in after.items():
        was = before.get(peer)
        if state == "connected" and was != "connected":
            rules[peer] = presence.reported
        elif state in GONE and was not in GONE:
            rules[peer] = presence.missed
    return rules

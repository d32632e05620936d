"""Who comes and goes: found out from sockets and rosters, and told to the app once.

What is known of a peer is kept in the store, and changed in one step. So of several workers
that notice the same, one tells it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from ..protocol.errors import SignalingError
from ..runtime.deadlines import Deadlines
from ..runtime.forks import renew_after_fork
from ..sessions import presence, rosters
from ..sessions.presence import News, Place, PlaceRule
from ..sessions.record import IDLE_TIMEOUT
from ..sessions.rosters import GONE, SETTLING, Roster
from ..stores.keys import place_key
from ..stores.session_store import SessionStore
from .announcements import Announcements, Outbox
from .heartbeat import Worker
from .members import Member

TERM = 7 * 86_400
"""Seconds that a place is kept which nobody changes."""
GONE_TERM = 600.0
"""Seconds for which a peer that has gone is still known, should its host tell of it again."""
LOOK = 5.0
"""Seconds between two looks at those that are awaited."""
TRIES = 20
"""How often a place is changed while others change it as well."""

logger = logging.getLogger("flask_p2p_streams")

Leaving = tuple[str, str, int]


class Attendance:
    """The comings and goings in the sessions of one app.

    :param grace: seconds within which a peer comes back unnoticed.
    :param server: Socket.IO's, for what is due later.
    :param now: seconds since 1970.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        store: SessionStore,
        outbox: Outbox,
        worker: Worker,
        announcements: Announcements,
        grace: float,
        server: object,
        now: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._worker = worker
        self._announcements = announcements
        self._grace = grace
        self._now = now
        self._clock = clock
        self._leaving: Deadlines[Leaving] = Deadlines(server, grace, self._expire)
        self._looks: Deadlines[str] = Deadlines(server, LOOK, self._look)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: whoever is awaited is the other process's."""
        # By session, each peer until when it is awaited.
        self._awaited: dict[str, dict[str, float]] = {}
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        """Return how many peers are awaited."""
        with self._mutex:
            return sum(map(len, self._awaited.values()))

    # Sockets

    def enter(self, member: Member, *, hosts: bool) -> tuple[News, ...]:
        """Take in a member that has joined; return what has to be told of it."""
        rule = partial(presence.entered, sid=member.sid, worker=self._worker.id, hosts=hosts)
        news = self._moved(member, rule)
        if "joined" in news and not hosts and member.place is not None and member.place.turn > 1:
            self._disconnect(member)
        return news

    def release(self, member: Member, patience: float) -> None:
        """Let a client that is connected go; its host has so many seconds to tell of it."""
        news = self._moved(member, partial(presence.released, sid=member.sid))
        self._announcements.attended(member.session_id, member.peer_id, news)
        self._await(member.session_id, [member.peer_id], patience)

    def leave(self, member: Member, *, may_be_connected: bool) -> None:
        """Take note that a member's socket has gone, or that it has said goodbye."""
        rule = partial(
            presence.cut,
            sid=member.sid,
            worker=self._worker.id,
            may_be_connected=may_be_connected,
            was_told=member.place is not None,
        )
        news = self._moved(member, rule)
        self._announcements.attended(member.session_id, member.peer_id, news)
        if may_be_connected:
            self._await(member.session_id, [member.peer_id], self._grace)

    # Rosters

    def follow(self, session_id: str, before: Roster, after: Roster) -> None:
        """Take note of what a host tells, beside what was told before."""
        known = before.peers if before.epoch == after.epoch else {}
        rules: dict[str, PlaceRule] = {}
        for peer, state in after.peers.items():
            was = known.get(peer)
            if state == "connected" and was != "connected":
                rules[peer] = presence.reported
            elif state in GONE and was not in GONE:
                rules[peer] = self._missed
        self._await_no_more(session_id, rosters.present(after))
        absent = rosters.present(before) - after.peers.keys()
        if before.epoch == after.epoch:
            rules.update(dict.fromkeys(absent, self._missed))
        else:
            # Those of a former host have to get connected to this one first.
            self._await(session_id, absent, SETTLING)
        self._tell_all(session_id, rules)

    def lose_host(self, session_id: str, idle_timeout: float = IDLE_TIMEOUT) -> None:
        """Take note that a session has no host: its clients come to another one, or have gone.

        ``idle_timeout`` is after how many seconds of silence they notice it.
        """
        try:
            roster = self._store.read_report(session_id)
        except SignalingError:
            # It has been logged.
            return
        patience = max(self._grace, SETTLING) + idle_timeout
        self._await(session_id, rosters.present(roster), patience)

    # The app's decisions

    def remove(self, session_id: str, peer_ids: Collection[str]) -> None:
        """Put out peers that the app has removed, with whose session it has closed."""
        self._await_no_more(session_id, peer_ids)
        self._tell_all(session_id, dict.fromkeys(peer_ids, presence.removed))

    def knows(self, session_id: str, peer_id: str) -> bool:
        """Tell whether a peer is in a session, or was a moment ago."""
        try:
            place = Place.from_text(self._store.guarded.read(place_key(session_id, peer_id)))
        except SignalingError:
            return False
        return place is not None and place.is_taken

    # What is due

    def _expire(self, leaving: Leaving) -> None:
        session_id, peer_id, turn = leaving
        self._tell_all(session_id, {peer_id: partial(presence.expired, turn=turn)})

    def _look(self, session_id: str) -> None:
        late = self._pop_late(session_id)
        if not late:
            return
        try:
            gone = late - self._listed(session_id)
        except SignalingError:
            # It has been logged.
            self._await(session_id, late, LOOK)
            return
        self._tell_all(session_id, dict.fromkeys(gone, self._overdue))

    def _pop_late(self, session_id: str) -> set[str]:
        now = self._clock()
        with self._mutex:
            awaited = self._awaited.get(session_id, {})
            late = {peer for peer, until in awaited.items() if until <= now}
            for peer in late:
                del awaited[peer]
            if not awaited:
                self._awaited.pop(session_id, None)
        if awaited:
            self._looks.put(session_id)
        return late

    def _listed(self, session_id: str) -> set[str]:
        session = self._store.read(session_id)
        roster = self._store.read_report(session_id)
        is_kept = rosters.holds(roster, session, self._now(), self._grace)
        return rosters.present(roster) if is_kept and not self._worker.has_lost(session) else set()

    def _await(self, session_id: str, peer_ids: Iterable[str], patience: float) -> None:
        until = self._clock() + patience
        longer = dict.fromkeys(peer_ids, until)
        if not longer:
            return
        with self._mutex:
            is_first = session_id not in self._awaited
            awaited = self._awaited.setdefault(session_id, {})
            for peer in longer:
                awaited[peer] = max(until, awaited.get(peer, until))
        if is_first:
            self._looks.put(session_id)

    def _await_no_more(self, session_id: str, peer_ids: Iterable[str]) -> None:
        with self._mutex:
            awaited = self._awaited.get(session_id, {})
            for peer in peer_ids:
                awaited.pop(peer, None)
            if not awaited:
                self._awaited.pop(session_id, None)

    # The parts

    def _disconnect(self, member: Member) -> None:
        # It has been here before, and its host may not have told yet that it went.
        try:
            roster = self._store.read_report(member.session_id)
            if roster.peers.get(member.peer_id) != "connected":
                return
            peers = {**roster.peers, member.peer_id: "negotiating"}
            self._store.write_roster(member.session_id, peers, member.expires_in, roster.epoch)
        except SignalingError:
            # It has been logged.
            return

    def _missed(self, place: Place | None) -> presence.Change:
        return presence.missed(place, self._is_open)

    def _overdue(self, place: Place | None) -> presence.Change:
        return presence.overdue(place, self._is_open)

    def _is_open(self, place: Place) -> bool:
        if place.worker == self._worker.id:
            return self._outbox.is_here(place.sid, place.worker)
        return self._worker.is_alive(place.worker)

    def _moved(self, member: Member, rule: PlaceRule) -> tuple[News, ...]:
        news, member.place = self._change(member.session_id, member.peer_id, rule, member.place)
        return news

    def _tell(self, session_id: str, peer_id: str, rule: PlaceRule, known: Place | None) -> None:
        news, _ = self._change(session_id, peer_id, rule, known)
        self._announcements.attended(session_id, peer_id, news)

    def _tell_all(self, session_id: str, rules: Mapping[str, PlaceRule]) -> None:
        # In one look, for a host may tell of many whom nobody else knows of.
        try:
            texts = self._store.guarded.read_many([place_key(session_id, peer) for peer in rules])
        except SignalingError:
            # It has been logged.
            return
        for (peer, rule), text in zip(rules.items(), texts, strict=True):
            if text is not None:
                self._tell(session_id, peer, rule, Place.from_text(text))

    def _change(
        self, session_id: str, peer_id: str, rule: PlaceRule, known: Place | None = None
    ) -> tuple[tuple[News, ...], Place | None]:
        try:
            return self._changed(session_id, peer_id, rule, known)
        except SignalingError:
            # It has been logged. The peer is in, or has gone, all the same.
            return (), None

    def _changed(
        self, session_id: str, peer_id: str, rule: PlaceRule, known: Place | None
    ) -> tuple[tuple[News, ...], Place | None]:
        # What is known is right as a rule, and saves a look.
        key, text = place_key(session_id, peer_id), None if known is None else known.to_text()
        for tries in range(TRIES):
            before = Place.from_text(text)
            after, news = rule(before)
            if after is None or after is before:
                if tries or known is not None:
                    return news, before
            elif self._store.guarded.replace(key, text, after.to_text(), _term(after)):
                self._note(session_id, peer_id, after)
                return news, after
            text = self._store.guarded.read(key)
        logger.error(
            "The place of a peer was changed by others %d times in a row, so that the app isn't "
            "told what became of it. Something joins again and again under one id.",
            TRIES,
        )
        return (), None

    def _note(self, session_id: str, peer_id: str, place: Place) -> None:
        if place.state != "leaving":
            return
        leaving = session_id, peer_id, place.turn
        if self._grace > 0:
            self._leaving.put(leaving)
        else:
            self._expire(leaving)


def _term(place: Place) -> float:
    return TERM if place.is_taken else GONE_TERM

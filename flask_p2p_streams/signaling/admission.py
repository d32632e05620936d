"""Who is let in, and as what: the joining of a peer."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from ..config import Config
from ..metrics import Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import JoinRequest
from ..runtime.identity import Identity
from ..runtime.mutexes import Mutexes
from ..sessions import rosters
from ..sessions.access import Barred, Pass
from ..sessions.hosting import lose_if_gone
from ..sessions.joining import HOSTLESS_RETRY_MS, Candidacy, join
from ..sessions.outcomes import Doubted, Following, Hosting, Hostless, Joined, Suspected, Waiting
from ..sessions.record import Session, at_present
from ..stores.session_store import SessionStore
from ..tokens import Signer
from .announcements import Announcements, Outbox
from .attendance import Attendance
from .authorization import Authorizers
from .detached import Released
from .host_probe import Finding, Probes
from .members import Member, Rooms, rooms_of

logger = logging.getLogger("flask_p2p_streams")

REMOVED = (ErrorCode.FORBIDDEN, ErrorCode.SESSION_EXPIRED)
"""What is told to whom the app has removed, whose session it has closed or whose time is over."""


class Admission:
    """Let members into the sessions of an app, or say why not."""

    def __init__(
        self,
        config: Config,
        signer: Signer,
        store: SessionStore,
        rooms: Rooms,
        released: Released,
        authorizers: Authorizers,
        announcements: Announcements,
        outbox: Outbox,
        probes: Probes,
        attendance: Attendance,
        metrics: Metrics,
        locks: Mutexes,
        identity: Identity,
        is_out_of_reach: Callable[[Session | None], bool],
        has_lost: Callable[[Session | None], bool],
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._signer = signer
        self._store = store
        self._rooms = rooms
        self._released = released
        self._authorizers = authorizers
        self._announcements = announcements
        self._outbox = outbox
        self._probes = probes
        self._attendance = attendance
        self._metrics = metrics
        self._joining = locks
        self._identity = identity
        self._is_out_of_reach = is_out_of_reach
        self._has_lost = has_lost
        self._now = now

    def join(self, member: Member, request: JoinRequest) -> Payload:
        """Let a member in and tell all whom it concerns; return the answer to its join.

        :raises SignalingError: if it may not come in, or has to come again.
        """
        self._authorizers.ask(member.session_id, member.peer_id)
        member.idle_timeout = request.idle_timeout or member.idle_timeout
        # The rooms come first: a notice to a host that is elected this instant must find it.
        was_in = member.room is not None
        self._outbox.enter(member.sid, *rooms_of(member))
        try:
            decision, replaced = self._admit(member, request)
        except SignalingError as error:
            # Who is in and may be so no longer is out of its rooms from now on: by that this
            # worker sees that its socket has to go.
            if not was_in or error.code in REMOVED:
                self._outbox.leave(member.sid, *rooms_of(member))
            raise
        if replaced is not None:
            self._replace(replaced)
        # Before the host's offer comes, which an older socket of the peer would take.
        self._replace_elsewhere(member)
        answer = self._welcome(member, decision, request)
        self._settle(member)
        return answer

    def _admit(
        self, member: Member, request: JoinRequest
    ) -> tuple[Hosting | Following, Member | None]:
        decision, replaced = self._attempt(member, request)
        if isinstance(decision, Suspected):
            suspected, finding = decision, self._probes.ask(member.session_id, decision)
            if finding.verdict == "unknown":
                raise _come_again("The host does not answer, and may still be there.")
            decision, replaced = self._attempt(member, request, suspected, finding)
            _log_against(member, suspected, decision)
        if isinstance(decision, (Hosting, Following)):
            return decision, replaced
        if isinstance(decision, Suspected):
            raise _come_again("The host has changed its place meanwhile.")
        if isinstance(decision, Hostless) and decision.vacated is not None:
            self._announcements.unseated(member.session_id, decision.vacated)
            self._attendance.lose_host(member.session_id)
            self._replace_older(member)
        raise _refusal(decision)

    def _attempt(
        self,
        member: Member,
        request: JoinRequest,
        suspected: Suspected | None = None,
        finding: Finding | None = None,
    ) -> tuple[Joined, Member | None]:
        # One lock around both, so that of two sockets of one peer the later one stays,
        # and that no two of them get the last place.
        with self._joining.of(member.session_id):
            candidacy = self._candidacy(member, request)
            if suspected is not None and finding is not None:
                candidacy = _informed(candidacy, suspected, finding)
            decision = self._decide(candidacy, member)
            if not isinstance(decision, (Hosting, Following)):
                return decision, None
            host = decision.host if isinstance(decision, Following) else member.peer_id
            return decision, self._rooms.enter(member, decision.epoch, host)

    def _decide(self, candidacy: Candidacy, member: Member) -> Joined:
        def rule(session: Session | None) -> tuple[Session | None, Joined]:
            if candidacy.seat is None and self._is_out_of_reach(session):
                raise _come_again("The host is at another worker, which isn't reached from here.")
            present = lose_if_gone(session, self._outbox.is_here, candidacy.now)
            return join(present, replace(candidacy, ticket=self._pass(member, present)))

        return self._store.update(candidacy.session_id, rule, member.expires_in)

    def _candidacy(self, member: Member, request: JoinRequest) -> Candidacy:
        seat = request.seat and self._signer.read_seat(
            request.seat, member.session_id, member.peer_id
        )
        return Candidacy(
            session_id=member.session_id,
            peer_id=member.peer_id,
            sid=member.sid,
            now=self._now(),
            grace=self._config.host_grace,
            worker=self._identity.worker_id,
            seat=seat or None,
            lost_epoch=request.lost_epoch,
            witnesses=self._witnesses(member.session_id, request.lost_epoch),
            idle_timeout=member.idle_timeout,
            kept_for=member.expires_in,
            page_since=member.first_issued_at,
        )

    def _witnesses(self, session_id: str, lost_epoch: int | None) -> frozenset[str]:
        if lost_epoch is None:
            return frozenset()
        return rosters.connected(self._store.read_report(session_id), lost_epoch)

    def _pass(self, member: Member, session: Session | None) -> Pass:
        nearby = self._nearby(member.session_id, session)

        def present() -> Collection[str]:
            roster = self._store.read_report(member.session_id)
            if not rosters.holds(roster, session, self._now(), self._config.host_grace):
                return nearby
            if self._has_lost(session):
                # Nobody keeps the roster of a host that went with its worker.
                return self._rooms.peers_of(member.session_id)
            return nearby | rosters.present(roster)

        def known() -> Collection[str]:
            here = nearby | self._store.read_roster(member.session_id).keys()
            # The roster of a new host doesn't name those yet that have lost the former one.
            is_known = self._attendance.knows(member.session_id, member.peer_id)
            return here | ({member.peer_id} if is_known else set())

        return Pass(
            issued_at=member.issued_at,
            closing=member.closing,
            role=member.role,
            max_peers=self._config.max_peers,
            nearby=len(nearby),
            present=present,
            known=known,
        )

    def _nearby(self, session_id: str, session: Session | None) -> set[str]:
        here = self._rooms.peers_of(session_id)
        if session is None or self._at_present(session).host is None:
            # Whoever was connected to a host that has gone comes again, or isn't there.
            return here
        # Whoever is released is counted as such before it leaves its room.
        return here | self._released.of(session_id)

    def _at_present(self, session: Session) -> Session:
        return at_present(session, self._now(), self._config.host_grace)

    def _replace_older(self, member: Member) -> None:
        for each in self._rooms.members_of(member.session_id, member.peer_id):
            if each is not member:
                self._replace(each)

    def _replace(self, older: Member) -> None:
        self._outbox.leave(older.sid, *rooms_of(older))
        self._dismiss(older.sid)

    def _replace_elsewhere(self, member: Member) -> None:
        if self._outbox.is_alone:
            return
        try:
            older = self._store.exchange_sid(member.session_id, member.peer_id, member.sid)
        except SignalingError:
            # It has been logged. The peer is in, and an older socket of it harms only itself.
            return
        if older is not None:
            self._dismiss(older)

    def _dismiss(self, sid: str) -> None:
        self._announcements.replaced(sid)
        self._outbox.close(sid)

    def _welcome(
        self, member: Member, decision: Hosting | Following, request: JoinRequest
    ) -> Payload:
        hosts = isinstance(decision, Hosting)
        news = self._attendance.enter(member, hosts=hosts)
        if isinstance(decision, Hosting):
            if not decision.resumed:
                self._metrics.elected()
            return self._announcements.hosting(member, decision, news)
        connected = request.connected_epoch == decision.epoch
        return self._announcements.following(member, decision, news, connected=connected)

    def _settle(self, member: Member) -> None:
        """Leave the place to the socket that the peer has by now.

        A newer one may have come, or this one gone, before the place was taken: then nobody
        would ever give it up.
        """
        last = member
        while (present := self._rooms.present(member.session_id, member.peer_id)) is not last:
            if present is None:
                self._attendance.leave(last, may_be_connected=False)
                return
            hosts = present.room is not None and present.room.host == present.peer_id
            news = self._attendance.enter(present, hosts=hosts)
            self._announcements.attended(present.session_id, present.peer_id, news)
            last = present


def _informed(candidacy: Candidacy, suspected: Suspected, finding: Finding) -> Candidacy:
    if finding.verdict == "lives":
        return replace(candidacy, vouched=suspected.host_sid)
    if finding.verdict == "silent":
        return replace(candidacy, silent=suspected.host_sid, silence=finding.silence)
    return candidacy


def _log_against(member: Member, suspected: Suspected, decision: Joined) -> None:
    against = decision.against if isinstance(decision, (Hosting, Hostless)) else None
    if against is not None:
        logger.info(
            "Session %r, epoch %d: host %r is gone, though its socket is open (%s).",
            member.session_id,
            suspected.epoch,
            suspected.host,
            against,
        )


def _refusal(decision: Waiting | Doubted | Hostless | Barred) -> SignalingError:
    if isinstance(decision, Barred):
        return SignalingError(
            decision.code,
            decision.message,
            hint=_HINTS.get(decision.code),
            retry_after_ms=decision.retry_after_ms,
        )
    if isinstance(decision, Hostless):
        return _come_again("The session has no host, and this peer may not be it.")
    if isinstance(decision, Doubted):
        text = "The host does not answer, and others may still hear it."
        return _come_again(text, decision.retry_after_ms)
    return _come_again(
        "The host has just dropped; its seat is reserved for a moment.", decision.retry_after_ms
    )


def _come_again(message: str, retry_after_ms: int = HOSTLESS_RETRY_MS) -> SignalingError:
    hint = "Wait retry_after_ms and join again; the client does so by itself."
    return SignalingError(ErrorCode.UNAVAILABLE, message, hint=hint, retry_after_ms=retry_after_ms)


_HINTS = {
    ErrorCode.FORBIDDEN: "Ask whoever runs the session.",
    ErrorCode.UNAVAILABLE: "Wait until then; the client joins again by itself.",
}

"""Decides on a join: asks the rules, and looks up what they need to know."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..config import Config
from ..protocol.messages import JoinRequest
from ..sessions.candidacy import Candidacy
from ..sessions.credentials import Seat
from ..sessions.hosting import lose_if_gone
from ..sessions.joining import join, out_of_reach
from ..sessions.member import Member
from ..sessions.outcomes import Hosting, Hostless, JoinOutcome, OutOfReach, RosterNeeded, Suspected
from ..sessions.record import Session
from ..stores.session_store import SessionStore
from .host_probe import Finding, HostProbe
from .participants import Participants
from .refusals import come_again
from .workers import Workers

logger = logging.getLogger("flask_p2p_streams")


@dataclass(frozen=True)
class Probed:
    """A host that a peer has lost, and what was found out when it was asked whether it lives."""

    suspected: Suspected
    finding: Finding


@dataclass(frozen=True, kw_only=True)
class JoinDecisions:
    """Decide on joins, and write the outcome to the store.

    :param now: seconds since 1970.
    """

    config: Config
    store: SessionStore
    participants: Participants
    workers: Workers
    probe: HostProbe
    now: Callable[[], float] = time.time

    def decide(
        self, member: Member, request: JoinRequest, seat: Seat | None, probed: Probed | None = None
    ) -> JoinOutcome:
        """Decide whether a member hosts, becomes a client or has to come again.

        :raises SignalingError: if its host can't be reached from here, or the store fails.
        """
        candidacy = self._candidacy(member, request, seat)
        informed = candidacy if probed is None else _informed(candidacy, probed)
        outcome = self._decide(informed)
        _log_against(member, probed, outcome)
        return outcome

    def ask_host(self, session_id: str, suspected: Suspected) -> Probed:
        """Ask a host that a member has lost whether it lives; this may take a second.

        :raises SignalingError: ``unavailable`` if nobody can tell.
        """
        finding = self.probe.ask(session_id, suspected)
        if finding.verdict == "unknown":
            raise come_again("The host does not answer, and may still be there.")
        return Probed(suspected, finding)

    # The parts

    def _candidacy(self, member: Member, request: JoinRequest, seat: Seat | None) -> Candidacy:
        return Candidacy(
            member=member,
            now=self.now(),
            grace=self.config.host_grace,
            worker=self.workers.id,
            is_cut_off=self.workers.is_cut_off,
            seat=seat,
            lost_epoch=request.lost_epoch,
            connected_epoch=request.connected_epoch,
            witnesses=self.participants.witnesses(member.session_id, request.lost_epoch),
            unreached_epoch=request.unreached_epoch,
            roster=self.participants.roster(member.session_id, request.unreached_epoch),
            max_peers=self.config.max_peers,
            crowd=self.participants.crowd(member.session_id),
        )

    def _decide(self, candidacy: Candidacy) -> JoinOutcome:
        outcome, found = self._ask_rules(candidacy)
        if isinstance(outcome, OutOfReach):
            candidacy = self._beyond(candidacy, outcome)
            outcome, found = self._ask_rules(candidacy, found)
        if isinstance(outcome, RosterNeeded):
            report = self.participants.report(candidacy.member, outcome)
            candidacy = replace(candidacy, crowd=replace(candidacy.crowd, report=report))
            outcome, _ = self._ask_rules(candidacy, found)
        return outcome

    def _beyond(self, candidacy: Candidacy, out: OutOfReach) -> Candidacy:
        if self.workers.is_alive(out.host_worker):
            raise come_again("The host is at another worker, which isn't reached from here.")
        return replace(candidacy, dead_worker=out.host_worker)

    def _ask_rules(
        self, candidacy: Candidacy, known: Session | None = None
    ) -> tuple[JoinOutcome, Session | None]:
        """Return what the rules decide, and the session as they found it."""

        def rule(
            session: Session | None,
        ) -> tuple[Session | None, tuple[JoinOutcome, Session | None]]:
            after, outcome = self._joined(session, candidacy)
            return after, (outcome, session)

        return self.store.update(candidacy.session_id, rule, candidacy.token.expires_in, known)

    def _joined(
        self, session: Session | None, candidacy: Candidacy
    ) -> tuple[Session | None, JoinOutcome]:
        unreached = out_of_reach(session, candidacy)
        if unreached is not None:
            return session, unreached
        is_here = self.workers.holds_host(session)
        return join(lose_if_gone(session, is_here, candidacy.now), candidacy)


def _informed(candidacy: Candidacy, probed: Probed) -> Candidacy:
    sid, finding = probed.suspected.host_sid, probed.finding
    if finding.verdict == "lives":
        return replace(candidacy, vouched=sid)
    if finding.verdict == "silent":
        return replace(candidacy, silent=sid, silence=finding.silence)
    return candidacy


def _log_against(member: Member, probed: Probed | None, outcome: JoinOutcome) -> None:
    against = outcome.against if isinstance(outcome, (Hosting, Hostless)) else None
    if against == "unreached":
        text = "Session %r: host %r follows one that too few of its clients could reach."
        logger.info(text, member.session_id, member.peer_id)
    elif against is not None and probed is not None:
        logger.info(
            "Session %r, epoch %d: host %r is gone, though its socket is open (%s).",
            member.session_id,
            probed.suspected.epoch,
            probed.suspected.host,
            against,
        )

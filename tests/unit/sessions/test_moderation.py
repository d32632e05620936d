import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.limits.budgets import CLOCK_SKEW
from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import Role, Seat
from flask_p2p_streams.sessions.crowd import Crowd, Report
from flask_p2p_streams.sessions.hosting import leave, lose
from flask_p2p_streams.sessions.joining import join
from flask_p2p_streams.sessions.moderation import close, kick, lock, unban
from flask_p2p_streams.sessions.outcomes import Following, Hosting, Hostless
from flask_p2p_streams.sessions.record import Session, Vacated
from flask_p2p_streams.sessions.rosters import Roster
from tests.kit.candidates import candidate

NOW = 1_700_000_000.0
FRESH = 1_700_000_000_000
HOSTED = Session("room", 5, "ann", "sid-a", None, kept_for=600)
RECEIVER = Role(can_host=False)


def who(peer_id: str, **changes: Any) -> Candidacy:
    return candidate(peer_id, **changes)


# Removing


def test_removing_the_host_frees_its_seat_for_good() -> None:
    session, vacated = kick(HOSTED, "room", "ann", NOW, NOW)
    assert vacated == Vacated(5, "ann", "sid-a")
    assert session is not None
    assert (session.host, session.epoch) == (None, FRESH)
    again = join(session, who("ann", seat=Seat("room", "ann", 5)))[1]
    assert again == Hosting(FRESH + 1, resumed=False)


def test_removing_a_client_leaves_the_host() -> None:
    session, vacated = kick(HOSTED, "room", "bob", NOW, NOW + 60)
    assert session is not None
    assert (session.host, vacated) == ("ann", None)
    assert session.access.bans == {"bob": NOW + 60}


def test_removing_from_a_session_that_nobody_has_opened() -> None:
    assert kick(None, "room", "bob", NOW, NOW) == (None, None)
    session, _ = kick(None, "room", "bob", NOW, NOW + 60)
    assert session is not None
    assert join(session, who("ann"))[1] == Hosting(FRESH, resumed=False, opened=True)


def test_lifting_a_ban() -> None:
    session, _ = kick(HOSTED, "room", "bob", NOW, NOW + 60)
    assert unban(session, "bob", NOW) == (HOSTED, True)
    # One that has ended by the clock of this worker may hold by that of another one.
    assert unban(session, "bob", NOW + 60) == (HOSTED, False)
    assert unban(session, "eve", NOW)[0] is session


def test_lifting_a_ban_of_a_session_that_nobody_has_opened() -> None:
    assert unban(None, "bob", NOW) == (None, False)
    session, _ = kick(None, "room", "bob", NOW, NOW + 60)
    after, lifted = unban(session, "bob", NOW)
    assert lifted
    assert join(after, who("bob"))[1] == Hosting(FRESH, resumed=False, opened=True)


# Closing and locking


def test_closing_is_kept_as_long_as_a_token_may_last() -> None:
    session, vacated = close(HOSTED, "room", NOW, 60)
    assert vacated == Vacated(5, "ann", "sid-a")
    assert session.access.keep_until == NOW + 600 + 2 * CLOCK_SKEW
    assert not session.opened
    assert close(None, "room", NOW, 60)[0].access.keep_until == NOW + 60 + 2 * CLOCK_SKEW


def test_a_later_token_opens_it_again() -> None:
    session, _ = close(HOSTED, "room", NOW, 60)
    older = who("ann", issued_at=NOW + 9, closing=0, seat=Seat("room", "ann", 5))
    assert join(session, older)[0] is session
    opened = join(session, who("ann", closing=session.access.closing))[1]
    assert opened == Hosting(FRESH + 1, resumed=False, opened=True)


def test_locking() -> None:
    assert lock(None, "room", False, NOW, 60) == (None, None)
    session, _ = lock(HOSTED, "room", True, NOW, 60)
    assert session is not None
    assert session.access.locked
    assert not lock(session, "room", False, NOW, 60)[0].access.locked  # type: ignore[union-attr]


# Who may not host


def test_who_may_not_host_waits_for_one_who_may() -> None:
    assert join(None, who("bob", role=RECEIVER)) == (None, Hostless())
    assert join(HOSTED, who("bob", role=RECEIVER)) == (HOSTED, Following(5, "ann"))


def test_a_seat_doesn_t_help() -> None:
    seat = Seat("room", "bob", 9)
    assert join(None, who("bob", seat=seat, role=RECEIVER))[1] == Hostless()
    assert join(HOSTED, who("bob", seat=seat, role=RECEIVER))[1] == Following(5, "ann")


@pytest.mark.parametrize("lost_epoch", [None, 5])
def test_nor_that_the_host_is_lost(lost_epoch: int | None) -> None:
    lost = replace(HOSTED, host_sid=None, absent_since=NOW - 9)
    reader = who("bob", role=RECEIVER, lost_epoch=lost_epoch)
    assert join(lost, reader) == (lost, Hostless())


def test_a_host_whose_next_page_may_not_host_gives_way() -> None:
    session, decision = join(HOSTED, who("ann", role=RECEIVER))
    assert decision == Hostless(Vacated(5, "ann", "sid-a"))
    assert session is not None
    assert session.host is None


# Records


def test_the_record_of_an_earlier_version_is_read() -> None:
    fields = ("id", "epoch", "host", "host_sid", "absent_since")
    text = json.dumps({name: getattr(HOSTED, name) for name in fields})
    assert Session.from_text(text) == replace(HOSTED, kept_for=0.0)


def test_access_that_cannot_be_one() -> None:
    record = json.loads(HOSTED.to_text())
    assert Session.from_text(json.dumps({**record, "access": {"locked": 1}})) is None


# Any story

PEERS = ["ann", "bob", "eve"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "join",
                "rejoin",
                "lost",
                "reader",
                "leave",
                "lose",
                "kick",
                "ban",
                "unban",
                "close",
                "lock",
                "unlock",
            ]
        ),
        st.sampled_from(PEERS),
        st.integers(-2, 5),
    ),
    max_size=40,
)


@dataclass
class Story:
    """A session, and what is known of it from outside."""

    session: Session | None = None
    now: float = NOW
    hosts: dict[int, str] = field(default_factory=dict)
    banned: dict[str, float] = field(default_factory=dict)
    closings: int = 0
    issued: dict[str, tuple[int, int]] = field(default_factory=lambda: dict.fromkeys(PEERS, (0, 0)))
    """How often it had been closed when each peer's page was rendered, and what that page knows."""

    def step(self, step: str, peer_id: str, seconds: int) -> None:
        self.now += abs(seconds)
        if seconds < 0:
            known = self.session.access.closing if self.session else 0
            self.issued[peer_id] = (self.closings, known)
        sid = (self.session and self.session.host == peer_id and self.session.host_sid) or "none"
        if step == "leave":
            self.session, _ = leave(self.session, sid)
        elif step == "lose":
            self.session, _ = lose(self.session, sid, self.now)
        elif step in ("kick", "ban"):
            until = self.now + (5 if step == "ban" else 0)
            self.session, _ = kick(self.session, "room", peer_id, self.now, until)
            self.banned[peer_id] = max(self.banned.get(peer_id, 0), until)
        elif step == "unban":
            self.session, lifted = unban(self.session, peer_id, self.now)
            assert lifted == (self.banned.pop(peer_id, 0) > self.now)
        elif step == "close":
            # Each at another worker, whose clock differs by half a minute.
            clock = self.now + 30 * (seconds % 3 - 1)
            self.session, _ = close(self.session, "room", clock, 60)
            self.closings += 1
        elif step.endswith("lock"):
            self.session, _ = lock(self.session, "room", step == "lock", self.now, 60)
        else:
            self.join(step, peer_id)

    def join(self, step: str, peer_id: str) -> None:
        mine = [epoch for epoch, host in self.hosts.items() if host == peer_id]
        asking = who(
            peer_id,
            now=self.now,
            seat=Seat("room", peer_id, max(mine)) if step == "rejoin" and mine else None,
            lost_epoch=self.session.epoch if step == "lost" and self.session else None,
            issued_at=self.now,
            closing=self.issued[peer_id][1],
            role=Role(can_host=step != "reader"),
            crowd=Crowd(frozenset(PEERS[:2]), report=Report(Roster(0, {}))),
        )
        self.session, decision = join(self.session, asking)
        if isinstance(decision, (Hosting, Following)):
            assert self.banned.get(peer_id, 0) <= self.now
            assert self.issued[peer_id][0] == self.closings
        if isinstance(decision, Hosting):
            assert step != "reader"
            assert self.hosts.setdefault(decision.epoch, peer_id) == peer_id


@given(STEPS)
def test_no_two_hosts_of_an_epoch_and_nobody_who_may_not(steps: list[tuple[str, str, int]]) -> None:
    story = Story()
    for step in steps:
        before = story.session.epoch if story.session else 0
        story.step(*step)
        assert story.session is None or story.session.epoch >= before
        text = None if story.session is None else story.session.to_text()
        assert Session.from_text(text) == story.session

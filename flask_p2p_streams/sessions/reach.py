"""When a host is followed by another because its clients don't reach it; no I/O.

A browser behind a strict router may be out of reach for the others, though its socket is open and
it answers the server. A client whose attempt has found no path to it says so when it joins again.
The host is followed by a client that says so, and may host, when

* at least two clients have said it, or the only one that there is; and
* they are more than those that are connected to the host: these show that it can be reached.

A client may say what it likes. So its word counts once, for a short time and for one epoch; who
is connected has no word; a new host first has time to get connected, and every one to say to whom,
also one that is back after a restart of the server; and a session changes its host in this way
only so often. A host that was followed doesn't come back in this way for a while, and as long as
it says that it reaches nobody: otherwise two peers without a path to each other would take turns
for ever.
"""

from collections.abc import Mapping, Set
from dataclasses import replace

from . import rosters
from .candidacy import Candidacy
from .record import Session

UNREACHED_TERM = 40.0
"""Seconds for which a client's word counts: it tries again for up to 15 s before it repeats it."""
UNREACHED_AFTER = 5.0
"""Seconds that a host has after its election, in which it isn't followed for this reason."""
UNREACHED_PAUSE = 1.0
"""Seconds in which a repeated word isn't written again, to spare the store."""
MAX_UNREACHED = 100
"""Words that are kept; a host to which so many clients are connected keeps its seat."""
DEPOSING_PAUSE = 10.0
"""The least seconds between two changes of host for this reason."""
MAX_DEPOSINGS = 5
"""How often a session changes its host for this reason, until it hasn't for ``DEPOSING_REST``."""
DEPOSING_REST = 600.0
"""Seconds: where every host reaches too few, the session doesn't look for a better one for ever."""
DEPOSED_TERM = 60.0
"""Seconds for which a host that was followed isn't elected for this reason."""
MAX_DEPOSED = 20
"""Hosts that were followed, and are remembered; beyond that the oldest is forgotten."""


def noted(session: Session, who: Candidacy) -> Session:
    """Take note that a client doesn't reach the host of the present epoch, if it says so."""
    if not _says_so(session, who):
        return session
    before = session.unreached.get(who.peer_id)
    if before is not None and abs(who.now - before) < UNREACHED_PAUSE:
        return session
    words = _recent(session.unreached, who.now, UNREACHED_TERM)
    if who.peer_id not in words and len(words) >= MAX_UNREACHED:
        return session
    return replace(
        session,
        unreached={**words, who.peer_id: who.now},
        deposed=_still_deposed(session, who),
    )


def is_out_of_reach(session: Session, who: Candidacy) -> bool:
    """Tell whether the client that joins takes the place of a host that too few can reach."""
    if session.host_sid is None or who.peer_id not in session.unreached:
        return False
    if not _says_so(session, who) or not _may_depose(session, who):
        return False
    if who.roster is None or who.roster.epoch != session.epoch:
        return False
    reached = _connected(session, who)
    said = _recent(session.unreached, who.now, UNREACHED_TERM).keys() - reached
    least = 1 if _is_alone(session, who) else 2
    return len(said) >= max(least, len(reached) + 1)


def deposed(session: Session, host: str, now: float) -> Session:
    """Remember who was followed because too few could reach it, and when."""
    peers = {**_recent(session.deposed, now, DEPOSED_TERM), host: now}
    while len(peers) > MAX_DEPOSED:
        del peers[min(peers, key=lambda peer: peers[peer])]
    return replace(session, deposed=peers, deposed_at=now, deposings=_in_a_row(session, now) + 1)


# The parts


def _says_so(session: Session, who: Candidacy) -> bool:
    # A peer that is still connected, or is the host itself, contradicts itself.
    return (
        who.unreached_epoch == session.epoch
        and who.connected_epoch is None
        and session.host not in (None, who.peer_id)
        and who.peer_id not in _connected(session, who)
    )


def _may_depose(session: Session, who: Candidacy) -> bool:
    if who.peer_id in _recent(session.deposed, who.now, DEPOSED_TERM):
        return False
    if who.now - session.epoch / 1000 < UNREACHED_AFTER:
        return False
    if _in_a_row(session, who.now) >= MAX_DEPOSINGS:
        return False
    return abs(who.now - session.deposed_at) >= DEPOSING_PAUSE


def _in_a_row(session: Session, now: float) -> int:
    return session.deposings if abs(now - session.deposed_at) < DEPOSING_REST else 0


def _still_deposed(session: Session, who: Candidacy) -> Mapping[str, float]:
    peers = _recent(session.deposed, who.now, DEPOSED_TERM)
    return {**peers, who.peer_id: who.now} if who.peer_id in peers else session.deposed


def _connected(session: Session, who: Candidacy) -> Set[str]:
    """Return the clients that are connected, by the host's word or by their own."""
    listed = frozenset() if who.roster is None else rosters.connected(who.roster, session.epoch)
    return (listed | (who.crowd.detached - {who.peer_id})) - {session.host}


def _is_alone(session: Session, who: Candidacy) -> bool:
    """Tell whether there is nobody but the host and the client that joins."""
    # Others may be at other workers: the host has told of them.
    listed = set() if who.roster is None else rosters.present(who.roster)
    around = listed | who.crowd.here | who.crowd.detached
    return not around - {session.host, who.peer_id}


def _recent(times: Mapping[str, float], now: float, term: float) -> dict[str, float]:
    return {peer: at for peer, at in times.items() if abs(now - at) <= term}

"""Peers that want to join, as the rules of a session see them."""

import math
from dataclasses import fields, replace
from typing import Any

from flask_p2p_streams.sessions.candidacy import Candidacy
from flask_p2p_streams.sessions.credentials import EVERYTHING, JoinToken
from flask_p2p_streams.sessions.member import Member

NOW = 1_700_000_000.0
"""Seconds since 1970."""

_OF_TOKEN = {field.name for field in fields(JoinToken)}
_OF_MEMBER = {"sid", "idle_timeout"}


def token(peer_id: str, session_id: str = "room", **changes: Any) -> JoinToken:
    """Return a token that gives every right, and is forgotten by no closing."""
    plain = JoinToken(session_id, peer_id, NOW + 3600, 0.0, math.inf, EVERYTHING, 0.0, None)
    return replace(plain, **changes)


def member(sid: str, peer_id: str, session_id: str = "room", **claims: Any) -> Member:
    """Return a peer's socket; ``claims`` are those of its token."""
    return Member(sid, token(peer_id, session_id, **claims))


def candidate(peer_id: str, **changes: Any) -> Candidacy:
    """Return a peer that wants to join; ``changes`` are of its token, its socket or itself."""
    claims = {name: changes.pop(name) for name in _OF_TOKEN & changes.keys()}
    of_member = {name: changes.pop(name) for name in _OF_MEMBER & changes.keys()}
    socket = replace(member(f"new-{peer_id}", peer_id, **claims), **of_member)
    return Candidacy(socket, **{"now": NOW, "grace": 2.0, **changes})

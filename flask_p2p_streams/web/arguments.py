"""Checks the arguments of the template tags.

Each function raises :class:`~flask_p2p_streams.errors.ArgumentError`, which names the argument
and what is wrong with it.
"""

import difflib
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from ..errors import ArgumentError
from ..evidence import shown
from ..protocol.fields import id_problem
from ..sessions.credentials import Role
from .frame_config import ALIASES, KEYS

Id: TypeAlias = str | int | UUID
"""A session or peer id, in the types that an app may pass."""
ARGUMENTS = (
    "session_id",
    "peer_id",
    "expires_in",
    "can_host",
    "can_send",
    "starts_at",
    "ends_at",
    "config",
)
"""The arguments of ``p2p_frame_tag``; anything else becomes an attribute of the element."""
LATEST = 253_402_300_799
"""The last second of the year 9999, the latest that a datetime can hold; since 1970."""


def checked_id(argument: str, value: object) -> str:
    """Return a session or peer id as text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, UUID)):
        raise ArgumentError(
            argument, f"must be a string, a whole number or a UUID, not {shown(value)}."
        )
    text = _text(value)
    problem = id_problem(text)
    if problem:
        raise ArgumentError(argument, f"{problem}.")
    return text


def _text(value: str | int | UUID) -> str:
    """Return the id as text; ``str()`` of an enumeration's member would be the member's name."""
    if isinstance(value, str):
        return str.__str__(value)
    return int.__repr__(value) if isinstance(value, int) else str(value)


def seconds(argument: str, value: object) -> float:
    """Return a duration in seconds; it must be greater than 0 and finite."""
    duration = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(duration, bool) or not isinstance(duration, (int, float)):
        raise ArgumentError(argument, f"must be seconds or a timedelta, not {shown(value)}.")
    if not math.isfinite(duration) or duration <= 0:
        raise ArgumentError(argument, f"must be greater than 0 and finite, not {shown(value)}.")
    return duration


def role_of(can_host: object, can_send: object, starts_at: object, ends_at: object) -> Role:
    """Return the role of a peer: what it may do, and when."""
    begin, end = _time("starts_at", starts_at), _time("ends_at", ends_at)
    if begin is not None and end is not None and end <= begin:
        raise ArgumentError("ends_at", "must be later than starts_at.")
    return Role(flag("can_host", can_host), flag("can_send", can_send), begin, end)


def flag(argument: str, value: object) -> bool:
    """Return a value that is True or False; anything else is an error."""
    if not isinstance(value, bool):
        raise ArgumentError(argument, f"must be True or False, not {shown(value)}.")
    return value


def _time(argument: str, value: object) -> float | None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ArgumentError(argument, f"must have a time zone, not {shown(value)}.")
        return value.timestamp()
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentError(argument, f"must be seconds or an aware datetime, not {shown(value)}.")
    if not 0 <= value <= LATEST:
        raise ArgumentError(argument, f"must be seconds since 1970, not {shown(value)}.")
    return value


def refuse_misspelt(name: str) -> None:
    """Refuse an HTML attribute that is a misspelt argument, or a key of ``config``."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rstrip("_")).lower().replace("-", "_")
    if name in ALIASES or plain in KEYS:
        raise ArgumentError(name, f"belongs into config={{{name.rstrip('_')!r}: ...}}.")
    nearest = difflib.get_close_matches(plain, ARGUMENTS, n=1, cutoff=0.8)
    if nearest and not plain.startswith(("data_", "aria_")):
        raise ArgumentError(name, f"is not an argument. Did you mean {nearest[0]}?")


def import_entries(extra: object) -> dict[str, str]:
    """Return the app's further entries of an import map."""
    if extra is None:
        return {}
    if not isinstance(extra, Mapping) or not all(
        isinstance(each, str) and each for pair in extra.items() for each in pair
    ):
        raise ArgumentError("extra", "must be a dictionary from specifiers to URLs.")
    return {str(key): str(value) for key, value in extra.items()}

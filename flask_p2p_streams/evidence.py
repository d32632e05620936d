"""What an error may show of the wrong value.

Errors are printed, logged and sent to services that collect them, so they show numbers and
short texts of keys that hold no secret, and of everything else only the type.
"""

import difflib
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

MAX_SHOWN_CHARS = 60
"""Characters of a text that an error shows."""


def shown(value: object) -> str:
    """Return a value as an error shows it, where it can't be a secret."""
    if value is None or isinstance(value, (bool, int, float, datetime, timedelta)):
        return repr(value)[:MAX_SHOWN_CHARS]
    if isinstance(value, str):
        return repr(value[:MAX_SHOWN_CHARS])
    return withheld(value)


def withheld(value: object) -> str:
    """Return what an error shows of a value that may hold a secret: its type."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def unknown_key(key: object, known: Iterable[str]) -> str:
    """Return a sentence on an unknown key that names the nearest known one."""
    known = sorted(known)
    name = key if isinstance(key, str) else ""
    nearest = difflib.get_close_matches(name[:MAX_SHOWN_CHARS], known, n=1, cutoff=0.5)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"Known keys: {', '.join(known)}."
    return f"{shown(key)} is not a known key. {hint}"


def url_problem(url: str) -> str | None:
    """Return what is wrong with the address of a server, or None; no part of it is repeated.

    Addresses are checked before other libraries read them: those print what they take for the
    port, which may be the password.
    """
    try:
        _ = urlsplit(url).port
    except ValueError:
        return (
            "is no URL; write a slash in a password as %2F, a colon as %3A, an at sign as %40, a "
            "question mark as %3F, a number sign as %23"
        )
    return None

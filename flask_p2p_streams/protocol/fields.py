"""Checks the fields of a payload one by one.

Each function takes what a browser sent and returns a value of an exact type, or
raises :class:`~flask_p2p_streams.errors.SignalingError` (``bad_request`` or ``too_large``).
"""

from typing import Any

from .errors import ErrorCode, SignalingError

MAX_ID_CHARS = 128

Payload = dict[str, Any]


def bad_request(problem: str) -> SignalingError:
    """Return the error for a request that has this problem."""
    return SignalingError(ErrorCode.BAD_REQUEST, f"Bad request: {problem}.")


def object_of(
    value: object, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Payload:
    """Return an object that has all required keys and no unknown ones."""
    if not isinstance(value, dict):
        raise bad_request("the payload must be an object")
    missing = [key for key in required if key not in value]
    if missing:
        raise bad_request(f"{missing[0]} is missing")
    # The unknown key isn't shown in the error: it may be any text, of any length.
    if not set(value) <= {*required, *optional}:
        raise bad_request(f"only {', '.join((*required, *optional))} are known here")
    return value


def string(data: Payload, key: str, max_chars: int, min_chars: int = 1) -> str:
    """Return a string of the object, at most ``max_chars`` long."""
    value = data[key]
    if not isinstance(value, str) or len(value) < min_chars:
        raise bad_request(f"{key} must be a string of at least {min_chars} characters")
    if len(value) > max_chars:
        raise SignalingError(ErrorCode.TOO_LARGE, f"{key} has more than {max_chars} characters.")
    if not _encodable(value):
        raise bad_request(f"{key} has a lone surrogate in it")
    return value


def optional_string(data: Payload, key: str, max_chars: int) -> str | None:
    """Return a string of the object, or None where it is missing or null."""
    return None if data.get(key) is None else string(data, key, max_chars, min_chars=0)


def checked_id(value: object) -> str:
    """Return a peer id."""
    if not isinstance(value, str):
        raise bad_request("a peer id must be a string")
    problem = id_problem(value)
    if problem:
        raise bad_request(f"a peer id {problem}")
    return value


def id_problem(value: str) -> str | None:
    """Return what is wrong with a session or peer id, or None.

    Any Unicode text is allowed, with two exceptions. UTF-8 can't encode a lone surrogate (Unicode,
    D92). And HTML replaces NUL and carriage return in a page by other characters (HTML, sections
    13.2.3.5 and 13.2.5), so that the id in the page would not be the id in the token.
    """
    if not 1 <= len(value) <= MAX_ID_CHARS:
        return f"must have 1 to {MAX_ID_CHARS} characters"
    if not _encodable(value):
        return "must not have a lone surrogate in it"
    if "\0" in value or "\r" in value:
        return "must not have NUL or a carriage return in it, which HTML makes others of"
    return None


def whole_number(value: object, key: str, maximum: int) -> int:
    """Return a whole number from 0 to ``maximum``; a boolean isn't one."""
    if type(value) is not int or not 0 <= value <= maximum:
        raise bad_request(f"{key} must be a whole number from 0 to {maximum}")
    return value


def size(text: str) -> int:
    """Return how many bytes a text has in UTF-8, without JSON's escapes."""
    return len(text.encode())


def limit(size: int, max_bytes: int) -> None:
    """Refuse a size of more than ``max_bytes``."""
    if size > max_bytes:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The signal has more than {max_bytes} bytes.")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

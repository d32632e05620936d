"""Reads what an app's own function returns as a peer's ICE servers."""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..evidence import withheld
from .servers import ICE_SERVER_KEYS, ice_server_list

MOST_SECONDS = 366 * 86_400.0
"""Seconds; credentials that are said to last for longer are asked for again after that."""


class Provided(NamedTuple):
    """ICE servers, and the seconds that their credentials last; None if they don't end."""

    servers: tuple[dict[str, Any], ...]
    seconds: float | None = None


def provided(answer: object, max_bytes: int) -> Provided:
    """Read a list of ``RTCIceServer`` dictionaries, or a pair of one and its seconds, or None.

    Providers put more into these dictionaries than browsers know: only ``urls``, ``username`` and
    ``credential`` are kept.

    :param max_bytes: how long the list may be as JSON.
    :raises ValueError: with a sentence that names the mistake but shows no value.
    """
    listed, seconds = answer, None
    if isinstance(answer, tuple) and len(answer) == 2 and not isinstance(answer[1], Mapping):
        listed, seconds = answer[0], _seconds(answer[1])
    if listed is None:
        return Provided((), seconds)
    if not isinstance(listed, (list, tuple)):
        problem = "must be a list of dictionaries, each with 'urls'"
        raise ValueError(f"{problem}, not {withheld(listed)}")
    servers = ice_server_list([_known(each) for each in listed])
    if len(json.dumps(servers)) > max_bytes:
        raise ValueError(f"has more than {max_bytes} bytes as JSON")
    return Provided(servers, seconds)


def _known(server: object) -> object:
    if not isinstance(server, Mapping):
        return server
    return {key: server[key] for key in ICE_SERVER_KEYS if server.get(key) is not None}


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("has seconds that are no number")
    if not 0 < value < math.inf:
        raise ValueError("has seconds that are not greater than 0 and finite")
    return float(min(value, MOST_SECONDS))

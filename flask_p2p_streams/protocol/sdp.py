"""Checks session descriptions (SDP) and ICE candidates, as far as a server has to.

It checks what a hostile peer could use against another one: how much there is to parse, and host
names that the other peer's browser would look up.
"""

import re
import socket

from .errors import ErrorCode, SignalingError
from .fields import Payload, bad_request, object_of, optional_string, string, whole_number

MAX_LINES = 2000
MAX_MEDIA = 16
MAX_CANDIDATE_FIELD_CHARS = 256
MAX_LINE_INDEX = 65_535
CANDIDATE_LINE = "a=candidate:"
CANDIDATE = re.compile(
    r"candidate:[!-~]{1,64} [0-9]{1,3} [A-Za-z0-9-]{1,16} [0-9]{1,10} "
    r"(?P<address>[!-~]{1,128}) [0-9]{1,5} typ [a-z]{1,16}(?P<rest>( [!-~]+)*)"
)
"""The grammar of RFC 8839, section 5.1: no line breaks, and only digits where numbers belong."""
RELATED = re.compile(r" raddr (?P<address>[!-~]+)")
LOCAL_NAME = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\.local")
"""The names with which browsers hide addresses (draft-ietf-mmusic-mdns-ice-candidates, 3.1.1)."""


def check_sdp(sdp: str) -> None:
    """Refuse a description that has too many lines, or host names that would be looked up.

    :raises SignalingError: ``too_large`` or ``bad_request``.
    """
    lines = re.split(r"\r\n|\r|\n", sdp)
    if len(lines) > MAX_LINES + 1:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The description has over {MAX_LINES} lines.")
    if sum(line.startswith("m=") for line in lines) > MAX_MEDIA:
        raise SignalingError(ErrorCode.TOO_LARGE, f"The description has over {MAX_MEDIA} m= lines.")
    for line in lines:
        if line.startswith(CANDIDATE_LINE):
            check_candidate(line.removeprefix("a=").rstrip(" "))


def read_candidate(value: object) -> Payload:
    """Read an ``RTCIceCandidateInit``; what its text says isn't checked yet.

    :raises SignalingError: ``bad_request`` or ``too_large``.
    """
    data = object_of(
        value,
        required=("candidate",),
        optional=("sdpMid", "sdpMLineIndex", "usernameFragment"),
    )
    return {
        "candidate": string(data, "candidate", 4096, min_chars=0),
        "sdpMid": optional_string(data, "sdpMid", MAX_CANDIDATE_FIELD_CHARS),
        "sdpMLineIndex": _line_index(data.get("sdpMLineIndex")),
        "usernameFragment": optional_string(data, "usernameFragment", MAX_CANDIDATE_FIELD_CHARS),
    }


def check_candidate(text: str) -> None:
    """Refuse a candidate with addresses other than IP addresses and names made by browsers.

    An empty candidate is the end-of-candidates indication (RFC 8838, section 13).

    :raises SignalingError: ``bad_request``.
    """
    found = CANDIDATE.fullmatch(text)
    if not text or (found and all(map(_is_address, _addresses(found)))):
        return
    raise bad_request("a candidate must be as RFC 8839 has it, with an IP address")


def _line_index(value: object) -> int | None:
    return None if value is None else whole_number(value, "sdpMLineIndex", MAX_LINE_INDEX)


def _addresses(found: re.Match[str]) -> list[str]:
    return [found["address"], *RELATED.findall(found["rest"])]


def _is_address(text: str) -> bool:
    if LOCAL_NAME.fullmatch(text):
        return True
    # Candidates are half of what a join sends, and the module ipaddress takes ten times as long.
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return True

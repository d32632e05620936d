"""Checks ICE servers and their URLs by the rules that browsers use.

For one wrong server a browser refuses the whole list, and then connects to nobody. So the mistake
has to be found at start. No error shows a URL or a credential.
"""

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, NamedTuple

from ..evidence import unknown_key

ICE_SERVER_KEYS = ("urls", "username", "credential")
MAX_HOST_CHARS = 253
"""Characters that a host name may have (RFC 1035, section 2.3.4)."""
MAX_USERNAME_BYTES = 508
"""Bytes of a username in UTF-8 (RFC 8489, section 14.3)."""

# RFC 7064 and RFC 7065, section 3.1. An IPv6 address is in brackets.
_URL = re.compile(
    r"(?P<scheme>stuns?|turns?):"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,254}))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")


class IceUrl(NamedTuple):
    """The parts of an ICE URL; ``port`` and ``transport`` are None if it has none."""

    scheme: str
    host: str
    port: int | None
    transport: str | None


def ice_url(text: str) -> IceUrl:
    """Read an ICE URL (RFC 7064 and RFC 7065).

    :raises ValueError: with a sentence that names the mistake.
    """
    match = _URL.fullmatch(text)
    if match is None:
        if re.fullmatch(r"[^?]+\?transport=tls", text):
            raise ValueError("whose transport is tls: write turns:host:port?transport=tcp")
        raise ValueError(
            "that is not written as stun:host, stun:host:port or turn:host:port?transport=udp: "
            "no slashes, no spaces, no user's name"
        )
    _require_host(match["name"], match["six"])
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 1 <= port <= 65_535:
        raise ValueError("whose port is not between 1 and 65535")
    if match["transport"] and match["scheme"].startswith("stun"):
        raise ValueError("of the scheme stun: that names a transport, which only turn: has")
    return IceUrl(match["scheme"], match["name"] or match["six"], port, match["transport"])


def ice_server_list(value: object) -> tuple[dict[str, Any], ...]:
    """Check a list of ``RTCIceServer`` dictionaries, and return a copy.

    :raises ValueError: with a sentence that names the mistake but shows no value.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of dictionaries, each with 'urls'")
    return tuple(_ice_server(each) for each in value)


def turn_url_list(value: object) -> tuple[str, ...]:
    """Check a list of the URLs of TURN servers that share one secret, and return a copy.

    :raises ValueError: with a sentence that names the mistake but shows no value.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of URLs, such as turn:turn.example.org:3478")
    urls = tuple(_ice_urls(value)) if value else ()
    if any(url.startswith("stun") for url in urls):
        raise ValueError("has a STUN server, which needs no secret: name it in P2P_ICE_SERVERS")
    return urls


def is_encodable(text: str) -> bool:
    """Tell whether UTF-8 can encode a text: a lone surrogate stands for a byte of another code."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _require_host(name: str | None, six: str | None) -> None:
    try:
        if name is None:
            IPv6Address(six or "")
        elif re.fullmatch(r"[0-9.]+", name):
            IPv4Address(name)
        elif not _is_name(name):
            raise ValueError("whose host is no name (one of another script starts with xn--)")
    except AddressValueError:
        raise ValueError("whose host is no IP address") from None


def _is_name(name: str) -> bool:
    labels = name.removesuffix(".").split(".")
    return len(name) <= MAX_HOST_CHARS and all(_LABEL.fullmatch(label) for label in labels)


def _ice_server(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("must hold dictionaries only, each with 'urls'")
    for key in value:
        if key not in ICE_SERVER_KEYS:
            raise ValueError(f"has an unknown key: {unknown_key(key, ICE_SERVER_KEYS)}")
    urls = _ice_urls(value.get("urls"))
    server: dict[str, Any] = {"urls": urls}
    is_turn = any(url.startswith("turn") for url in urls)
    for key in ("username", "credential"):
        if key in value:
            server[key] = _text(key, value[key])
        if is_turn and not server.get(key):
            raise ValueError(f"has a TURN server without '{key}', or with an empty one")
    if len(server.get("username", "").encode()) > MAX_USERNAME_BYTES:
        raise ValueError(f"has a 'username' of more than {MAX_USERNAME_BYTES} bytes")
    return server


def _ice_urls(value: object) -> list[str]:
    urls = [value] if isinstance(value, str) else value
    if not isinstance(urls, (list, tuple)) or not urls:
        raise ValueError("has a server without 'urls'")
    for url in urls:
        if not isinstance(url, str):
            raise ValueError("has a URL that is not a string")
        try:
            ice_url(url)
        except ValueError as error:
            raise ValueError(f"has a URL {error}") from None
    return list(urls)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not is_encodable(value):
        raise ValueError(f"has a '{key}' that is not a string, or that UTF-8 can't encode")
    return value

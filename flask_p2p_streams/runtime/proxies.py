"""Finds out whether the app is behind a proxy that it doesn't know of."""

import ipaddress
from collections.abc import Mapping
from typing import Any

HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
"""Headers in which a proxy gives the visitor's address: RFC 7239, and older ones."""
PROXY_FIX = "werkzeug.proxy_fix.orig"
"""The key that werkzeug's ProxyFix adds to the environment of a request."""


def undeclared_proxy(environ: Mapping[str, Any]) -> str | None:
    """Return the header that gives a visitor's address if ``REMOTE_ADDR`` doesn't; or None.

    It counts only if it comes from a near proxy: anybody may send such a header from elsewhere.
    """
    address = environ.get("REMOTE_ADDR") or ""
    if PROXY_FIX in environ or not is_near(address):
        return None
    for header in HEADERS:
        visitor = environ.get(f"HTTP_{header.upper().replace('-', '_')}")
        # If the header has this very address, something other than ProxyFix has read it already.
        if visitor and address not in visitor:
            return header
    return None


def is_near(address: str) -> bool:
    """Tell whether an address belongs to this machine or to a private network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_private or parsed.is_link_local

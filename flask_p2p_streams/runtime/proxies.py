"""Whether a proxy stands before the app that the app doesn't know of."""

import ipaddress
from collections.abc import Mapping
from typing import Any

HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
"""What a proxy names the visitor's address in (RFC 7239, and before it by custom)."""
PROXY_FIX = "werkzeug.proxy_fix.orig"
"""What werkzeug's ProxyFix leaves in the environment of a request."""


def undeclared_proxy(environ: Mapping[str, Any]) -> str | None:
    """Return the header that names a visitor whom ``REMOTE_ADDR`` doesn't; None without one.

    Only a proxy of one's own counts: anybody may send such a header from elsewhere.
    """
    address = environ.get("REMOTE_ADDR") or ""
    if PROXY_FIX in environ or not is_near(address):
        return None
    for header in HEADERS:
        visitor = environ.get(f"HTTP_{header.upper().replace('-', '_')}")
        # Where the address stands in it, something else than ProxyFix has put it there.
        if visitor and address not in visitor:
            return header
    return None


def is_near(address: str) -> bool:
    """Tell whether an address is this machine's or of a private network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_private or parsed.is_link_local

"""QR codes: an address for the camera of a phone."""

import io
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno
from markupsafe import Markup


def on_terminal(url: str) -> str:
    """Return a code as lines of a terminal."""
    out = io.StringIO()
    segno.make(url, micro=False).terminal(out, compact=True)
    return out.getvalue().rstrip("\n")


def in_page(url: str) -> Markup:
    """Return a code as SVG, to stand in a page; nothing where no other device opens the address."""
    if is_local(urlsplit(url).hostname or ""):
        return Markup()
    svg = segno.make(url, micro=False).svg_inline(
        light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    # What segno makes of the address has no letter of it.
    return Markup(svg)


def is_local(host: str) -> bool:
    """Tell whether a host means this machine only."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")

"""Why a TURN server gives no allocation, in plain words, and what to do about it."""

import os
import socket
import ssl
from contextlib import suppress
from typing import NamedTuple

from ..ice.stun import Endpoint, answers, endpoint
from .ice import IceServer

LOOK_LIMIT = 0.4
"""Seconds for one look at what else is there."""
LOOKS_LIMIT = 3 * LOOK_LIMIT
"""Seconds for all looks."""
STANDARD_PORT = 3478
"""The port of STUN and TURN servers (RFC 8656, section 20.2)."""

SECRET_HINT = (
    "P2P_TURN_SECRET must be the server's static-auth-secret, to the letter, and the server needs "
    "use-auth-secret. Or one of the two clocks is wrong: set both by NTP."
)
ROOM_HINT = "Look at its limits: user-quota, total-quota, and the ports from min-port to max-port."
OPEN_HINT = "Start it, or open this port in its firewall; meanwhile browsers wait for it."
FULL = {486: "has no room for another allocation of this user", 508: "has no room"}
"""Answers of RFC 8656, section 19."""


class Cause(NamedTuple):
    """What continues a sentence that begins with the URL, and a hint."""

    problem: str
    hint: str


def cause(server: IceServer, error: Exception, *, looks: bool = True) -> Cause:
    """Return why an allocation has failed.

    :param looks: whether to look at other ports, for ``LOOKS_LIMIT`` seconds at most.
    """
    at, code = endpoint(server.url), _code(error)
    if code is not None:
        return _refused(server, code)
    if isinstance(error, socket.gaierror):
        return Cause(
            f"can't be reached ({error.strerror})", "Correct its name, or that of your name server."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = (
            f"Give the server a certificate for {at.host} of an authority that browsers know, with "
            "all those in between (cert and pkey of coturn). Browsers refuse this one in silence."
        )
        why = str(error.verify_message).rstrip(".")
        return Cause(f"has a certificate that isn't valid ({why})", hint)
    has_hung_up = isinstance(error, (ConnectionResetError, ConnectionAbortedError))
    if isinstance(error, ssl.SSLError) or (server.url.startswith("turns") and has_hung_up):
        return Cause("doesn't speak TLS", _port(at, looks, "turns: needs tls-listening-port."))
    return _unreached(at, error, looks)


def _code(error: Exception) -> int | None:
    # aioice's TransactionFailed has the server's answer.
    attributes = getattr(getattr(error, "response", None), "attributes", {})
    return attributes["ERROR-CODE"][0] if "ERROR-CODE" in attributes else None


def _refused(server: IceServer, code: int) -> Cause:
    if code in FULL:
        return Cause(f"{FULL[code]} ({code})", ROOM_HINT)
    if code != 401:
        return Cause(f"gives no relayed address ({code})", "Is it a TURN server? Its log says why.")
    hint = f"Correct the username and the credential in {server.source}."
    if server.source == "P2P_TURN_URLS":
        hint = SECRET_HINT
    return Cause("refuses the credentials (401)", hint)


def _unreached(at: Endpoint, error: Exception, looks: bool) -> Cause:
    is_open = looks and isinstance(error, TimeoutError) and _is_open(at)
    if is_open and at.transport == "udp":
        hint = (
            f"Open port {at.port} for UDP, too, in its firewall and in its provider's. Name "
            f"turn:{at.host}:{at.port}?transport=tcp as well, for networks that let no UDP out."
        )
        return Cause("doesn't answer by UDP, but its port is open by TCP", hint)
    if is_open:
        return Cause("takes connections, but doesn't speak TURN", _port(at, looks, ""))
    why = "no answer" if isinstance(error, TimeoutError) else _reason(error)
    return Cause(f"can't be reached ({why})", _port(at, looks, OPEN_HINT))


def _port(at: Endpoint, looks: bool, otherwise: str) -> str:
    if looks and at.port != STANDARD_PORT and _answers(at):
        return f"Is the port wrong? A server answers at port {STANDARD_PORT}."
    return otherwise or "Is the port wrong? Something else listens there."


def _answers(at: Endpoint) -> bool:
    with suppress(OSError):
        return answers(Endpoint(at.host, STANDARD_PORT, "udp"), LOOK_LIMIT)
    return False


def _is_open(at: Endpoint) -> bool:
    with suppress(OSError):
        return answers(at._replace(transport="tcp"), LOOK_LIMIT)
    return False


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else type(error).__name__

"""Credentials for a TURN server that shares a secret with the app (the TURN REST API).

draft-uberti-behave-turn-rest-00, section 2.2: the username says when the credentials end, and the
credential is its keyed digest. So the server needs no list of users, and the app no connection to
the server. coturn calls this ``use-auth-secret``.
"""

import base64
import hmac
from collections.abc import Sequence
from typing import Any


def turn_server(urls: Sequence[str], secret: str, name: str, expires_at: int) -> dict[str, Any]:
    """Return an ``RTCIceServer`` dictionary whose credentials end by themselves.

    :param name: what the server's log calls the peer; it may hold no colon.
    :param expires_at: whole seconds since 1970.
    """
    username = f"{expires_at}:{name}"
    return {"urls": list(urls), "username": username, "credential": credential(secret, username)}


def credential(secret: str, username: str) -> str:
    """Return the password of a username: ``base64(HMAC-SHA1(secret, username))``."""
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    return base64.b64encode(digest).decode()

from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_p2p_streams.runtime.proxies import is_near, undeclared_proxy

VISITOR = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}


@pytest.mark.parametrize(
    ("environ", "header"),
    [
        ({"REMOTE_ADDR": "127.0.0.1", **VISITOR}, "X-Forwarded-For"),
        ({"REMOTE_ADDR": "10.0.0.1", **VISITOR}, "X-Forwarded-For"),
        ({"REMOTE_ADDR": "::1", "HTTP_FORWARDED": "for=198.51.100.7"}, "Forwarded"),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "198.51.100.7"}, "X-Real-IP"),
        # Anybody can send the header from elsewhere.
        ({"REMOTE_ADDR": "8.8.8.8", **VISITOR}, None),
        ({"REMOTE_ADDR": "127.0.0.1"}, None),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": ""}, None),
        # Another middleware than ProxyFix has done it.
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "10.0.0.7, 10.0.0.1"}, None),
        # A Unix socket, and a server that doesn't say.
        ({"REMOTE_ADDR": "", **VISITOR}, None),
        ({**VISITOR}, None),
        ({"REMOTE_ADDR": "no address", **VISITOR}, None),
    ],
)
def test_what_shows_a_proxy(environ: dict[str, Any], header: str | None) -> None:
    assert undeclared_proxy(environ) == header


def test_one_that_is_declared() -> None:
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        seen.append(environ)
        return []

    ProxyFix(app, x_for=1)({"REMOTE_ADDR": "127.0.0.1", **VISITOR}, lambda *_: None)  # type: ignore[arg-type]
    assert undeclared_proxy(seen[0]) is None


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("192.168.1.1", True),
        ("fe80::1", True),
        ("8.8.8.8", False),
        ("", False),
    ],
)
def test_what_is_near(address: str, near: bool) -> None:
    assert is_near(address) is near

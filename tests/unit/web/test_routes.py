"""The extension's own routes, reached on every host and behind whatever else the app has."""

import logging
import re
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Blueprint, Flask, abort, redirect, render_template_string, request
from flask_login import LoginManager, current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_p2p_streams import P2PStreams

FRAME = "{{ p2p_frame_tag(session_id=1, peer_id=2) }}"
Log = pytest.LogCaptureFixture


def make(**options: Any) -> Flask:
    app = Flask("an_app", **options)
    app.config["SECRET_KEY"] = "a key for tests"
    return app


def page_of(app: Flask, rule: str = "/room", **options: Any) -> None:
    app.add_url_rule(rule, "room", lambda **_: render_template_string(FRAME), **options)


def errors(log: Log) -> list[str]:
    # Of this thread: the app of another test may still have a worker whose store comes back.
    mine = [each for each in log.records if each.thread == threading.get_ident()]
    return [each.getMessage() for each in mine if each.levelno >= logging.WARNING]


def check(app: Any, base_url: str, path: str = "/room", **headers: str) -> None:
    """Load a page as a browser does, with its scripts, and renew its token."""
    client = Client(app)

    def fetch(path: str, **options: Any) -> Any:
        return client.open(path, base_url=base_url, headers=headers, **options)

    page = fetch(path).text
    root = headers.get("X-Forwarded-Prefix", urlsplit(base_url).path)
    modules = re.findall(r'"(/[^"]*\.js)"', page)
    assert len(modules) == 4
    for each in modules:
        with fetch(each.removeprefix(root)) as response:
            assert response.status_code == 200, each
            assert response.mimetype == "text/javascript"
    [(token, url)] = re.findall(r'token="([^"]+)" token-url="([^"]+)"', page)
    answer = fetch(url.removeprefix(root), method="POST", json={"token": token})
    assert answer.json["ok"] is True


# Hosts


# Flask before 3.1 answers at no other host than SERVER_NAME.
since_3_1 = pytest.mark.skipif(
    "SECRET_KEY_FALLBACKS" not in Flask.default_config, reason="Flask tells hosts apart"
)


@pytest.mark.parametrize(
    "server_name",
    [
        pytest.param("example.org", marks=since_3_1),
        pytest.param("example.org:5000", marks=since_3_1),
        None,
    ],
)
def test_an_app_that_tells_no_hosts_apart(server_name: str | None) -> None:
    app = make()
    app.config["SERVER_NAME"] = server_name
    P2PStreams(app)
    page_of(app)
    for host in ("example.org", "chat.example.org", "127.0.0.1:5000", "localhost"):
        check(app, f"http://{host}")


@pytest.mark.parametrize("host", ["example.org", "chat.example.org", "a.b.example.org"])
def test_subdomains(host: str) -> None:
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    P2PStreams(app)
    page_of(app)
    app.add_url_rule("/room", "room", subdomain="<sub>")
    check(app, f"http://{host}")
    check(app, f"https://{host}")


@pytest.mark.filterwarnings("ignore:Current server name")
def test_a_host_that_is_no_subdomain() -> None:
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    P2PStreams(app)
    with app.test_client().get("/p2p/0.1.0/p2p.js", base_url="http://127.0.0.1:5000") as response:
        assert response.status_code == 200


def test_a_blueprint_on_a_subdomain() -> None:
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    P2PStreams(app)
    chat = Blueprint("chat", "chat", subdomain="chat")
    chat.add_url_rule("/room", "room", lambda: render_template_string(FRAME))
    app.register_blueprint(chat)
    check(app, "http://chat.example.org")


def test_a_default_subdomain() -> None:
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.url_map.default_subdomain = "www"
    P2PStreams(app)
    page_of(app)
    check(app, "http://www.example.org")


@pytest.mark.parametrize("host", ["example.org", "localhost:5000", "127.0.0.1", "[::1]:5000"])
def test_host_matching(host: str) -> None:
    app = make(host_matching=True, static_folder=None)
    P2PStreams(app)
    page_of(app, host=host)
    check(app, f"http://{host}")


# Paths


@pytest.mark.parametrize("root", ["/", "/chat"])
def test_an_app_below_a_path(root: str) -> None:
    app = make()
    app.config["APPLICATION_ROOT"] = root
    P2PStreams(app)
    page_of(app)
    check(app, f"http://example.org{root}")


def test_an_app_below_another() -> None:
    app = make()
    P2PStreams(app)
    page_of(app)
    check(DispatcherMiddleware(make(), {"/chat": app}), "http://example.org", "/chat/room")


def test_an_app_below_a_proxys_path() -> None:
    app = make()
    P2PStreams(app)
    page_of(app)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    check(app, "http://example.org", **{"X-Forwarded-Prefix": "/chat"})


def test_a_tenant_in_each_path() -> None:
    app = make()
    P2PStreams(app)
    app.url_value_preprocessor(lambda _, values: (values or {}).pop("tenant", None))
    page_of(app, "/<tenant>/room")
    check(app, "http://example.org", "/acme/room")


# Whatever stands before the routes


@pytest.mark.parametrize("first", ["csrf", "p2p", "csrf without an app"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_csrf_protection(first: str, scheme: str, caplog: Log) -> None:
    app = make()
    csrf = CSRFProtect(app if first == "csrf" else None)
    P2PStreams(app)
    if first != "csrf":
        csrf.init_app(app)
    page_of(app)
    app.add_url_rule("/form", "form", lambda: "ok", methods=["POST"])
    check(app, f"{scheme}://example.org")
    assert app.test_client().post("/form").status_code == 400
    assert errors(caplog) == []


def test_csrf_protection_by_the_app_itself_is_named_once(caplog: Log) -> None:
    app = make()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf = CSRFProtect(app)
    P2PStreams(app)
    app.before_request(lambda: csrf.protect())
    for _ in range(2):
        assert app.test_client().post("/p2p/token", json={}).status_code == 400
    [error] = errors(caplog)
    assert "POST /p2p/token is answered with 400" in error
    assert "'p2p_streams'" in error


@pytest.mark.parametrize(("answer", "status"), [("login", 302), ("abort", 401), ("page", 200)])
def test_a_wall_before_all_routes_is_named_once(caplog: Log, answer: str, status: int) -> None:
    app = make()
    P2PStreams(app)
    page_of(app)

    @app.before_request
    def wall() -> Any:
        if answer == "abort":
            abort(401)
        return redirect("/login") if answer == "login" else "<h1>Closed</h1>"

    client = app.test_client()
    for _ in range(2):
        assert client.post("/p2p/token", json={}).status_code == status
        assert client.get("/p2p/0.1.0/p2p.js").status_code == status
        assert client.get("/room").status_code == status
    token, script = errors(caplog)
    assert f"POST /p2p/token is answered with {status}" in token
    assert f"GET /p2p/0.1.0/p2p.js is answered with {status}" in script


def test_a_wall_that_lets_the_extension_pass(caplog: Log) -> None:
    app = make()
    LoginManager(app).user_loader(lambda _: None)
    P2PStreams(app)
    page_of(app)

    @app.before_request
    def wall() -> Any:
        if request.blueprint != "p2p_streams" and request.endpoint != "room":
            return None if current_user.is_authenticated else redirect("/login")
        return None

    check(app, "http://example.org")
    assert errors(caplog) == []


def test_a_redirect_to_the_same_place(caplog: Log) -> None:
    app = make()
    P2PStreams(app)
    Talisman(app, content_security_policy=None)
    page_of(app)
    response = app.test_client().get("/p2p/0.1.0/p2p.js")
    assert (response.status_code, response.location) == (302, "https://localhost/p2p/0.1.0/p2p.js")
    check(app, "https://localhost")
    assert errors(caplog) == []


def test_a_preflight_that_the_app_answers(caplog: Log) -> None:
    app = make()
    P2PStreams(app)
    app.before_request(lambda: ("", 204) if request.method == "OPTIONS" else None)
    assert app.test_client().options("/p2p/token").status_code == 204
    assert errors(caplog) == []


def test_what_the_extension_refuses_itself(caplog: Log) -> None:
    app = make()
    P2PStreams(app)
    client = app.test_client()
    assert client.post("/p2p/token", json={}).status_code == 403
    assert client.get("/p2p/0.1.0/none.js").status_code == 404
    assert client.options("/p2p/token").status_code == 200
    assert errors(caplog) == []

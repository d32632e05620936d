"""The page that says why it doesn't connect: who gets it, and what it gives away."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request, g, redirect
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.test import TestResponse

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.limits.budgets import CHECK_LIFE, JOIN_BURST
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.conftest import AppFactory, Clock

SECRET = "what coturn knows"
TURN = {"P2P_TURN_URLS": ["turn:t.example"], "P2P_TURN_SECRET": SECRET}
Log = pytest.LogCaptureFixture


def page_of(app: Flask, path: str = "/p2p/check", **options: Any) -> TestResponse:
    return app.test_client().get(path, **options)


def data_of(response: TestResponse) -> Any:
    assert response.status_code == 200
    [text] = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', response.text)
    return json.loads(text)


def session_of(app: Flask, token: str) -> str:
    return str(app.extensions["p2p_streams"].signer.read_token(token).session_id)


def scratch(app: Flask) -> tuple[P2PTestPeer, P2PTestPeer]:
    """Join as the page does."""
    one, two = data_of(page_of(app))["tokens"]
    session_id = session_of(app, one)
    return join(app, session_id, "one", token=one), join(app, session_id, "two", token=two)


# Who gets it


@pytest.mark.parametrize(
    ("asked", "debug", "status"),
    [
        (None, False, 404),
        (None, True, 200),
        (False, True, 404),
        (True, False, 200),
    ],
)
def test_it_is_off_in_production_unless_an_app_asks_for_it(
    make_app: AppFactory, asked: bool | None, debug: bool, status: int
) -> None:
    app = make_app(P2P_CHECK_PAGE=asked, **TURN)
    app.debug = debug
    response = page_of(app)
    assert response.status_code == status
    assert ("t.example" in response.text) is (status == 200)


def test_the_app_decides_who_may_see_it(make_app: AppFactory, caplog: Log) -> None:
    app = make_app(P2P_CHECK_PAGE=True)
    app.before_request(lambda: redirect("/login"))
    assert page_of(app).status_code == 302
    assert caplog.records == []


def test_it_counts_as_a_join(make_app: AppFactory) -> None:
    app = make_app(P2P_CHECK_PAGE=True, P2P_JOIN_RATE=1)
    answers = [page_of(app) for _ in range(int(JOIN_BURST) + 1)]
    assert [each.status_code for each in answers] == [200] * int(JOIN_BURST) + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].headers["Cache-Control"] == "no-store"


def test_a_page_that_is_off_costs_nobody_a_join(make_app: AppFactory) -> None:
    app = make_app(P2P_JOIN_RATE=1)
    assert {page_of(app).status_code for _ in range(20)} == {404}
    assert join(app, "room", "ann").is_host


def test_another_prefix_and_a_root(make_app: AppFactory) -> None:
    app = make_app(P2P_CHECK_PAGE=True, P2P_URL_PREFIX="/live", P2P_NAMESPACE="/talk")
    response = page_of(app, "/live/check", base_url="http://example.org/below")
    assert 'src="/below/live/' in response.text
    assert 'href="/below/live/' in response.text
    data = data_of(response)
    assert (data["signaling_path"], data["namespace"]) == ("/below/socket.io", "/talk")


def test_it_is_on_every_host() -> None:
    app = Flask("an_app", host_matching=True, static_host="s.example")
    app.config.update(SECRET_KEY="a key for tests", P2P_CHECK_PAGE=True)
    P2PStreams(app)
    assert page_of(app, base_url="http://example.org").status_code == 200


def test_an_app_s_own_page_there_is_told_of(make_app: AppFactory, caplog: Log) -> None:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_CHECK_PAGE=True)
    app.add_url_rule("/p2p/check", "own", lambda: "own")
    P2PStreams(app)
    assert page_of(app).text == "own"
    assert "GET /p2p/check leads to the app's view 'own'" in caplog.text


# What it gives


def test_nobody_keeps_it(make_app: AppFactory) -> None:
    headers = page_of(make_app(P2P_CHECK_PAGE=True)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"


def test_fresh_credentials_for_nobody_in_particular(make_app: AppFactory) -> None:
    app = make_app(P2P_CHECK_PAGE=True, P2P_ICE_SERVERS=[{"urls": "stun:s.example"}], **TURN)
    first, second = (data_of(page_of(app))["ice_servers"] for _ in range(2))
    assert first[0] == {"urls": ["stun:s.example"]}
    assert first[1]["urls"] == ["turn:t.example"]
    assert first[1]["username"] != second[1]["username"]


def test_those_of_the_app_s_function(p2p: P2PStreams) -> None:
    app, asked = Flask("an_app"), []
    app.config.update(SECRET_KEY="a key for tests", P2P_CHECK_PAGE=True)
    p2p.init_app(app)

    @p2p.ice_servers
    def ice_servers(session_id: str, peer_id: str) -> list[dict[str, Any]]:
        asked.append((session_id, peer_id))
        return [{"urls": "stun:s.example"}]

    data = data_of(page_of(app))
    assert data["ice_servers"] == [{"urls": ["stun:s.example"]}]
    assert asked == [(session_of(app, data["tokens"][0]), "one")]


def test_no_page_can_break_out_of_its_data(make_app: AppFactory) -> None:
    servers = [{"urls": "turn:t.example", "username": "</script><b>&'", "credential": "c"}]
    data = data_of(page_of(make_app(P2P_CHECK_PAGE=True, P2P_ICE_SERVERS=servers)))
    assert data["ice_servers"][0]["username"] == "</script><b>&'"


def test_nothing_secret_gets_into_the_log(make_app: AppFactory, caplog: Log) -> None:
    caplog.set_level(logging.DEBUG)
    app = make_app(P2P_CHECK_PAGE=True, **TURN)
    response = page_of(app)
    data = data_of(response)
    [server] = data["ice_servers"]
    for secret in (SECRET, server["username"], server["credential"], *data["tokens"]):
        assert secret not in caplog.text
    assert SECRET not in response.text


# Policies


@pytest.mark.parametrize("place", ["g", "context", "global"])
def test_a_nonce_is_on_all_that_a_policy_asks_about(make_app: AppFactory, place: str) -> None:
    app = make_app(P2P_CHECK_PAGE=True)
    put: dict[str, Callable[[], Any]] = {
        "g": lambda: app.before_request(lambda: setattr(g, "csp_nonce", "n0nce")),
        "context": lambda: app.context_processor(lambda: {"csp_nonce": "n0nce"}),
        "global": lambda: app.jinja_env.globals.update(csp_nonce=lambda: "n0nce"),
    }
    put[place]()
    text = page_of(app).text
    assert len(re.findall(r'<(?:script|link)\b[^>]* nonce="n0nce"', text)) == 3
    assert len(re.findall(r"<(?:script|link)\b", text)) == 3


def test_nothing_inline_runs(make_app: AppFactory) -> None:
    text = page_of(make_app(P2P_CHECK_PAGE=True)).text
    assert not re.search(r"<style|\bstyle=|\bon\w+=", text)
    assert "http://" not in text
    assert "https://" not in text


def test_with_talisman_and_wtf(make_app: AppFactory) -> None:
    app = make_app(P2P_CHECK_PAGE=True)
    CSRFProtect(app)
    Talisman(
        app,
        content_security_policy={"script-src": "'strict-dynamic'", "style-src": ""},
        content_security_policy_nonce_in=["script-src", "style-src"],
        force_https=False,
    )
    response = page_of(app)
    [nonce] = set(re.findall("'nonce-([^']+)'", response.headers["Content-Security-Policy"]))
    assert response.text.count(f'nonce="{nonce}"') == 3
    assert response.headers["Cache-Control"] == "no-store"


# The session


def test_two_of_them_talk_over_the_server(make_app: AppFactory) -> None:
    one, two = scratch(make_app(P2P_CHECK_PAGE=True))
    assert (one.is_host, two.is_host) == (True, False)
    batch = {"to": "one", "epoch": two.epoch, "negotiation": "check", "n": 1, "ack": 0}
    assert two.emit("relay", {**batch, "packets": ["there"]}) == {"ok": True}
    assert one.received("relay")[0]["packets"] == ["there"]


def test_each_page_has_a_session_of_its_own(make_app: AppFactory) -> None:
    app = make_app(P2P_CHECK_PAGE=True)
    tokens = [data_of(page_of(app))["tokens"][0] for _ in range(3)]
    assert len({session_of(app, token) for token in tokens}) == 3


def test_the_app_isn_t_asked_about_it(app: Flask, p2p: P2PStreams) -> None:
    app.debug = True

    @p2p.authorize
    def only_rooms(session_id: str, peer_id: str, request: Request) -> bool:
        return int(session_id) > 0

    for each in scratch(app):
        assert each.is_connected


@pytest.mark.parametrize("session_id", ["p2p-check-", "p2p-check-a-b", "p2p-check-0-é", "room"])
def test_it_is_asked_about_all_others(app: Flask, p2p: P2PStreams, session_id: str) -> None:
    p2p.authorize(lambda session_id, peer_id, request: False)
    refusal = join(app, session_id, "eve").refusal
    assert refusal is not None
    assert refusal["code"] == "forbidden"


def test_the_session_has_an_end(make_app: AppFactory, clock: Clock) -> None:
    app = make_app(P2P_CHECK_PAGE=True)
    one, _ = scratch(app)
    assert 0 < one.ready["ends_in_ms"] <= CHECK_LIFE * 1000
    token = data_of(page_of(app))["tokens"][0]
    claims = app.extensions["p2p_streams"].signer.read_token(token)
    assert claims.expires_at - claims.issued_at == CHECK_LIFE
    assert claims.expires_in == CHECK_LIFE
    assert claims.role.ends_at == pytest.approx(claims.expires_at, abs=1)

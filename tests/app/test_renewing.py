import re
import time
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.sessions.credentials import Role
from flask_p2p_streams.stores.breaker import Breaker
from flask_p2p_streams.testing import join
from flask_p2p_streams.tokens import Signer


@pytest.fixture
def app(p2p: P2PStreams) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_URL_PREFIX="/streams")
    p2p.init_app(app)
    return app


@pytest.fixture
def signer(app: Flask) -> Signer:
    found: Signer = app.extensions["p2p_streams"].signer
    return found


def post(app: Flask, body: Any) -> TestResponse:
    return app.test_client().post("/streams/token", json=body)


def refused(response: TestResponse) -> tuple[int, str]:
    answer = response.get_json()
    assert answer["ok"] is False
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, answer["error"]["code"]


def test_a_fresh_token_says_the_same(app: Flask, signer: Signer) -> None:
    role = Role(can_host=False, can_send=False, starts_at=1, ends_at=time.time() + 600)
    older = signer.token("room", "ann", 60, 3600, role)
    response = post(app, {"token": older})
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    answer = response.get_json()
    assert (answer["ok"], answer["expires_in_ms"]) == (True, pytest.approx(60_000, abs=1))
    one, other = signer.read_token(older), signer.read_token(answer["token"])
    assert (one.session_id, one.peer_id, one.expires_in, one.role) == (
        other.session_id,
        other.peer_id,
        other.expires_in,
        other.role,
    )
    assert other.issued_at > one.issued_at
    assert other.expires_at - other.issued_at == pytest.approx(60)


def test_the_element_says_where_and_when(app: Flask) -> None:
    with app.test_request_context("/", base_url="http://a.example/root"):
        tag = app.jinja_env.globals["p2p_frame_tag"]
        html = str(tag(session_id=1, peer_id=2, expires_in=60))  # type: ignore[operator]
    assert 'token-url="/root/streams/token"' in html
    assert 'token-expires-in-ms="60000"' in html


@pytest.mark.parametrize("token", ["forged", "", "\u00e9"])
def test_a_token_of_nobody(app: Flask, token: str) -> None:
    assert refused(post(app, {"token": token}))[0] == 403


def test_an_expired_token(app: Flask, signer: Signer) -> None:
    token = signer.token("room", "ann", -1, 60)
    assert refused(post(app, {"token": token})) == (403, "token_expired")


@pytest.mark.parametrize("body", [None, [], "x", {}, {"token": 1}, {"token": "x", "peer_id": "y"}])
def test_the_wrong_shape(app: Flask, body: object) -> None:
    assert refused(post(app, body)) == (403, "bad_request")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 8000, b'{"token": NaN}'])
def test_no_json(app: Flask, body: bytes) -> None:
    response = app.test_client().post("/streams/token", data=body, content_type="application/json")
    assert refused(response) == (403, "bad_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_another_site_s_form_can_send(app: Flask, signer: Signer, kind: str) -> None:
    body = f'{{"token": "{signer.token("room", "ann", 60, 60)}"}}'
    response = app.test_client().post("/streams/token", data=body, content_type=kind)
    assert refused(response) == (403, "bad_request")


def test_too_large(app: Flask) -> None:
    assert refused(post(app, {"token": "x" * 9000})) == (403, "too_large")
    assert refused(post(app, {"token": "x" * 5000})) == (403, "too_large")


def test_other_methods(app: Flask) -> None:
    assert app.test_client().get("/streams/token").status_code == 405


# Who may not join any more


def test_the_app_is_asked(app: Flask, p2p: P2PStreams, signer: Signer) -> None:
    p2p.authorize(lambda session_id, peer_id, request: request.headers["X-User"] == peer_id)
    client = app.test_client()
    for user, status in (("ann", 200), ("eve", 403)):
        body = {"token": signer.token("room", "ann", 60, 60)}
        response = client.post("/streams/token", json=body, headers={"X-User": user})
        assert response.status_code == status


def test_a_function_that_fails(app: Flask, p2p: P2PStreams, signer: Signer) -> None:
    p2p.authorize(lambda *_: 1 / 0)  # type: ignore[type-var]
    token = signer.token("room", "ann", 60, 60)
    assert refused(post(app, {"token": token})) == (500, "internal")


def test_a_ban(app: Flask, p2p: P2PStreams, signer: Signer) -> None:
    p2p.kick("room", "ann", ban_for=60)
    token = signer.token("room", "ann", 60, 60)
    assert refused(post(app, {"token": token})) == (403, "forbidden")


def test_no_token_is_washed_clean(app: Flask, p2p: P2PStreams) -> None:
    issuer = app.extensions["p2p_streams"].issuer
    token = issuer.token("room", "ann", 60, 60)
    p2p.close("room")
    assert refused(post(app, {"token": token})) == (403, "session_expired")
    later = post(app, {"token": issuer.token("room", "ann", 60, 60)}).get_json()["token"]
    assert join(app, "room", "ann", token=later).is_host
    p2p.close("room")
    answer = join(app, "room", "ann", token=later).refusal
    assert answer is not None
    assert answer["code"] == "session_expired"


def test_a_session_that_is_closed_while_the_app_is_asked(app: Flask, p2p: P2PStreams) -> None:
    issuer = app.extensions["p2p_streams"].issuer
    token = issuer.token("room", "ann", 60, 60)

    @p2p.authorize
    def close(*_: object) -> bool:
        p2p.close("room")
        return True

    assert refused(post(app, {"token": token})) == (403, "session_expired")


def test_a_session_that_is_closed_while_its_token_is_renewed(
    app: Flask, p2p: P2PStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Just after the look at the session, and before anything is signed.
    state = app.extensions["p2p_streams"]
    token, read = state.issuer.token("room", "ann", 60, 60), state.store.read

    def read_and_close(session_id: str) -> Any:
        found = read(session_id)
        p2p.close(session_id)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(state.store, "read", read_and_close)
        renewed = post(app, {"token": token}).get_json()["token"]
        rendered = state.issuer.token("room", "ann", 60, 60)
    for each in (renewed, rendered):
        answer = join(app, "room", "ann", token=each).refusal
        assert answer is not None
        assert answer["code"] == "session_expired"
    assert join(app, "room", "ann").is_host


def test_a_page_that_is_rendered_while_the_store_fails(
    app: Flask, p2p: P2PStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = app.extensions["p2p_streams"]

    def fail(*_: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch, app.test_request_context("/"):
        patch.setattr(state.store.guarded._store, "read_many", fail)
        tag: Any = app.jinja_env.globals["p2p_frame_tag"]
        (token,) = re.findall(r' token="([^"]+)"', str(tag(session_id="room", peer_id="ann")))
    # It knows of no closing, so its time counts; a renewal tells it of those before.
    monkeypatch.setattr(state.store.guarded, "_breaker", Breaker(""))
    assert state.signer.read_token(token).closing is None
    assert join(app, "room", "ann", token=token).is_host
    renewed = post(app, {"token": token}).get_json()["token"]
    assert state.signer.read_token(renewed).closing == 0
    p2p.close("room")
    for each in (token, renewed):
        answer = join(app, "room", "ann", token=each).refusal
        assert answer is not None
        assert answer["code"] == "session_expired"


# How long it may go on


def test_a_page_s_renewals_end_together(app: Flask, signer: Signer) -> None:
    now = time.time()
    first = signer.read_token(signer.token("room", "ann", 3600, 60))
    for age, left in ((80_000, 3600), (86_000, 400), (86_380, 20)):
        # The page is so old, and its token was renewed a while ago.
        older = replace(
            first, first_issued_at=now - age, issued_at=now - 3500, expires_at=now + 100
        )
        answer = post(app, {"token": signer.signed(older)}).get_json()
        assert answer["ok"]
        expected = max(left, 100) if age < 86_380 else 100
        assert answer["expires_in_ms"] / 1000 == pytest.approx(expected, abs=5)
        renewed = signer.read_token(answer["token"])
        assert renewed.expires_at - now == pytest.approx(expected, abs=5)
        assert renewed.first_issued_at == older.first_issued_at
    oldest = replace(first, first_issued_at=now - 86_395, issued_at=now - 60, expires_at=now + 5)
    response = post(app, {"token": signer.signed(oldest)})
    assert refused(response) == (403, "token_expired")
    assert response.get_json()["error"]["retry"] is False


def test_nor_does_an_app_that_says_yes_change_that(
    app: Flask, p2p: P2PStreams, signer: Signer
) -> None:
    p2p.authorize(lambda *_: True)
    now = time.time()
    first = signer.read_token(signer.token("room", "ann", 3600, 60))
    oldest = replace(first, first_issued_at=now - 86_395, issued_at=now - 60, expires_at=now + 5)
    assert refused(post(app, {"token": signer.signed(oldest)})) == (403, "token_expired")


def test_a_page_that_was_given_longer_is_told_so(app: Flask, signer: Signer) -> None:
    week = 7 * 86_400
    answer = post(app, {"token": signer.token("room", "ann", week, 60)}).get_json()
    assert answer["expires_in_ms"] == pytest.approx(week * 1000, abs=60_000)


def test_a_session_that_has_ended(app: Flask, signer: Signer) -> None:
    token = signer.token("room", "ann", 60, 60, Role(ends_at=time.time() - 1))
    assert refused(post(app, {"token": token})) == (403, "session_expired")


def test_a_store_that_fails(app: Flask, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise OSError("gone")

    monkeypatch.setattr(app.extensions["p2p_streams"].store.guarded._store, "read_many", fail)
    token = signer.token("room", "ann", 60, 60)
    assert refused(post(app, {"token": token})) == (503, "unavailable")


def test_renewals_count_as_joins_of_their_address() -> None:
    app = Flask("a_slow_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_URL_PREFIX="/streams", P2P_JOIN_RATE=0.001)
    P2PStreams(app)
    signer = app.extensions["p2p_streams"].signer
    token = signer.token("room", "ann", 60, 600)
    assert post(app, {"token": token}).status_code == 200
    assert refused(post(app, {"token": token})) == (429, "rate_limited")


# What the metrics say


def test_refused_renewals_are_counted(app: Flask, p2p: P2PStreams, signer: Signer) -> None:
    p2p.authorize(lambda session_id, peer_id, request: peer_id != "eve")
    post(app, {"token": "forged"})
    post(app, {"token": signer.token("room", "ann", -1, 60)})
    post(app, {"token": signer.token("room", "eve", 60, 60)})
    post(app, {"token": signer.token("room", "ann", 60, 60)})
    assert p2p.metrics()["refused"] == {"unauthorized": 1, "token_expired": 1, "forbidden": 1}

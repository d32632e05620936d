"""Who may keep a page with a token, and what the log says of one that can't work."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import (
    Flask,
    Response,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    render_template_string,
    stream_template_string,
)
from flask_caching import Cache
from jinja2 import DictLoader

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.web.responses import MOST_TOKENS, TOKENS, Responses
from tests.conftest import AppFactory

FRAME = "{{ p2p_frame_tag(session_id=1, peer_id=request.args.get('name', 'ann')) }}"
PRIVATE = "private, no-store"
Log = pytest.LogCaptureFixture


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return make_app()


def get(app: Flask, name: str = "ann") -> Any:
    return app.test_client().get("/", query_string={"name": name})


def kept(response: Any) -> str | None:
    value: str | None = response.headers.get("Cache-Control")
    return value


def errors(log: Log) -> list[str]:
    # Of this thread: the app of another test may still have a worker whose store comes back.
    mine = [each for each in log.records if each.thread == threading.get_ident()]
    return [each.getMessage() for each in mine if each.levelno >= logging.WARNING]


# The header


@pytest.mark.parametrize("tag", [FRAME, FRAME.replace("{{", "{% set x =").replace("}}", "%}")])
def test_a_page_with_a_token_is_kept_by_nobody(app: Flask, tag: str) -> None:
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(tag))
    assert kept(get(app)) == PRIVATE


@pytest.mark.parametrize("tag", ["hello", "{{ p2p_script_tag() }}", "&lt;p2p-frame token="])
def test_other_pages_are_left_alone(app: Flask, log_is_empty: None, tag: str) -> None:
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(tag))
    assert kept(get(app)) is None


def test_a_response_without_a_type(app: Flask, log_is_empty: None) -> None:
    @app.get("/")
    def page() -> Response:
        response = make_response("<p2p-frame", 200)
        del response.headers["Content-Type"]
        return response

    assert get(app).status_code == 200


def test_a_page_behind_one_with_a_token(app: Flask) -> None:
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(FRAME))
    app.add_url_rule("/other", "other", view_func=lambda: "hello")
    with app.test_client() as client, app.app_context():
        assert kept(client.get("/")) == PRIVATE
        assert kept(client.get("/other")) is None


def test_what_is_rendered_for_one_socket_has_a_bound(app: Flask) -> None:
    responses = Responses("p2p.js", bool)
    with app.test_request_context("/") as context:
        # A handler of Socket.IO has the same request as long as its connection lasts.
        for number in range(MOST_TOKENS + 1):
            responses.issued(f"token {number}")
        assert len(context.request.environ[TOKENS]) == MOST_TOKENS


def test_a_token_in_something_else(app: Flask) -> None:
    app.add_url_rule("/", "page", view_func=lambda: jsonify(html=render_template_string(FRAME)))
    assert kept(get(app)) == PRIVATE


def test_a_mail_before_a_redirect(app: Flask) -> None:
    @app.get("/")
    def page() -> Any:
        render_template_string(FRAME)
        return redirect("/elsewhere")

    assert kept(get(app)) == PRIVATE


@pytest.mark.parametrize("said", ["private, max-age=60", "no-cache"])
def test_what_the_app_says_stands(app: Flask, log_is_empty: None, said: str) -> None:
    @app.get("/")
    def page() -> Response:
        response = make_response(render_template_string(FRAME))
        response.headers["Cache-Control"] = said
        return response

    assert kept(get(app)) == said


@pytest.mark.parametrize("said", ["public, max-age=60", "s-maxage=60"])
def test_what_everybody_may_keep_is_named_once(app: Flask, caplog: Log, said: str) -> None:
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(FRAME))

    @app.after_request
    def keep(response: Response) -> Response:
        response.headers["Cache-Control"] = said
        return response

    for _ in range(2):
        assert kept(get(app)) == said
    [error] = errors(caplog)
    assert "'page'" in error
    assert PRIVATE in error


# Tokens of earlier visitors


def test_a_view_in_a_cache_is_named_once(app: Flask, caplog: Log) -> None:
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    view = cache.cached()(lambda: render_template_string(FRAME))
    app.add_url_rule("/", "page", view)
    assert kept(get(app, "ann")) == PRIVATE
    assert errors(caplog) == []
    for _ in range(2):
        response = get(app, "bob")
        assert 'peer-id="ann"' in response.text
        assert kept(response) == PRIVATE
    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert record.levelname == "ERROR"
    assert "@cache.cached" in record.getMessage()
    assert "ann" not in record.getMessage()


def test_a_view_that_a_visitor_gets_past_the_cache(app: Flask, log_is_empty: None) -> None:
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    view = cache.cached(unless=lambda: True)(lambda: render_template_string(FRAME))
    app.add_url_rule("/", "page", view)
    for name in ("ann", "bob"):
        assert f'peer-id="{name}"' in get(app, name).text


@pytest.mark.parametrize(
    "template",
    [
        "{% cache 60 %}" + FRAME + "{% endcache %}",
        "{% cache 60 %}" + FRAME + "{% endcache %}" + FRAME,
        "{% include 'bare.html' without context %}",
        "{% import 'kept.html' as kept %}{{ kept.frame }}",
    ],
)
def test_a_fragment_in_a_cache_is_named(app: Flask, caplog: Log, template: str) -> None:
    Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    tag = "p2p_frame_tag(session_id=1, peer_id=request.args['name'])"
    kept = {"bare.html": "{{ " + tag + " }}", "kept.html": "{% set frame = " + tag + " %}"}
    app.jinja_loader = DictLoader({**kept, "page.html": template})
    app.add_url_rule("/", "page", view_func=lambda: render_template("page.html"))
    get(app, "ann")
    assert errors(caplog) == []
    response = get(app, "bob")
    assert 'peer-id="ann"' in response.text
    assert 'type="module"' in response.text
    assert len(errors(caplog)) == 1


def test_a_page_that_is_remembered(app: Flask, caplog: Log) -> None:
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    remembered = cache.memoize()(lambda: render_template_string(FRAME))
    app.add_url_rule("/", "page", view_func=lambda: remembered())
    assert [get(app).status_code for _ in range(2)] == [200, 200]
    assert len(errors(caplog)) == 1


def test_json_in_a_cache(app: Flask, caplog: Log) -> None:
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    view = cache.cached()(lambda: jsonify(html=render_template_string(FRAME)))
    app.add_url_rule("/", "page", view)
    get(app, "ann")
    assert errors(caplog) == []
    response = get(app, "bob")
    assert 'peer-id="ann"' in response.json["html"]
    assert kept(response) == PRIVATE
    assert len(errors(caplog)) == 1


def test_json_under_a_policy(app: Flask, log_is_empty: None) -> None:
    @app.get("/")
    def page() -> Any:
        g.csp_nonce = "right"
        html = render_template_string(FRAME)
        return jsonify(html=html), {"Content-Security-Policy": "script-src 'nonce-right'"}

    assert kept(get(app)) == PRIVATE


def test_a_tag_in_a_cache(app: Flask, caplog: Log) -> None:
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    tag: Any = app.jinja_env.globals["p2p_frame_tag"]
    remembered = cache.memoize()(lambda: tag(session_id=1, peer_id=2))
    app.add_url_rule("/", "page", lambda: render_template_string("{{ it }}", it=remembered()))
    for _ in range(2):
        assert get(app).text.count('type="module"') == 1
    assert len(errors(caplog)) == 1


# What visitors have written


def test_what_a_visitor_writes_about_frames_is_no_frame(app: Flask, log_is_empty: None) -> None:
    # HTML has it escaped, JSON hasn't.
    said = 'Why does <p2p-frame session-id="1" token="eyJ"> do nothing?'
    app.add_url_rule("/", "page", view_func=lambda: jsonify(text=said))
    assert kept(get(app)) is None


@pytest.mark.parametrize("said", ["<p2p-frame ", "<p2p-frame token=", '<p2p-frame token="x'])
def test_a_long_text_takes_its_length_to_look_at(app: Flask, said: str) -> None:
    app.add_url_rule("/", "page", view_func=lambda: jsonify(text=said * 100_000))
    before = time.process_time()
    assert get(app).status_code == 200
    # Of a square it takes minutes.
    assert time.process_time() - before < 10


def test_a_token_of_another_app(app: Flask, make_app: AppFactory, log_is_empty: None) -> None:
    other = make_app(P2P_AUDIENCE="another app")
    other.add_url_rule("/", "page", view_func=lambda: render_template_string(FRAME))
    app.add_url_rule("/", "page", view_func=lambda: jsonify(text=get(other).text))
    assert kept(get(app)) is None


# A frame without a client


def test_a_client_that_got_lost_is_named_once(app: Flask, caplog: Log) -> None:
    lost = "{% set x %}" + FRAME + "{% endset %}" + FRAME
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(lost))
    for _ in range(2):
        get(app)
    [error] = errors(caplog)
    assert "p2p_script_tag()" in error


def test_a_client_that_the_layout_brings(app: Flask, log_is_empty: None) -> None:
    page = "<head>{{ p2p_script_tag() }}</head>" + FRAME
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(page))
    assert get(app).status_code == 200


# The policy


def page_with(policy: str, page: str = FRAME) -> Any:
    def view() -> Response:
        g.csp_nonce = "right"
        return Response(render_template_string(page), headers={"Content-Security-Policy": policy})

    return view


@pytest.mark.parametrize("policy", ["script-src 'nonce-wrong'", "default-src 'self' 'nonce-x'"])
def test_a_nonce_that_is_another_is_named_once(app: Flask, caplog: Log, policy: str) -> None:
    app.add_url_rule("/", "page", page_with(policy))
    for _ in range(2):
        get(app)
    [error] = errors(caplog)
    assert "g.csp_nonce" in error
    assert "wrong" not in error


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self' 'nonce-right'; style-src 'nonce-x'",
        "style-src 'nonce-x'; default-src 'self'",
        "script-src-elem 'nonce-right'; script-src 'nonce-x'",
        "script-src 'self'",
        "",
    ],
)
def test_a_policy_that_lets_the_client_in(app: Flask, log_is_empty: None, policy: str) -> None:
    app.add_url_rule("/", "page", page_with(policy))
    app.add_url_rule("/other", "other", page_with("script-src 'nonce-x'", "hello"))
    get(app)
    app.test_client().get("/other")


@pytest.mark.parametrize("attribute", ["nonce='right'", "nonce=right", 'NONCE = "right"'])
def test_a_map_of_the_apps_own(app: Flask, log_is_empty: None, attribute: str) -> None:
    own = f'<script type="importmap" {attribute}>{{}}</script>'
    app.add_url_rule("/", "page", page_with("script-src 'nonce-right'", own + FRAME))
    assert own in get(app).text


# What the app does with its responses before the extension sees them


def app_that_sets(header: str, value: str) -> Flask:
    app = Flask("an_app")
    app.secret_key = "a key for tests"

    @app.after_request
    def set_header(response: Response) -> Response:
        response.headers[header] = value
        return response

    P2PStreams(app)
    return app


def test_a_stream_of_an_app_that_keeps_nothing(log_is_empty: None) -> None:
    app = app_that_sets("Cache-Control", PRIVATE)
    app.add_url_rule("/", "page", view_func=stream)
    assert "<p2p-frame" in get(app).text


@pytest.mark.parametrize("said", ["public, max-age=60", "max-age=60"])
def test_an_app_whose_responses_anybody_may_keep(caplog: Log, said: str) -> None:
    app = app_that_sets("Cache-Control", said)
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(FRAME))
    assert kept(get(app)) == said
    [error] = errors(caplog)
    assert PRIVATE in error


def test_an_app_that_has_set_its_policy_first(caplog: Log) -> None:
    app = app_that_sets("Content-Security-Policy", "script-src 'nonce-x'")
    app.add_url_rule("/", "page", view_func=lambda: render_template_string(FRAME))
    get(app)
    [error] = errors(caplog)
    assert "g.csp_nonce" in error


# Streams


def stream(**headers: str) -> Any:
    # Flask renders the frame when the headers have gone.
    return Response(stream_template_string("<p>" + FRAME), headers=headers)


def test_a_stream_that_anybody_may_keep_is_named_once(app: Flask, caplog: Log) -> None:
    app.add_url_rule("/", "page", view_func=stream)
    for _ in range(2):
        assert "<p2p-frame" in get(app).text
    [error] = errors(caplog)
    assert PRIVATE in error


def test_a_stream_that_nobody_may_keep(app: Flask, log_is_empty: None) -> None:
    app.add_url_rule("/", "page", view_func=lambda: stream(**{"Cache-Control": PRIVATE}))
    app.add_url_rule("/plain", "plain", view_func=lambda: Response(iter(["hello"])))
    assert "<p2p-frame" in get(app).text
    assert app.test_client().get("/plain").text == "hello"


def test_a_response_in_pieces(app: Flask, caplog: Log) -> None:
    def pieces() -> Iterator[str]:
        yield "<p2p-frame"

    app.add_url_rule("/", "page", view_func=lambda: Response(pieces()))
    assert get(app).text == "<p2p-frame"
    assert errors(caplog) == []


def test_a_page_that_is_packed_is_not_read(app: Flask, log_is_empty: None) -> None:
    @app.get("/")
    def page() -> Response:
        g.page = render_template_string(FRAME)
        response = make_response(bytes(byte ^ 1 for byte in g.page.encode()))
        response.headers["Content-Encoding"] = "rot"
        return response

    assert kept(get(app)) == PRIVATE


@pytest.fixture
def log_is_empty(caplog: Log) -> Iterator[None]:
    yield
    assert errors(caplog) == []

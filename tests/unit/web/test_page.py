"""The client comes with each page that shows a frame, whatever else is rendered meanwhile."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import (
    Flask,
    get_template_attribute,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from flask_caching import Cache
from jinja2 import DictLoader, TemplateError, pass_context

from flask_p2p_streams import ArgumentError, P2PStreams
from tests.conftest import AppFactory

FRAME = "{{ p2p_frame_tag(session_id=1, peer_id=2) }}"
TEMPLATES = {
    "frame.html": FRAME,
    "failing.html": FRAME + "{{ 1 / 0 }}",
    "layout.html": "<head>{{ p2p_script_tag() }}</head>{% block body %}{% endblock %}",
    "room.html": "{% extends 'layout.html' %}{% block body %}" + FRAME + "{% endblock %}",
    "macros.html": "{% macro room() %}" + FRAME + "{% endmacro %}",
}


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    app = make_app()
    app.jinja_loader = DictLoader(TEMPLATES)
    return app


def parts(html: str) -> list[str]:
    """Return what a page has of the client, in its order."""
    found = re.findall(r'<head>|<p2p-frame|type="(importmap|module)"', html)
    return [each for each in found if each]


def brings_the_client(html: str) -> bool:
    order = re.findall(r'type="importmap"|type="module"|<p2p-frame', html)
    return order == ['type="importmap"', 'type="module"', "<p2p-frame"]


# One page after another in a request


def test_the_page_that_tells_of_a_failure(app: Flask) -> None:
    @app.get("/")
    def page() -> str:
        return render_template("failing.html")

    @app.errorhandler(500)
    def failed(error: Exception) -> str:
        return render_template("frame.html")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert brings_the_client(app.test_client().get("/").text)


def test_a_page_behind_a_mail(app: Flask) -> None:
    with app.test_request_context("/"):
        assert brings_the_client(render_template("frame.html"))
        assert brings_the_client(render_template("frame.html"))


def test_a_page_after_a_mail_that_failed(app: Flask) -> None:
    with app.test_request_context("/"):
        with pytest.raises(ZeroDivisionError):
            render_template("failing.html")
        assert brings_the_client(render_template_string(FRAME))


def test_a_page_that_is_glued(app: Flask) -> None:
    with app.test_request_context("/"):
        head = render_template_string("{{ p2p_importmap({'app': '/app.js'}) }}")
        assert brings_the_client(render_template("frame.html"))
    assert parts(head) == ["importmap"]


def test_a_template_within_a_template(app: Flask) -> None:
    app.template_global()(render_template)
    app.jinja_env.autoescape = False
    with app.test_request_context("/"):
        html = render_template_string(FRAME + "<hr>{{ render_template('frame.html') }}<hr>" + FRAME)
    outer, inner, rest = html.split("<hr>")
    assert brings_the_client(outer)
    assert brings_the_client(inner)
    assert parts(rest) == []


def test_a_template_within_a_template_that_fails(app: Flask) -> None:
    @app.template_global()
    @pass_context
    def attempt(context: Any) -> str:
        try:
            return render_template("failing.html")
        except ZeroDivisionError:
            return "-"

    with app.test_request_context("/"):
        for frame in (FRAME, "{% from 'macros.html' import room %}{{ room() }}"):
            assert brings_the_client(render_template_string("{{ attempt() }}" + frame))


def test_pages_of_one_app_context(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            assert brings_the_client(render_template("frame.html"))


# Where the tag is


@pytest.mark.parametrize(
    "template",
    [
        "{% include 'frame.html' %}" * 2,
        "{% from 'macros.html' import room %}{{ room() }}{{ room() }}",
        "{% from 'macros.html' import room with context %}{{ room() }}" + FRAME,
        "{% from 'macros.html' import room %}{{ room() }}" + FRAME,
        "{% import 'macros.html' as m %}" + FRAME + "{{ m.room() }}",
        "{% call p2p_frame_tag(session_id=1, peer_id=2) %}<b>hi</b>{% endcall %}" * 2,
        "{% for _ in [1, 2] %}" + FRAME + "{% endfor %}",
        "{% block a %}" + FRAME + "{% endblock %}{% block b scoped %}" + FRAME + "{% endblock %}",
        "{% set x %}" + FRAME + "{% endset %}{{ x }}{% set y %}" + FRAME + "{% endset %}{{ y }}",
    ],
)
def test_the_client_comes_once(app: Flask, template: str) -> None:
    for _ in range(2):
        with app.test_request_context("/"):
            html = render_template_string(template)
        assert html.count("<p2p-frame") == 2
        assert parts(html) == ["importmap", "module"]


def test_the_layout_brings_it(app: Flask) -> None:
    for _ in range(2):
        with app.test_request_context("/"):
            head, body = render_template("room.html").split("</head>")
        assert parts(head) == ["importmap", "module"]
        assert (body.count("<p2p-frame"), parts(body)) == (1, [])


@pytest.mark.parametrize(
    "unseen",
    [
        "{% set x = p2p_frame_tag(session_id=1, peer_id=2) %}",
        "{% if p2p_frame_tag(session_id=1, peer_id=2) %}{% endif %}",
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_frame_that_is_never_shown(app: Flask, unseen: str, escaped: bool) -> None:
    app.jinja_env.autoescape = escaped
    with app.test_request_context("/"):
        assert brings_the_client(render_template_string(unseen + FRAME))


@pytest.mark.parametrize("shown", ["{{ x }}", "{{ x|safe }}", "{{ x ~ '' }}", "{{ '' ~ x }}"])
def test_a_frame_that_is_shown_later(app: Flask, shown: str) -> None:
    template = "{% set x = p2p_frame_tag(session_id=1, peer_id=2) %}<hr>" + shown
    with app.test_request_context("/"):
        assert brings_the_client(render_template_string(template))


def test_a_frame_as_text(app: Flask) -> None:
    with app.test_request_context("/"):
        frame_tag: Any = app.jinja_env.globals["p2p_frame_tag"]
        tag = frame_tag(session_id=1, peer_id=2)
        for text in (tag + "", "" + tag, tag[:], tag.strip()):
            assert brings_the_client(text)


def test_a_macro_that_a_view_calls(app: Flask) -> None:
    with app.test_request_context("/"):
        for _ in range(2):
            assert brings_the_client(get_template_attribute("macros.html", "room")())


def test_a_template_that_flask_does_not_render(app: Flask) -> None:
    macro = "{% from 'macros.html' import room %}{{ room() }}"
    with app.app_context():
        for template in (FRAME, macro) * 2:
            assert brings_the_client(app.jinja_env.from_string(template).render())


# Streams, and templates that wait


def test_pages_that_are_streamed_side_by_side(app: Flask) -> None:
    with app.test_request_context("/"):
        streams = [iter(stream_template("frame.html")) for _ in range(2)]
        with pytest.raises(ZeroDivisionError):
            render_template("failing.html")
        assert all(brings_the_client("".join(stream)) for stream in streams)


def test_a_streamed_page(app: Flask) -> None:
    @app.get("/")
    def page() -> Iterator[str]:
        return stream_template_string(FRAME)

    assert brings_the_client(app.test_client().get("/").text)


def test_templates_that_wait(make_app: AppFactory) -> None:
    app = Flask("an_app")
    app.jinja_options = {"enable_async": True}
    app.config["SECRET_KEY"] = "a key for tests"
    P2PStreams(app)
    block = "{% call p2p_frame_tag(session_id=1, peer_id=2) %}<b>{{ x }}</b>{% endcall %}"
    with app.test_request_context("/"):
        html = render_template_string(block + FRAME, x="<i>")
    assert "><b>&lt;i&gt;</b></p2p-frame>" in html
    assert parts(html) == ["importmap", "module"]


# Fragments that are kept


def test_a_fragment_that_is_kept(app: Flask) -> None:
    Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    template = "{% cache 60 %}" + FRAME + "{% endcache %}" + FRAME
    for _ in range(2):
        with app.test_request_context("/"):
            html = render_template_string(template)
        assert re.findall(r'type="module"|<p2p-frame', html)[0] == 'type="module"'


# The nonce


def nonces(html: str) -> list[str]:
    return re.findall(r'nonce="([^"]*)"', html)


@pytest.mark.parametrize("value", ["n", lambda: "n"])
def test_the_nonce_of_a_context_processor(app: Flask, value: str | Callable[[], str]) -> None:
    app.context_processor(lambda: {"csp_nonce": value})
    with app.test_request_context("/"):
        for template in ("{{ p2p_script_tag() }}", "{% include 'macros.html' %}" + FRAME):
            assert nonces(render_template_string(template)) == ["n", "n"]
        macro = "{% from 'macros.html' import room %}{{ room() }}"
        assert nonces(render_template_string(macro)) == ["n", "n"]


def test_the_nonce_of_a_frame_as_text(app: Flask) -> None:
    app.context_processor(lambda: {"csp_nonce": "n"})
    template = "{{ (p2p_frame_tag(session_id=1, peer_id=2) + '')|safe }}"
    with app.test_request_context("/"):
        assert nonces(render_template_string(template)) == ["n", "n"]


def test_an_import_map_outside_of_templates(app: Flask) -> None:
    tag: Any = app.jinja_env.globals["p2p_importmap"]
    with app.test_request_context("/"):
        assert '"app": "/app.js"' in tag(extra={"app": "/app.js"})
        with pytest.raises(ArgumentError, match="by its name"):
            tag({"app": "/app.js"})


def test_the_app_s_template_options_are_honoured() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    P2PStreams(app)
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    assert app.jinja_env.auto_reload
    with app.test_request_context("/"):
        assert brings_the_client(render_template_string(FRAME))
    assert not Flask.jinja_options


@pytest.mark.parametrize("late", [True, False])
def test_extensions_of_the_app_s(late: bool) -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    if not late:
        app.jinja_options = {"extensions": ("jinja2.ext.do",)}
    P2PStreams(app)
    if late:
        app.jinja_options = {"extensions": ["jinja2.ext.do"]}
    app.add_url_rule("/", view_func=lambda: render_template_string("{% do [] %}" + FRAME))
    assert brings_the_client(app.test_client().get("/").text)


def test_the_environment_may_be_there_already() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    app.jinja_env.globals["x"] = 1
    P2PStreams(app)
    with app.test_request_context("/"):
        assert brings_the_client(render_template_string(FRAME))
        with pytest.raises(TemplateError):
            render_template_string("{{ p2p_frame_tag( }}")

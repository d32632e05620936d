import json
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, g, render_template_string, request
from flask_socketio import SocketIO
from markupsafe import Markup

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.errors import ArgumentError, ConfigurationError
from flask_p2p_streams.sessions.credentials import JoinToken, Role
from tests.conftest import AppFactory

HOSTILE = [
    '"><script>alert(1)</script>',
    "' onload='x",
    "</p2p-frame>",
    "&lt;",
    "\t\n",
    "é\u2028",
]


class Room(str, Enum):
    LOBBY = "lobby"


class Floor(int, Enum):
    FIRST = 1


class Page(HTMLParser):
    """The elements of a page, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.elements[-1][0] if self.elements else "", data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def render(app: Flask, template: str, **context: Any) -> str:
    with app.test_request_context("/"):
        return render_template_string(template, **context)


def frame(app: Flask, **arguments: Any) -> dict[str, str | None]:
    html = render(app, "{{ p2p_frame_tag(**arguments) }}", arguments=arguments)
    [attributes] = Page(html).all("p2p-frame")
    return attributes


def options(app: Flask, config: Mapping[str, Any] | None) -> Any:
    return json.loads(frame(app, session_id="room", peer_id="ann", config=config)["config"] or "")


# The element


def test_a_frame(app: Flask) -> None:
    attributes = frame(app, session_id="room", peer_id="ann")
    token = attributes.pop("token") or ""
    assert attributes == {
        "session-id": "room",
        "peer-id": "ann",
        "token-url": "/p2p/token",
        "token-expires-in-ms": "86400000",
        "config": "{}",
        "signaling-path": "/socket.io",
        "namespace": "/p2p",
    }
    read = app.extensions["p2p_streams"].signer.read_token(token)
    assert (read.session_id, read.peer_id, read.expires_in) == ("room", "ann", 86_400)


def test_a_frame_that_may_poll(make_app: AppFactory) -> None:
    app = make_app(P2P_TRANSPORTS=["websocket", "polling"])
    [frame] = Page(render(app, '{{ p2p_frame_tag(session_id="r", peer_id="a") }}')).all("p2p-frame")
    assert frame["transports"] == "websocket polling"
    with pytest.raises(ArgumentError, match="transports"):
        render(app, '{{ p2p_frame_tag(session_id="r", peer_id="a", transports="x") }}')


def test_a_block(app: Flask) -> None:
    html = render(
        app,
        "{% call p2p_frame_tag(session_id=1, peer_id=2) %}<b>{{ x }}</b>{% endcall %}",
        x="<i>",
    )
    assert html.endswith("><b>&lt;i&gt;</b></p2p-frame>")


def test_a_block_in_a_macro_of_the_app_s(app: Flask) -> None:
    html = render(
        app,
        "{% macro room() %}{% set outer = caller %}"
        "{% call p2p_frame_tag(session_id=1, peer_id=2) %}{{ outer() }}{% endcall %}{% endmacro %}"
        "{% call room() %}<b>hi</b>{% endcall %}",
    )
    assert "<b>hi</b></p2p-frame>" in html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_ids_and_attributes_stay_text(app: Flask, hostile: str) -> None:
    html = render(
        app,
        "{{ p2p_frame_tag(session_id=x, peer_id=x, title=x, data_x=safe) }}",
        x=hostile,
        safe=Markup(hostile),
    )
    page = Page(html)
    assert [tag for tag, _ in page.elements] == ["script", "script", "p2p-frame"]
    [attributes] = page.all("p2p-frame")
    for name in ("session-id", "peer-id", "title", "data-x"):
        assert attributes[name] == hostile
    token = app.extensions["p2p_streams"].signer.read_token(attributes["token"])
    assert (token.session_id, token.peer_id) == (hostile, hostile)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (7, "7"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("x" * 128, "x" * 128),
        # What it is, and not how it calls itself.
        (Room.LOBBY, "lobby"),
        (Floor.FIRST, "1"),
    ],
)
def test_ids_of_other_types(app: Flask, given: Any, text: str) -> None:
    attributes = frame(app, session_id=given, peer_id=given)
    token = app.extensions["p2p_streams"].signer.read_token(attributes["token"])
    assert (attributes["session-id"], attributes["peer-id"]) == (text, text)
    assert (token.session_id, token.peer_id) == (text, text)


@pytest.mark.parametrize("argument", ["session_id", "peer_id"])
@pytest.mark.parametrize(
    "wrong", [None, "", "x" * 129, True, 1.5, b"x", ["x"], "\ud800", "a\0b", "a\r"]
)
def test_a_wrong_id_is_named(app: Flask, argument: str, wrong: Any) -> None:
    arguments = {"session_id": "room", "peer_id": "ann", argument: wrong}
    with pytest.raises(ArgumentError, match=argument) as raised:
        frame(app, **arguments)
    assert raised.value.argument == argument


def test_attributes(app: Flask) -> None:
    attributes = frame(
        app,
        session_id=1,
        peer_id=2,
        class_="a b",
        data_turbo_permanent=True,
        hidden=False,
        title=None,
        tabindex=0,
    )
    assert attributes["class"] == "a b"
    assert attributes["data-turbo-permanent"] is None
    assert attributes["tabindex"] == "0"
    assert not {"hidden", "title"} & set(attributes)


@pytest.mark.parametrize(
    "name",
    ["onclick", "ONCLICK", "token", "Token", "signaling_path", "state", "a b", "x>", "1x", "_"],
)
def test_a_wrong_attribute_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(ArgumentError):
        frame(app, session_id=1, peer_id=2, **{name: "x"})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("expire_in", "Did you mean expires_in"),
        ("expires", "Did you mean expires_in"),
        ("can_hosts", "Did you mean can_host"),
        ("canSend", "Did you mean can_send"),
        ("start_at", "Did you mean starts_at"),
        ("configs", "Did you mean config"),
        ("ice_servers", "config={'ice_servers': ...}"),
        ("keep_signaling", "config={'keep_signaling': ...}"),
        ("keepCableConnection", "config={'keepCableConnection': ...}"),
        ("connect_timeout_mls_", "config={'connect_timeout_mls': ...}"),
    ],
)
def test_a_misspelt_argument_is_no_attribute(app: Flask, name: str, hint: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(hint)) as raised:
        frame(app, session_id=1, peer_id=2, **{name: "x"})
    assert raised.value.argument == name


@pytest.mark.parametrize(
    "name", ["id", "class", "hidden", "role", "style", "data_expires_in", "aria_label", "hx-get"]
)
def test_ordinary_attributes(app: Flask, name: str) -> None:
    assert frame(app, session_id=1, peer_id=2, **{name: "x"})[name.replace("_", "-")] == "x"


@pytest.mark.parametrize("twice", [("class", "class_"), ("data_x", "data-x"), ("id", "ID")])
def test_an_attribute_that_is_given_twice(app: Flask, twice: tuple[str, str]) -> None:
    with pytest.raises(ArgumentError, match="twice"):
        frame(app, session_id=1, peer_id=2, **dict.fromkeys(twice, "x"))


# expires_in and config


@pytest.mark.parametrize("given", [60, 60.0, timedelta(minutes=1)])
def test_expires_in(app: Flask, given: Any) -> None:
    token = frame(app, session_id=1, peer_id=2, expires_in=given)["token"]
    assert app.extensions["p2p_streams"].signer.read_token(token).expires_in == 60


@pytest.mark.parametrize("wrong", [0, -1, True, "60", float("nan"), float("inf"), timedelta(0)])
def test_a_wrong_expires_in_is_named(app: Flask, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="expires_in"):
        frame(app, session_id=1, peer_id=2, expires_in=wrong)


def test_the_configured_times(make_app: AppFactory) -> None:
    app = make_app(P2P_TOKEN_MAX_AGE=60, P2P_SESSION_EXPIRES_IN=600)
    token = frame(app, session_id=1, peer_id=2)["token"]
    assert app.extensions["p2p_streams"].signer.read_token(token).expires_in == 600


def test_config_travels_as_json(app: Flask) -> None:
    assert options(app, None) == {}
    assert options(app, {"keepCableConnection": True}) == {"keep_signaling": True}


def test_a_wrong_config_is_named(app: Flask) -> None:
    with pytest.raises(ArgumentError, match="Did you mean heartbeat"):
        options(app, {"heartbaet": {}})


# The bootstrap


def test_the_bootstrap_is_emitted_once(app: Flask) -> None:
    html = render(app, "{{ p2p_frame_tag(session_id=1, peer_id=2) }}" * 3)
    assert html.count("importmap") == 1
    assert html.count('type="module"') == 1
    assert html.index("importmap") < html.index('type="module"') < html.index("<p2p-frame")


def test_each_page_has_its_own(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            assert "importmap" in render(app, "{{ p2p_frame_tag(session_id=1, peer_id=2) }}")


def test_the_head_may_have_it(app: Flask) -> None:
    html = render(
        app,
        "{{ p2p_importmap(extra={'app': '/</script>.js'}) }}<hr>{{ p2p_script_tag() }}"
        "{{ p2p_frame_tag(session_id=1, peer_id=2) }}",
    )
    before, after = html.split("<hr>")
    assert json.loads(Page(before).text["script"])["imports"] == {
        "p2p": "/p2p/0.1.0/p2p-stimulus.js",
        "p2p/frame": "/p2p/0.1.0/p2p.js",
        "@hotwired/stimulus": "/p2p/0.1.0/stimulus.js",
        "app": "/</script>.js",
    }
    assert Page(after).all("script") == [{"type": "module", "src": "/p2p/0.1.0/p2p.js"}]


def test_the_app_s_stimulus_goes_before_ours(app: Flask) -> None:
    html = render(app, "{{ p2p_importmap({'@hotwired/stimulus': '/mine.js'}) }}")
    assert json.loads(Page(html).text["script"])["imports"]["@hotwired/stimulus"] == "/mine.js"


def test_the_script_alone_brings_the_map(app: Flask) -> None:
    html = render(app, "{{ p2p_script_tag() }}{{ p2p_importmap() }}")
    assert html.index("importmap") < html.index('type="module"')
    assert html.count("importmap") == 1


def test_entries_that_come_too_late_are_an_error(app: Flask) -> None:
    with pytest.raises(ArgumentError, match="extra"):
        render(app, "{{ p2p_script_tag() }}{{ p2p_importmap({'app': '/app.js'}) }}")


@pytest.mark.parametrize("wrong", [[], "x", {"app": 1}, {1: "x"}, {"app": ""}])
def test_wrong_entries_are_named(app: Flask, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="extra"):
        render(app, "{{ p2p_importmap(x) }}", x=wrong)


# The nonce


def nonces(html: str) -> list[str | None]:
    return [attributes.get("nonce") for attributes in Page(html).all("script")]


def test_no_nonce(app: Flask) -> None:
    assert nonces(render(app, "{{ p2p_script_tag() }}")) == [None, None]


@pytest.mark.parametrize("place", ["g", "request", "global", "global function"])
def test_the_nonce_is_found(app: Flask, place: str) -> None:
    with app.test_request_context("/"):
        if place == "g":
            g.csp_nonce = '"n'
        elif place == "request":
            request.csp_nonce = '"n'  # type: ignore[attr-defined]
        else:
            function = place == "global function"
            app.jinja_env.globals["csp_nonce"] = (lambda: '"n') if function else '"n'
        html = render_template_string("{{ p2p_script_tag() }}")
    assert nonces(html) == ['"n', '"n']


# Where the app is mounted


def test_below_a_path(app: Flask) -> None:
    with app.test_request_context("/", base_url="https://example.org/chat/"):
        html = render_template_string("{{ p2p_frame_tag(session_id=1, peer_id=2) }}")
    [attributes] = Page(html).all("p2p-frame")
    assert attributes["signaling-path"] == "/chat/socket.io"
    assert re.search('src="/chat/p2p/0.1.0/p2p.js"', html)


def test_another_path_of_socketio() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "k"
    SocketIO(app, async_mode="threading", path="/live/sio", async_handlers=False)
    P2PStreams(app)
    assert frame(app, session_id=1, peer_id=2)["signaling-path"] == "/live/sio"


def test_without_a_request(app: Flask) -> None:
    with app.app_context():
        html = render_template_string("{{ p2p_frame_tag(session_id=1, peer_id=2) }}")
    assert "/socket.io" in html


# Set up in the wrong order


def test_a_socketio_that_came_later(app: Flask) -> None:
    SocketIO(app, async_mode="threading")
    with pytest.raises(ConfigurationError, match="before P2PStreams"):
        frame(app, session_id=1, peer_id=2)


def test_a_socketio_that_was_given_away(app: Flask) -> None:
    app.extensions["socketio"].init_app(Flask("another"))
    with pytest.raises(ConfigurationError, match="one SocketIO per app"):
        frame(app, session_id=1, peer_id=2)


# Roles and times


def claims(app: Flask, **arguments: Any) -> JoinToken:
    token = frame(app, session_id="room", peer_id="ann", **arguments)["token"]
    read: JoinToken = app.extensions["p2p_streams"].signer.read_token(token)
    return read


def test_a_peer_may_do_everything_at_any_time(app: Flask) -> None:
    assert claims(app).role == Role(True, True, None, None)


def test_roles_and_times_are_signed(app: Flask) -> None:
    begin = datetime(2030, 1, 1, tzinfo=timezone.utc)
    token = claims(app, can_host=False, can_send=False, starts_at=begin, ends_at=2e9)
    assert token.role == Role(False, False, begin.timestamp(), 2e9)
    assert token.issued_at <= time.time()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"can_host": 1}, "can_host: must be True or False"),
        ({"can_send": None}, "can_send: must be True or False"),
        ({"starts_at": "noon"}, "starts_at: must be seconds"),
        ({"starts_at": True}, "starts_at: must be seconds"),
        ({"ends_at": float("nan")}, "ends_at: must be seconds since 1970"),
        ({"ends_at": float("inf")}, "ends_at: must be seconds since 1970"),
        ({"ends_at": 1e12}, "ends_at: must be seconds since 1970"),
        ({"ends_at": datetime(2030, 1, 1)}, "ends_at: must have a time zone"),
        ({"starts_at": 10, "ends_at": 10}, "ends_at: must be later"),
    ],
)
def test_wrong_roles_and_times(app: Flask, arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ArgumentError, match=problem):
        claims(app, **arguments)

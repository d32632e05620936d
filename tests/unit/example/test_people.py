"""How the example calls people, and which colours it gives them."""

import re
from collections.abc import Iterator
from itertools import combinations
from math import dist
from pathlib import Path

import pytest
from flask import Flask

from example_app.colours import COLOURS, ON_THEIR_WAY, Colours
from example_app.names import clean_name, colour_of, is_peer_of, name_of, new_peer_id
from flask_p2p_streams import P2PStreams, testing

SHEET = Path("example_app/static/colours.js")
LEAST_CONTRAST = 4.5
"""Between white letters and a colour below them (WCAG 2.2, 1.4.3)."""

LEAST_DIFFERENCE = 0.068
"""In OKLab; what the eye just notices is 0.02."""


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="x" * 32)
    return app


@pytest.fixture
def p2p(app: Flask) -> Iterator[P2PStreams]:
    p2p = P2PStreams(app)
    with app.app_context():
        yield p2p


def palette() -> list[tuple[float, ...]]:
    """Return the colours as linear red, green and blue."""
    found = re.findall('"#(..)(..)(..)"', SHEET.read_text("utf-8"))
    return [tuple(linear(int(part, 16) / 255) for part in colour) for colour in found]


def linear(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), colour, strict=True))


def oklab(colour: tuple[float, ...]) -> list[float]:
    """Return a colour as the eye tells it from others: https://bottosson.github.io/posts/oklab."""
    cones = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    axes = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    roots = [sum(a * b for a, b in zip(row, colour, strict=True)) ** (1 / 3) for row in cones]
    return [sum(a * b for a, b in zip(row, roots, strict=True)) for row in axes]


def test_letters_are_legible_on_each_colour() -> None:
    assert len(palette()) == COLOURS
    assert all(1.05 / (luminance(colour) + 0.05) >= LEAST_CONTRAST for colour in palette())


def test_no_two_colours_look_alike() -> None:
    pairs = combinations(map(oklab, palette()), 2)
    assert min(dist(one, other) for one, other in pairs) >= LEAST_DIFFERENCE


def test_as_many_as_there_are_colours_get_one_each(p2p: P2PStreams) -> None:
    colours = Colours(p2p)
    assert [colours.pick("tea") for _ in range(COLOURS)] == list(range(COLOURS))
    assert [colours.pick("tea"), colours.pick("tea")] == [0, 1]
    assert colours.pick("coffee") == 0


def test_who_is_there_keeps_a_colour_and_who_never_came_does_not(
    app: Flask, p2p: P2PStreams
) -> None:
    now = [0.0]
    colours = Colours(p2p, lambda: now[0])
    ids = [new_peer_id("Ada", "0" * 12, colours.pick("tea")) for _ in range(3)]
    host = testing.join(app, "tea", ids[1])
    now[0] += ON_THEIR_WAY
    assert [colours.pick("tea") for _ in range(2)] == [0, 2]
    host.leave()
    now[0] += ON_THEIR_WAY
    assert [colours.pick("tea") for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("name", ["Ada", "a~b", "~", "שלום", "👩‍👩‍👧"])
def test_an_id_tells_name_and_colour(name: str) -> None:
    peer_id = new_peer_id(name, "0123456789ab", 29)
    assert (name_of(peer_id), colour_of(peer_id)) == (name, 29)
    assert is_peer_of(peer_id, "0123456789ab")
    assert not is_peer_of(peer_id, "0123456789ac")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\u202eevil\u202c", "evil"),
        ("a\u2066b\u2069", "ab"),
        ("\u200b", ""),
        ("\u0301 \u200d", ""),
        (" a\r\n\x00b ", "a b"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("x" * 50, "x" * 40),
    ],
)
def test_a_name_can_be_seen_and_turns_nothing(text: str, name: str) -> None:
    assert clean_name(text) == name

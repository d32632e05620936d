"""What is said of the signals, by the signals themselves and on the page of the API."""

import re
from typing import Any

import pytest
from blinker import NamedSignal
from flask import Flask

import flask_p2p_streams
from flask_p2p_streams import P2PStreams
from flask_p2p_streams.testing import join

from .blocks import ROOT

SIGNALS: dict[str, NamedSignal] = {
    name: each for name, each in vars(flask_p2p_streams).items() if isinstance(each, NamedSignal)
}


def test_there_are_eight() -> None:
    assert len(SIGNALS) == 8


@pytest.mark.parametrize("name", SIGNALS)
def test_the_page_shows_each(name: str) -> None:
    assert f".. autodata:: {name}\n" in (ROOT / "docs/api.md").read_text("utf-8")


def test_each_names_what_it_brings(app: Flask, p2p: P2PStreams) -> None:
    brought: dict[str, set[str]] = {}
    receivers = []
    for name, signal in SIGNALS.items():

        def note(sender: Flask, *, name: str = name, **arguments: Any) -> None:
            brought[name] = set(arguments)

        receivers.append(note)
        signal.connect(note, app)
    _let_all_happen(app, p2p)
    assert brought == {name: _named_by(signal) for name, signal in SIGNALS.items()}


def _let_all_happen(app: Flask, p2p: P2PStreams) -> None:
    with app.app_context():
        ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
        bob.leave("connected")
        ann.leave()
        join(app, "room", "cem")
        p2p.kick("room", "cem")
        p2p.close("room")


def _named_by(signal: NamedSignal) -> set[str]:
    first, *_ = (signal.__doc__ or "").splitlines()
    return set(re.findall(r"``(\w+)``", first))

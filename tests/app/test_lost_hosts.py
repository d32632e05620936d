"""Who says that it has lost the host, and whether it is believed."""

import logging
import math
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams.sessions import host_liveness
from flask_p2p_streams.signaling import host_probe
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.conftest import AppFactory


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask in vain for a moment only, and each time anew."""
    monkeypatch.setattr(host_probe, "PAUSES", (0.001,))
    monkeypatch.setattr(host_probe, "VERDICT_TERM", -1.0)


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no word grow old, nor the silence of a host longer, but where a test says so."""
    monkeypatch.setattr(host_liveness, "DOUBT_TERM", 3600.0)
    monkeypatch.setattr(host_probe.Probes.__init__, "__defaults__", (lambda: 0.0,))


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return make_app(P2P_HOST_GRACE=3600)


@pytest.fixture
def ann(app: Flask) -> P2PTestPeer:
    """A host whose page stands still."""
    return join(app, "room", "ann", answers=False)


@pytest.fixture
def crowd(app: Flask, ann: P2PTestPeer) -> list[P2PTestPeer]:
    """Its clients, who are connected and have let go of the server."""
    peers = [join(app, "room", name) for name in ("bob", "cyd", "dan")]
    for peer in peers:
        peer.leave("connected")
    roster = dict.fromkeys(("ann", "bob", "cyd", "dan"), "connected")
    assert ann.report(roster) == {"ok": True}
    return peers


def lose(app: Flask, ann: P2PTestPeer, peer_id: str, **shown: Any) -> P2PTestPeer:
    return join(app, "room", peer_id, lost_epoch=ann.epoch, **shown)


def refusal(peer: P2PTestPeer) -> tuple[str, int]:
    assert peer.refusal is not None
    return peer.refusal["code"], peer.refusal["retry_after_ms"]


def stand_still(app: Flask, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the server know a ping that the host hasn't answered for so long."""
    outbox = app.extensions["p2p_streams"].signaling._outbox
    monkeypatch.setattr(outbox, "silence", lambda sid: seconds)


@pytest.mark.usefixtures("crowd")
def test_one_client_is_not_enough(app: Flask, ann: P2PTestPeer) -> None:
    for _ in range(5):
        assert refusal(lose(app, ann, "bob")) == ("unavailable", 500)
    assert len(ann.received("host_probe")) == 5
    assert [each["reason"] for each in ann.received("host_changed")] == ["elected"]
    assert app.extensions["p2p_streams"].store.read("room").host == "ann"


@pytest.mark.usefixtures("crowd")
def test_nor_are_many_who_never_were_connected(app: Flask, ann: P2PTestPeer) -> None:
    for number in range(10):
        assert refusal(lose(app, ann, f"eve-{number}")) == ("unavailable", 500)
    assert app.extensions["p2p_streams"].store.read("room").doubts == {}


@pytest.mark.usefixtures("crowd")
def test_most_of_its_clients_are(
    app: Flask, ann: P2PTestPeer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="flask_p2p_streams")
    assert refusal(lose(app, ann, "bob")) == ("unavailable", 500)
    cyd = lose(app, ann, "cyd")
    assert cyd.is_host
    assert not lose(app, ann, "bob").is_host
    text = f"Session 'room', epoch {ann.epoch}: host 'ann' is gone, though its socket is open"
    assert f"{text} (majority)." in caplog.messages


@pytest.mark.usefixtures("crowd")
def test_a_host_that_has_reported_is_doubted_anew(app: Flask, ann: P2PTestPeer) -> None:
    assert refusal(lose(app, ann, "bob"))[0] == "unavailable"
    ann.report(dict.fromkeys(("bob", "cyd", "dan"), "connected"))
    assert refusal(lose(app, ann, "cyd"))[0] == "unavailable"


def test_a_host_that_answers_dispels_the_words(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.report({"bob": "connected", "cyd": "connected"})
    for peer_id in ("bob", "cyd", "bob"):
        assert not lose(app, ann, peer_id).is_host
        assert app.extensions["p2p_streams"].store.read("room").doubts == {}


@pytest.mark.parametrize("shown", [{}, {"lost_epoch": 5}])
@pytest.mark.usefixtures("crowd")
def test_who_lost_no_host_of_this_epoch_follows(
    app: Flask, ann: P2PTestPeer, shown: dict[str, int]
) -> None:
    assert not join(app, "room", "bob", **shown).is_host
    assert ann.received("host_probe") == []


@pytest.mark.parametrize("peer_id", ["bob", "eve"])
@pytest.mark.usefixtures("crowd")
def test_a_page_that_stands_still_for_its_idle_timeout_is_gone(
    app: Flask,
    ann: P2PTestPeer,
    peer_id: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="flask_p2p_streams")
    stand_still(app, monkeypatch, 4.9)
    assert refusal(lose(app, ann, peer_id)) == ("unavailable", 100)
    stand_still(app, monkeypatch, 5.0)
    assert lose(app, ann, peer_id).is_host
    assert "(silence)." in caplog.text


def test_the_page_says_for_how_long_it_may_stand_still(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = app.extensions["p2p_streams"].store
    ann = join(app, "room", "ann", answers=False)
    assert store.read("room").idle_timeout == 5.0
    ann.leave()
    assert ann.emit("session_join", {"idle_timeout_ms": 9_000})["role"] == "host"
    assert store.read("room").idle_timeout == 9.0
    store.guarded._store.clear()
    assert ann.report({"ann": "connected"}) == {"ok": True}
    assert store.read("room").idle_timeout == 9.0
    stand_still(app, monkeypatch, 8.9)
    assert refusal(lose(app, ann, "bob")) == ("unavailable", 100)
    stand_still(app, monkeypatch, 9.0)
    assert lose(app, ann, "bob").is_host


def test_who_may_not_host_frees_the_seat_by_the_same_rule(
    app: Flask, ann: P2PTestPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(app, monkeypatch, math.inf)
    assert refusal(lose(app, ann, "bob", can_host=False)) == ("unavailable", 1000)
    assert app.extensions["p2p_streams"].store.read("room").host is None
    assert ann.received("host_changed")[-1]["host_peer_id"] is None


@pytest.mark.usefixtures("crowd")
def test_while_the_seat_is_reserved_most_of_its_clients_need_not_wait(
    app: Flask, ann: P2PTestPeer
) -> None:
    ann.drop()
    assert refusal(lose(app, ann, "eve")) == ("unavailable", 500)
    assert refusal(lose(app, ann, "bob")) == ("unavailable", 500)
    assert refusal(lose(app, ann, "bob")) == ("unavailable", 500)
    assert refusal(join(app, "room", "fay"))[1] > 1000
    assert lose(app, ann, "cyd").is_host

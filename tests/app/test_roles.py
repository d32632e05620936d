import time

import pytest
from flask import Flask

from flask_p2p_streams.testing import P2PTestPeer, join


def refusal(peer: P2PTestPeer) -> tuple[object, ...]:
    assert peer.refusal is not None
    return peer.refusal["code"], peer.refusal["retry"], peer.refusal.get("retry_after_ms")


# Hosting


def test_who_may_not_host_waits_for_a_host(app: Flask) -> None:
    assert refusal(join(app, "room", "bob", can_host=False)) == ("unavailable", True, 1000)
    assert app.extensions["p2p_streams"].store.read("room") is None
    ann = join(app, "room", "ann")
    assert join(app, "room", "bob", can_host=False).ready["host_peer_id"] == "ann"
    ann.leave()
    late = join(app, "room", "bob", can_host=False, lost_epoch=ann.epoch)
    assert refusal(late) == ("unavailable", True, 1000)


def test_an_open_socket_that_may_not_host(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob", can_host=False)
    ann.leave()
    assert bob.rejoin()["error"]["code"] == "unavailable"
    assert join(app, "room", "eve").is_host
    assert bob.rejoin()["role"] == "client"


def test_a_host_whose_next_page_may_not_host(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    again = join(app, "room", "ann", can_host=False, seat=ann.ready["seat"])
    assert refusal(again)[0] == "unavailable"
    assert not ann.is_connected
    assert bob.received("host_changed")[-1]["host_peer_id"] is None
    assert bob.rejoin()["role"] == "host"
    assert not join(app, "room", "ann", can_host=False).is_host


# Sending


@pytest.mark.parametrize("can_send", [True, False])
def test_both_hear_whether_a_peer_may_send(app: Flask, can_send: bool) -> None:
    ann = join(app, "room", "ann")
    bob = join(app, "room", "bob", can_send=can_send)
    assert bob.ready["can_send"] is can_send
    assert ann.received("session_ready")[-1]["can_send"] is can_send
    assert ann.received("session_ready")[0]["can_send"] is True


# Times


def test_before_the_session_begins(app: Flask) -> None:
    soon = join(app, "room", "ann", starts_at=time.time() + 30)
    code, retry, wait = refusal(soon)
    assert (code, retry) == ("unavailable", True)
    assert isinstance(wait, int)
    assert 0 < wait <= 30_000
    assert refusal(join(app, "room", "ann", starts_at=time.time() + 9999))[2] == 60_000


def test_after_the_session_has_ended(app: Flask) -> None:
    late = join(app, "room", "ann", ends_at=time.time() - 1)
    assert refusal(late)[:2] == ("session_expired", False)


def test_how_long_it_still_lasts(app: Flask) -> None:
    ann = join(app, "room", "ann", starts_at=1, ends_at=time.time() + 60)
    assert 0 < ann.ready["ends_in_ms"] <= 60_000
    assert "ends_in_ms" not in join(app, "room", "bob").ready

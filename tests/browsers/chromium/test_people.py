"""What the server hears of pages that come, go, load anew, crash and change their host."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error

from tests.kit.http import get_json
from tests.kit.pages import TIMEOUT_MS, Peer, Room
from tests.kit.servers import app
from tests.kit.waiting import until

News = tuple[str, str]
BLANK = "about:blank"
SIGNALING = "flask_p2p_streams.signaling"
# How long who has let go of the server is known without a roster, and when who is awaited is
# looked for: nothing here says that it is just as long.
SOONER = {
    f"{SIGNALING}.detached.RELEASED_TERM": 12.0,
    f"{SIGNALING}.service.RELEASED_TERM": 12.0,
    f"{SIGNALING}.attendance.LOOK": 0.5,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    # Long enough for a page to come back on a busy machine.
    flask = {"P2P_HOST_GRACE": 8, "P2P_MAX_PEERS": 3}
    with app("threading", flask=flask, constants=SOONER) as server:
        yield server.url


@pytest.fixture
def room(browser: Browser, url: str) -> Iterator[Room]:
    room = Room(browser, url)
    yield room
    room.close()


def heard(room: Room) -> Counter[News]:
    return Counter(map(tuple, get_json(f"{room.url}/heard/{room.session_id}")))


def session(room: Room) -> tuple[object, object]:
    shown = get_json(f"{room.url}/session/{room.session_id}")
    return shown.get("host"), shown.get("peers")


def come(*peers: str) -> list[News]:
    return [(news, peer) for peer in peers for news in ("joined", "connected")]


def gone(*peers: str) -> list[News]:
    return [("left", peer) for peer in peers]


def wait_for(room: Room, *news: News) -> None:
    """Wait until this has been told, each once, and nothing else."""
    expected = Counter(news)
    until(lambda: expected <= heard(room), f"{sorted(news)} hasn't been told.")
    assert heard(room) == expected


def leave(peer: Peer) -> None:
    peer.page.goto(BLANK)


def crash(peer: Peer) -> None:
    with suppress(Error):
        peer.page.goto("chrome://crash")


def reload(peer: Peer) -> None:
    peer.page.reload()
    peer.wait_for_state("connected")


KEEP = {"keep_signaling": True}


@pytest.mark.parametrize("config", [{}, KEEP])
@pytest.mark.parametrize("goes", [leave, crash])
def test_clients_come_and_go(room: Room, config: dict[str, object], goes: object) -> None:
    ann, bob = room.join("ann"), room.join("bob", config=config)
    wait_for(room, *come("ann", "bob"))
    reload(bob)
    ann.wait_for_peers({"ann": "connected", "bob": "connected"})
    assert callable(goes)
    goes(bob)
    wait_for(room, *come("ann", "bob"), *gone("bob"))


@pytest.mark.parametrize("config", [{}, KEEP])
@pytest.mark.parametrize("goes", [leave, crash])
def test_a_host_goes(room: Room, config: dict[str, object], goes: object) -> None:
    ann = room.join("ann", config=config)
    bob, cyd = room.join("bob", config=config), room.join("cyd", config=config)
    for peer in (bob, cyd):
        peer.wait_for_peers(dict.fromkeys(("ann", "bob", "cyd"), "connected"))
    assert callable(goes)
    goes(ann)
    for peer in (bob, cyd):
        peer.page.wait_for_function(
            "document.querySelector('p2p-frame').hostPeerId !== 'ann'", timeout=TIMEOUT_MS
        )
        peer.wait_for_state("connected")
    wait_for(room, *come("ann", "bob", "cyd"), *gone("ann"))


def test_a_host_that_loads_its_page_anew(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.wait_for_peers({"ann": "connected", "bob": "connected"})
    reload(ann)
    bob.wait_for_peers({"ann": "connected", "bob": "connected"})
    leave(bob)
    wait_for(room, *come("ann", "bob"), *gone("bob"))


@pytest.mark.parametrize("goes", [leave, crash])
def test_all_pages_are_closed_at_once(room: Room, goes: object) -> None:
    names = ("ann", "bob", "cyd")
    peers = [room.join(name) for name in names]
    for peer in peers:
        peer.wait_for_peers(dict.fromkeys(names, "connected"))
    assert callable(goes)
    # The host last: nobody tells of its clients any more.
    for peer in reversed(peers):
        goes(peer)
    until(lambda: session(room) == (None, {}), "Somebody is still shown.")
    # It has room for three.
    room.join("eve").wait_for_role("host")
    wait_for(room, *come(*names, "eve"), *gone(*names))

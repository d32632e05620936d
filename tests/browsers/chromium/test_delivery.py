"""Everybody talks while clients, pages and sockets come and go, and the host stays."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.kit.pages import FRAME, Room
from tests.kit.streams import AWAY_MS, Meeting

from .test_signaling_lost import Line

LATEST = """window.events.filter(({ detail }) => detail.type === "Data")
  .map(({ detail }) => [detail.senderId, detail.data[1]])"""

# What Turbo does on a visit: it puts the body of the fetched page in the place of the present one.
VISIT = """async () => {
  const page = new DOMParser().parseFromString(await (await fetch(location)).text(), "text/html")
  document.body.replaceWith(document.adoptNode(page.body))
}"""


@pytest.fixture
def meeting(room: Room, record_property: Callable[[str, object], None]) -> Meeting:
    return Meeting(room, record_property)


def visit(page: Page) -> None:
    page.evaluate(VISIT)


# Clients


def test_a_client_crashes(meeting: Meeting) -> None:
    host, _, cem, dan = meeting.join("ann", "bob", "cem", "dan")
    meeting.begin()
    meeting.lose(dan, dan.crash)
    for speaker in (host, cem):
        speaker.wait_for_peers({**host.peers, "dan": "disconnected"})
    meeting.go_on()
    for speaker in meeting.speakers:
        assert speaker.news() == []
    meeting.end()


def test_a_client_loads_its_page_again(meeting: Meeting) -> None:
    *others, dan = meeting.join("ann", "bob", "cem", "dan")
    meeting.begin()
    for _ in range(2):
        meeting.lose(dan, dan.page.reload)
        dan.wait_for_role("client")
        dan.speak()
        meeting.speakers.append(dan)
        meeting.go_on()
    for speaker in others:
        assert speaker.news() == []
    dan.mark = 0
    meeting.end(dan)


def test_a_frozen_client_is_given_what_it_has_missed(meeting: Meeting) -> None:
    host, bob, cem = meeting.join("ann", "bob", "cem")
    meeting.begin(AWAY_MS)
    bob.freeze()
    host.wait_for_peers({"ann": "connected", "bob": "disconnected", "cem": "connected"})
    bob.thaw()
    host.wait_for_peers({"ann": "connected", "bob": "connected", "cem": "connected"})
    meeting.go_on()
    assert bob.news() == ["disconnected", "connected"]
    for speaker in (host, cem):
        assert speaker.news() == []
    meeting.end()


# The host's socket


def test_the_hosts_socket_drops_again_and_again(meeting: Meeting) -> None:
    context = meeting.room.new_context()
    line = Line(context)
    [host] = meeting.join("ann", context=context)
    meeting.join("bob", "cem")
    meeting.begin()
    for number in range(2, 5):
        line.cut()
        meeting.go_on()
        host.page.wait_for_function("async n => await countJoined() === n", arg=number)
    for speaker in meeting.speakers:
        assert speaker.news() == []
    meeting.end()


# Newcomers


def test_a_newcomer_is_shown_the_last_messages_if_it_wants(meeting: Meeting) -> None:
    host, *_ = meeting.join("ann", "bob")
    meeting.begin()
    meeting.go_on(30)
    meeting.check_what_was_shown()
    latest = host.page.evaluate(LATEST)

    cem, dan = meeting.open("cem", config={"history": 20}), meeting.open("dan")
    for speaker in (cem, dan):
        speaker.wait_for_state("connected")
    host.page.evaluate("stream.say()")
    latest += [["ann", host.said - 1]]
    for speaker in (cem, dan):
        speaker.wait_until_shown({host.key: host.said})
    assert cem.page.evaluate(LATEST) == latest[-21:]
    assert dan.page.evaluate(LATEST) == latest[-1:]


def test_a_newcomer_in_the_middle_misses_nothing_after_its_first_message(meeting: Meeting) -> None:
    meeting.join("ann", "bob")
    meeting.begin()
    newcomers = meeting.join("cem", config={"history": 20}) + meeting.join("dan")
    for speaker in newcomers:
        speaker.speak()
    meeting.go_on()
    meeting.end(*newcomers)


# Pages that change


def test_a_page_comes_back_from_the_browsers_cache(meeting: Meeting, caching_room: Room) -> None:
    meeting.join("ann", "cem")
    [bob] = meeting.join("bob", room=caching_room, query="kept=1")
    meeting.begin(AWAY_MS)
    bob.hush()
    bob.wait_until_kept()
    for _ in range(2):
        bob.begin_to_watch()
        bob.page.goto(f"{meeting.room.url}/sockets")
        meeting.speakers[0].wait_for_peers(
            {"ann": "connected", "bob": "disconnected", "cem": "connected"}
        )
        bob.page.go_back(wait_until="commit")
        bob.wait_for_role("client")
        assert bob.news() == ["closed", "connected"]
        bob.wait_for_connections(1)
    bob.page.evaluate("stream.shown = {}")
    bob.speak()
    meeting.go_on()
    meeting.end(bob)


def test_the_element_is_moved(meeting: Meeting) -> None:
    meeting.join("ann", "bob", "cem")
    meeting.begin()
    for speaker in meeting.speakers:
        speaker.page.evaluate(f"""() => {{
          const frame = {FRAME}
          const main = document.body.appendChild(document.createElement("main"))
          main.append(frame)
          document.body.moveBefore?.(frame, main)
          main.replaceChildren(frame)
          frame.remove()
          document.body.prepend(frame)
        }}""")
    meeting.go_on()
    for speaker in meeting.speakers:
        assert speaker.news() == []
        assert speaker.page.evaluate("window.connections.length") == (2 if speaker.is_host else 1)
    meeting.end()


def test_a_client_visits_another_page_of_a_turbo_app(meeting: Meeting) -> None:
    host, bob, cem = meeting.join("ann", "bob", "cem")
    meeting.begin()
    for _ in range(2):
        bob.hush()
        bob.wait_until_kept()
        bob.begin_to_watch()
        visit(bob.page)
        bob.wait_for_role("client")
        bob.wait_for_connections(1)
        bob.page.evaluate("stream.shown = {}")
        bob.speak()
        meeting.go_on()
    for speaker in (host, cem):
        assert speaker.news() == []
    meeting.end(bob)


def test_the_host_visits_another_page_of_a_turbo_app(meeting: Meeting) -> None:
    host, *others = meeting.join("ann", "bob", "cem")
    meeting.begin()
    host.hush()
    host.wait_until_kept()
    visit(host.page)
    for speaker in others:
        speaker.wait_for_peers({"ann": "connected", "bob": "connected", "cem": "connected"})
    host.wait_for_state("connected")
    host.page.evaluate("stream.shown = {}")
    host.speak()
    meeting.go_on()
    meeting.end(host)


# What the app decides


def test_without_auto_reconnect_it_is_left_to_the_app(meeting: Meeting) -> None:
    [host] = meeting.join("ann")
    [bob] = meeting.join("bob", config={**meeting.config, "auto_reconnect": False})
    [cem] = meeting.join("cem")
    meeting.begin(AWAY_MS)
    bob.hush()
    bob.wait_until_kept()
    meeting.lose(host, host.page.close)
    cem.wait_for_role("host")
    bob.wait_for_state("disconnected")
    said = cem.said + 10
    cem.wait_until_shown({cem.key: said})
    assert bob.news() == ["disconnected", "error"]
    bob.wait_for_connections(0)
    refused = bob.page.evaluate(f"{FRAME}.send('lost').catch(({{ code }}) => code)")
    assert refused == "not_joined"

    bob.begin_to_watch()
    bob.call("reconnect")
    bob.wait_for_role("client")
    assert bob.news() == ["host-changed", "connected"]
    bob.speak()
    meeting.go_on()
    meeting.end()

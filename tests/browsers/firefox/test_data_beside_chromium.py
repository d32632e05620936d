"""Data and files between Firefox and Chromium, either as the host."""

from typing import Any, cast

from tests.browsers.chromium.circle import KIT, Circle, Member
from tests.browsers.chromium.test_data import PAYLOADS, describe
from tests.browsers.chromium.test_files import LARGE, MB, send_file
from tests.kit.streams import Meeting

from .firefox import Firefox

# Slow enough for a Firefox on a busy machine.
CONFIG = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 10_000}}


def join(circle: Circle, firefox: Firefox, peer_id: str) -> Member:
    page: Any = firefox.open(circle.room.address(peer_id, "plain", CONFIG), KIT)
    member = Member(page, peer_id, cast("Any", None))
    circle.speakers.append(member)
    return cast("Member", member.wait_for_state("connected"))


def test_data_goes_both_ways(meeting: Meeting, firefox: Firefox) -> None:
    circle = Circle(meeting.room, meeting.record, CONFIG)
    [ann] = circle.gather("ann")
    fox = join(circle, firefox, "fox")
    fox.wait_for_role("client")
    check_messages(ann, fox)
    check_files(ann, fox)
    ann.run("kit.frame.handOver('fox')")
    ann.wait_for_role("client")
    for member in (ann, fox):
        member.run("kit.reset()")
    check_files(ann, fox)
    check_messages(ann, fox)
    assert fox.run("kit.errors") == ann.run("kit.errors") == []
    assert cast("Any", fox.page).console == circle.console == []
    fox.page.close()


def check_messages(*members: Member) -> None:
    """Whatever one sends to all and to the other arrives there as what it was."""
    one, other = members
    payloads = ", ".join(PAYLOADS)
    for sender, receiver in ((one, other), (other, one)):
        sender.run(
            f"""async (to) => {{
              for (const data of [{payloads}]) await kit.frame.send(data, {{ to }})
            }}""",
            receiver.peer_id,
        )
        expected = [[sender.peer_id, None, kind, True] for kind in describe(sender, PAYLOADS)]
        assert receiver.told == expected
        sender.run("kit.frame.send('again', { reliable: false })")
        receiver.wait_until_shown_last("again")
        for member in members:
            member.run("kit.shown = []")


def check_files(*members: Member) -> None:
    """Files arrive, those of a size that is kept on disk and small ones, at the same time."""
    one, other = members
    digests = {}
    for sender, receiver in ((one, other), (other, one)):
        receiver.take_files("accept")
        for name, size in (("large", LARGE), ("small", MB), ("empty", 0)):
            digests[sender.peer_id, name] = send_file(sender, name, size, to=receiver.peer_id)
    for sender, receiver in ((one, other), (other, one)):
        for name in ("large", "small", "empty"):
            assert sender.outcome(name) == "done"
            file = receiver.files[name]
            assert (file["hash"], file["verified"]) == (digests[sender.peer_id, name], True)

"""Messages for some only: they reach these and nobody else, once and in order."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.kit.servers import Server

from .circle import QUICK, Circle, Member, new_circle

PEERS = ("ann", "bob", "cleo", "dan")

# Whom each sends its numbers to; all but the host, which goes.
ROUND = {"bob": "cleo", "cleo": "dan", "dan": "bob"}

# Sends numbers until it is told to stop, and counts what becomes of them. No more are under way
# than may wait, however long a receiver or the host is away.
SEND_NUMBERS = """to => {
  Object.assign(kit, { sent: 0, resolved: 0, failures: [] })
  const sendOne = () => {
    if (kit.sent - kit.resolved - kit.failures.length >= 500) return
    const number = kit.sent++
    const failed = ({ code, message }) => kit.failures.push(`${number}: ${code} ${message}`)
    kit.frame.send(number, { to }).then(() => { kit.resolved += 1 }, failed)
  }
  kit.interval = setInterval(sendOne, 10)
}"""


def let_pass(sender: Member, count: int = 50) -> None:
    """Wait until so many more of its numbers have been received."""
    sender.wait("count => kit.resolved >= count", sender.run("kit.resolved") + count)


def stop(sender: Member) -> list[int]:
    """Let it stop; return what it has sent, all of which has been received."""
    sender.run("clearInterval(kit.interval)")
    sender.wait("kit.resolved + kit.failures.length === kit.sent")
    assert sender.run("kit.failures") == []
    return [*range(sender.run("kit.sent"))]


def text(data: str) -> list[str]:
    return ["String", f'"{data}"']


# Who gets it


@pytest.mark.parametrize(
    ("sender_id", "to"),
    [
        ("bob", ["cleo"]),
        ("bob", ["ann"]),
        ("ann", ["bob"]),
        ("bob", ["ann", "dan"]),
        ("ann", ["bob", "cleo"]),
        ("bob", ["bob"]),
        ("ann", ["ann", "dan", "dan"]),
    ],
)
def test_nobody_else_gets_it(circle: Circle, sender_id: str, to: list[str]) -> None:
    members = {member.peer_id: member for member in circle.members}
    sender = members[sender_id]
    for member in circle.members:
        member.run("kit.on('secret'), undefined")
        member.begin_to_log()
    sender.run("to => kit.frame.send('psst', { to })", to)
    # It resolves when all of them have been shown it.
    for peer_id in to:
        assert members[peer_id].told == [[sender_id, None, text("psst"), True]]
    sender.run("to => kit.frame.send('psst psst', { to, topic: 'secret' })", to)
    sender.run("to => kit.frame.send('hush', { to, reliable: false, topic: 'secret' })", to)
    sender.run("kit.frame.send('done')")

    for member in circle.members:
        member.wait("kit.shown.some(({ data }) => data === 'done')")
        if member.peer_id in to:
            member.wait("kit.shown.some(({ data }) => data === 'hush')")
            told = [one[:3] for one in member.told if one[2] != text("hush")]
            assert told[1:] == [
                [sender_id, "secret", text("psst psst")],
                [sender_id, None, text("done")],
            ]
            continue
        assert member.data == ["done"]
        frames = member.run("kit.wire.log.filter(({ direction }) => direction === 'in')")
        is_host_on_the_way = member.peer_id == "ann"
        types = {frame["head"]["type"] for frame in frames} & {"Direct", "Fast", "Received"}
        if member is not sender and not is_host_on_the_way:
            assert types == set()


def test_a_single_name_is_enough_and_numbers_go_in_order(circle: Circle) -> None:
    ann, bob, cleo, dan = circle.members
    for sender in (ann, bob, dan):
        sender.run("""() => {
          const numbers = Array.from({ length: 100 }, (_, number) => [kit.frame.peerId, number])
          kit.sent = numbers.map((data) => kit.frame.send(data, { to: "cleo" }))
        }""")
    for sender in (ann, bob, dan):
        sender.run("Promise.all(kit.sent)")
    shown = cleo.data
    for sender in (ann, bob, dan):
        assert [n for peer_id, n in shown if peer_id == sender.peer_id] == [*range(100)]
    assert len(shown) == 300


def test_a_peer_that_nobody_knows(circle: Circle) -> None:
    _, bob, cleo, _ = circle.members
    outcomes = bob.run("""() => Promise.all([
      kit.code(kit.frame.send("x", { to: "nobody" })),
      kit.code(kit.frame.send("x", { to: ["cleo", "nobody"] })),
      kit.code(kit.frame.send("x", { to: Array.from({ length: 257 }, (_, n) => `peer-${n}`) })),
      kit.code(kit.frame.send("last", { to: "cleo" })),
    ])""")
    assert outcomes == ["no_such_peer", "no_such_peer", "too_large", "resolved"]
    assert cleo.data == ["last"]


def test_a_peer_that_has_gone(circle: Circle) -> None:
    _, bob, cleo, _ = circle.members
    [eve] = circle.gather("eve")
    circle.part(eve)
    # Whoever is gone has 15 seconds to come back.
    bob.run("kit.hurry = { 15000: 300 }, undefined")
    outcome, other = bob.run("""() => Promise.all([
      kit.code(kit.frame.send("are you there?", { to: ["eve", "cleo"] })),
      kit.code(kit.frame.request("eve", "topic", 1)),
    ])""")
    assert (outcome, other) == ("no_such_peer", "no_such_peer")
    cleo.wait_until_shown_last("are you there?")
    assert cleo.data == ["are you there?"]
    # Who comes later is not told.
    [eve] = circle.gather("eve")
    bob.run("kit.frame.send('welcome back', { to: 'eve' })")
    assert eve.data == ["welcome back"]
    circle.part(eve)


# What happens on the way


def test_a_receiver_reconnects(circle: Circle) -> None:
    ann, bob, cleo, _ = circle.members
    for sender in (ann, bob):
        sender.run(SEND_NUMBERS, "cleo")
    for _ in range(2):
        let_pass(bob)
        cleo.run("kit.story = [], undefined")
        cleo.cut()
        cleo.wait("kit.story.includes('connected')")
    let_pass(bob)
    sent = {sender.peer_id: stop(sender) for sender in (ann, bob)}
    shown: dict[str, list[int]] = {"ann": [], "bob": []}
    for sender_id, _, (_, number), _ in cleo.told:
        shown[sender_id].append(int(number))
    assert shown == sent
    circle.wait_until_complete()


def test_a_sender_reconnects(circle: Circle) -> None:
    _, bob, cleo, _ = circle.members
    bob.run(SEND_NUMBERS, "cleo")
    let_pass(bob)
    bob.cut()
    let_pass(bob)
    sent = stop(bob)
    assert cleo.data == sent
    circle.wait_until_complete()


def test_a_receiver_loads_its_page_again(circle: Circle) -> None:
    _, bob, cleo, _ = circle.members
    bob.run(SEND_NUMBERS, "cleo")
    let_pass(bob)
    cleo.page.reload()
    let_pass(bob)
    sent = stop(bob)
    before = cleo.run("JSON.parse(sessionStorage.getItem('shown'))")
    after = cleo.data
    assert before == sent[: len(before)]
    # What the page before couldn't acknowledge any more is shown again, as nobody knows.
    assert after == sent[after[0] :]
    assert after[0] <= len(before)
    circle.wait_until_complete()


LOSSES: dict[str, Callable[[Member], object]] = {
    "closed": lambda host: host.page.close(),
    "crashed": lambda host: host.crash(),
    "handed over": lambda host: host.run("kit.frame.handOver('dan')"),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_the_host_changes(browser: Browser, servers: dict[str, Server], kind: str) -> None:
    circle = new_circle(browser, servers["eventlet"].url, QUICK)
    ann, *others = circle.gather(*PEERS)
    members = {member.peer_id: member for member in others}
    for member in others:
        member.run("""() => kit.respond("slow", (data) => new Promise((resolve) => {
          kit.answer = () => resolve([data])
        }))""")
    for sender_id, to in ROUND.items():
        members[sender_id].run(SEND_NUMBERS, to)
        members[sender_id].run(
            "to => { kit.asked = kit.frame.request(to, 'slow', 7, { timeout: 60_000 }) }", to
        )
    for member in others:
        member.wait("kit.answer !== undefined")
        let_pass(member)

    LOSSES[kind](ann)
    if kind != "handed over":
        circle.speakers.remove(ann)
    for member in others:
        member.wait_for_another_host("ann")
    for member in others:
        member.run("kit.answer()")
        let_pass(member)
    for sender_id, to in ROUND.items():
        sent = stop(members[sender_id])
        assert members[to].data == sent
        assert members[sender_id].run("kit.asked") == [7]
    circle.wait_until_complete()
    circle.check()
    circle.room.close()

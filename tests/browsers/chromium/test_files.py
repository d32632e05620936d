"""Files from page to page: they arrive whole or not at all, and both ends are told which."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.kit.servers import Server

from .circle import QUICK, Circle, Member, new_circle

PEERS = ("ann", "bob", "cleo")
# One is frozen until the others have done without it, and isn't lost.
CONFIG = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 10_000}}
MB = 1_000_000
# Goes to the browser's private file system.
LARGE = 9 * MB
# Of which two thirds are through when something is lost.
LONG = 12 * MB

# Ten ticks without progress, or thirty without the other one, are over in one or three seconds.
HURRY = "kit.hurry = { 1000: 100 }, undefined"
NO_HURRY = "kit.hurry = {}, undefined"
# Whoever stands still for a moment after that is given all the time that there is.
HURRY_UNTIL_ONE_FAILS = """() => {
  kit.hurry = { 1000: 100 }
  const calm = ({ detail }) => { if (detail.state === "failed") kit.hurry = {} }
  document.addEventListener("p2p:progress", calm)
  kit.ends.push(() => document.removeEventListener("p2p:progress", calm))
}"""


def send_file(sender: Member, name: str, size: int, seed: int = 1, **options: Any) -> str:
    """Send so many bytes; return their digest."""
    script = """async ([name, size, seed, options]) => {
      const bytes = kit.bytes(size, seed)
      kit.sendFile(name, new File([bytes], "its own name"), options)
      return kit.hash(bytes)
    }"""
    return str(sender.run(script, [name, size, seed, options]))


def until_waiting(receiver: Member) -> None:
    """Wait until the stream of the last file is full."""
    receiver.wait("kit.files.at(-1)?.sink.isWaiting")


def error_of(member: Member) -> "tuple[str, str]":
    """Wait until the last file that it has accepted is over; return the code and the reason."""
    member.wait("kit.files.at(-1)?.outcome")
    code, reason = member.run("[kit.files.at(-1).outcome, kit.files.at(-1).reason]")
    return code, reason


def failures(member: Member, name: str) -> dict[str, str]:
    """Whom a file that it has sent hasn't reached, and why."""
    script = """name => [...kit.results[name].outgoing.failures]
      .map(([id, { code }]) => [id, code])"""
    return dict(member.run(script, name))


def states(member: Member, name: str, direction: str) -> list[str]:
    """What p2p:progress has told of a file's state, each once."""
    told = member.run(
        """([name, direction]) => kit.progress
          .filter((one) => one.name === name && one.direction === direction)
          .map(({ state }) => state)""",
        [name, direction],
    )
    return [state for at, state in enumerate(told) if at == 0 or told[at - 1] != state]


# They arrive


@pytest.mark.parametrize(
    ("sender_id", "to"),
    [("bob", ["cleo"]), ("bob", ["ann"]), ("bob", None), ("ann", None), ("ann", ["bob"])],
)
def test_a_file_arrives_byte_for_byte(circle: Circle, sender_id: str, to: list[str] | None) -> None:
    members = {member.peer_id: member for member in circle.members}
    sender = members.pop(sender_id)
    for member in members.values():
        member.take_files("accept")
    options = {"to": to} if to else {}
    hashes = {
        "five": send_file(sender, "five", 5 * MB, 1, type="image/png", **options),
        "empty": send_file(sender, "empty", 0, 2, **options),
        "one": send_file(sender, "one", 1, 3, **options),
        "block": send_file(sender, "block", 256 * 1024, 4, **options),
    }
    for name in hashes:
        assert sender.outcome(name) == "done"
    sizes = {"five": 5 * MB, "empty": 0, "one": 1, "block": 256 * 1024}
    for peer_id, member in members.items():
        if to and peer_id not in to:
            assert member.run("kit.offers") == []
            continue
        files = member.wait_for_files(*hashes)
        for name, file in files.items():
            assert file == {
                "name": name,
                "senderId": sender_id,
                "outcome": "done",
                "size": sizes[name],
                "hash": hashes[name],
                "type": "image/png" if name == "five" else "application/octet-stream",
                "verified": True,
                "state": "done",
            }
    peers = sender.run("[...kit.results.five.outgoing.peers]")
    expected = {"state": "done", "transferred": 5 * MB}
    assert dict(peers) == dict.fromkeys(to or members, expected)


def test_whatever_holds_bytes_can_be_sent(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("accept")
    hashes = bob.run("""async () => {
      const bytes = kit.bytes(1_000)
      const all = [new Blob([bytes], { type: "text/x" }), bytes, bytes.subarray(10, 20),
        bytes.slice().buffer, new DataView(bytes.buffer, 5, 6),
        new File([bytes], "own.txt", { type: "text/y" })]
      for (const [number, data] of all.entries()) {
        const options = data instanceof File ? {} : { name: `n${number}` }
        await kit.frame.sendFile(data, { to: "cleo", ...options }).done
      }
      const bytesOf = (data) => data instanceof Blob ? data.arrayBuffer() : data
      return Promise.all(all.map(async (data) => kit.hash(await bytesOf(data))))
    }""")
    files = cleo.wait_for_files("n0", "n1", "n2", "n3", "n4", "own.txt")
    assert [file["hash"] for file in files.values()] == hashes
    assert [file["type"] for file in files.values()] == [
        "text/x",
        *["application/octet-stream"] * 4,
        "text/y",
    ]


def test_what_is_no_file_is_refused(circle: Circle) -> None:
    _, bob, _ = circle.members
    outcomes = bob.run("""() => {
      const start = async (...args) => kit.frame.sendFile(...args).done
      return Promise.all([
        ...["text", {}, undefined, null, 7].map((data) => kit.code(start(data))),
        ...[{ to: "bob" }, { to: "nobody" }, { to: [] }, { two: "cleo" }]
          .map((options) => kit.code(start(new Blob(["x"]), options))),
      ])
    }""")
    assert outcomes == ["unsupported"] * 5 + ["no_such_peer"] * 2 + ["bad_request"] * 2


def test_a_large_file_lies_on_disk_and_can_be_read(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("accept")
    digest = send_file(bob, "large", 32 * MB, to="cleo")
    # Part by part: a busy machine takes its time for so much.
    for part in range(1, 9):
        cleo.wait("size => kit.offers[0]?.transferred >= size", part * 4 * MB)
    assert bob.outcome("large") == "done"
    stored = cleo.run("kit.stored()")
    assert [file["size"] for file in stored if file["size"] > 0] == [32 * MB]
    file = cleo.files["large"]
    assert (file["size"], file["hash"], file["verified"]) == (32 * MB, digest, True)
    assert bob.run("kit.stored()") == []


def test_a_file_goes_into_a_stream(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    for member in (ann, cleo):
        member.take_files("sink")
    digest = send_file(bob, "streamed", LARGE)
    assert bob.outcome("streamed") == "done"
    for member in (ann, cleo):
        file = member.wait_for_files("streamed")["streamed"]
        assert (file["outcome"], file["hash"], file["type"]) == ("done", digest, None)
        assert member.run("kit.files.at(-1).sink.isClosed")


def test_a_stream_that_fails_or_is_taken(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("ask")
    for name in ("failing", "full", "locked"):
        send_file(bob, name, MB, to="cleo")
    cleo.wait("kit.offers.length === 3")
    outcomes = cleo.run("""async () => {
      const offer = (name) => kit.offers.find((one) => one.name === name)
      const failing = (error) => new WritableStream({ write() { throw error } })
      const full = new DOMException("full", "QuotaExceededError")
      const locked = new WritableStream()
      locked.getWriter()
      const outcomes = await Promise.all([
        kit.code(offer("failing").accept({ to: failing(new Error("broken")) })),
        kit.code(offer("full").accept({ to: failing(full) })),
        kit.code(offer("locked").accept({ to: locked })),
        kit.code(offer("locked").accept({ to: "a name" })),
      ])
      kit.accept(offer("locked"))
      return outcomes
    }""")
    assert outcomes == ["internal", "no_space", "unsupported", "unsupported"]
    assert bob.outcome("failing") == "internal"
    assert bob.outcome("full") == "no_space"
    assert bob.outcome("locked") == "done"


def test_many_files_at_once(circle: Circle) -> None:
    _, bob, cleo = circle.members
    for member in circle.members:
        member.take_files("accept")
    hashes = {f"b{n}": send_file(bob, f"b{n}", MB + n, n) for n in range(5)}
    backwards = {f"c{n}": send_file(cleo, f"c{n}", MB + n, 9 + n, to="bob") for n in range(3)}
    for name in hashes:
        assert bob.outcome(name) == "done"
    for name in backwards:
        assert cleo.outcome(name) == "done"
    for member, expected in zip(circle.members, (hashes, backwards, hashes), strict=True):
        files = member.wait_for_files(*expected)
        assert {name: file["hash"] for name, file in files.items()} == expected


def test_hundreds_of_small_files_at_once(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("accept")
    bob.run("""() => {
      for (let n = 0; n < 300; n++) {
        kit.sendFile(`${n}`, new Blob([`${n},`.repeat(n)]), { to: "cleo" })
      }
    }""")
    bob.wait("Object.values(kit.results).every(({ outcome }) => outcome !== null)")
    assert bob.run("Object.values(kit.results).every(({ outcome }) => outcome === 'done')")
    texts = cleo.run("""async () => Object.fromEntries(await Promise.all(
      kit.files.map(async ({ name, file }) => [name, await file.text()])))""")
    assert texts == {f"{n}": f"{n}," * n for n in range(300)}


# What is said of them


def test_names_and_types_are_harmless(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("accept")
    names = {
        "../../etc/passwd": "passwd",
        "C:\\Windows\\system.ini": "system.ini",
        "a\0b\r\nc\x7f.txt": "abc.txt",
        "photo_\u202egpj.exe": "photo_gpj.exe",
        "..": "file",
        "/": "file",
        " .hidden. ": ".hidden",
        "ä\u2028ö.txt": "äö.txt",
        "x" * 300 + ".txt": "x" * 251 + ".txt",
        "😀" * 100 + ".png": "😀" * 62 + ".png",
    }
    types = ["text/html; charset=utf-8", "text/html\r\nX: y", "nonsense", "a/" + "b" * 200]
    for name in names:
        bob.run("name => kit.frame.sendFile(new Blob(['x']), { name, to: 'cleo' }).done", name)
    for type_ in types:
        bob.run("type => kit.frame.sendFile(new Blob(['x']), { type, to: 'cleo' }).done", type_)
    cleo.wait("count => kit.files.filter(({ file }) => file).length >= count", len(names) + 4)
    files = cleo.run("kit.files.map(({ file: { name, type } }) => [name, type])")
    assert [name for name, _ in files[: len(names)]] == [*names.values()]
    assert [type_ for _, type_ in files[len(names) :]] == [
        types[0],
        *["application/octet-stream"] * 3,
    ]


def test_a_page_that_names_its_files_otherwise_is_not_believed(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    cleo.take_files("accept")
    # On its way through the host it gets a name that no client of ours would give it.
    ann.run("""() => {
      kit.wire.alter = (_channel, packet) => typeof packet !== "string" ? [packet]
        : [packet.replace('"name":"harmless"', '"name":"../../\\\\u202eevil\\\\u0000"')
            .replace('"type":"text/plain"', '"type":"<b>"')]
    }""")
    bob.run("""() => {
      kit.sendFile("harmless", new Blob(["x"], { type: "text/plain" }), { to: "cleo" })
    }""")
    assert bob.outcome("harmless") == "done"
    cleo.wait("kit.files[0]?.file")
    offered = cleo.run("[kit.offers[0].name, kit.offers[0].type, kit.files[0].file.name]")
    assert offered == ["evil", "application/octet-stream", "evil"]


# At 15 ms for a block it lasts half a second at the least.
SIZE = 8 * MB


def test_both_sides_are_told_of_the_progress(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    for member in (ann, cleo):
        member.take_files("pace")
    begun = {one.peer_id: one.run("performance.now()") for one in circle.members}
    send_file(bob, "told", SIZE, type="text/x")
    assert bob.outcome("told") == "done"
    for receiver in (ann, cleo):
        received = receiver.run("kit.progress")
        sent = bob.run("id => kit.progress.filter(({ peerId }) => peerId === id)", receiver.peer_id)
        for teller, told, direction, other in (
            (receiver, received, "in", "bob"),
            (bob, sent, "out", receiver.peer_id),
        ):
            label = (direction, other, "told", "text/x", SIZE)
            for one in told:
                assert (
                    *(one[key] for key in ("direction", "peerId", "name", "type", "size")),
                ) == label
                assert one["error"] is None
            assert len({one["id"] for one in told}) == 1
            amounts = [one["transferred"] for one in told]
            assert amounts == sorted(amounts)
            assert amounts[-1] == SIZE
            assert sum(one["state"] == "done" for one in told) == 1
            assert told[-1]["state"] == "done"
            assert any(one["rate"] > 0 for one in told)
            active = [one["at"] for one in told if one["state"] == "active"]
            assert len(active) >= 3
            # The first tells the new state; each of the others came 100 ms after the one before.
            assert len(active) - 2 <= (active[-1] - begun[teller.peer_id]) / 100
        assert states(receiver, "told", "in")[-2:] == ["active", "done"]
    assert states(bob, "told", "out")[0] == "offered"


# Offers


def test_an_offer_is_declined_by_the_app_or_because_nobody_looks_at_it(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    ann.take_files("ignore")
    cleo.take_files("decline")
    send_file(bob, "unwanted", MB)
    assert bob.outcome("unwanted") == "declined"
    reasons = bob.run("""[...kit.results.unwanted.outgoing.failures]
      .map(([id, error]) => [id, String(error)])""")
    # Of two receivers the sender hears either first.
    assert dict(reasons) == {
        "ann": "P2pError: The file was not accepted.",
        "cleo": "P2pError: not now",
    }
    assert bob.run("kit.results.unwanted.outgoing.state") == "failed"
    # Who accepts gets it, whatever the others do.
    ann.take_files("accept")
    digest = send_file(bob, "wanted by one", MB)
    assert bob.outcome("wanted by one") == "done"
    assert ann.wait_for_files("wanted by one")["wanted by one"]["hash"] == digest
    assert failures(bob, "wanted by one") == {"cleo": "declined"}


def test_an_app_answers_an_offer_when_its_user_has(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("ask")
    digests = {name: send_file(bob, name, MB, to="cleo") for name in ("yes", "no", "late")}
    cleo.wait("kit.offers.length === 3")
    bob.run("kit.frame.send('meanwhile', { to: 'cleo' })")
    assert bob.run("Object.values(kit.results).every(({ outcome }) => outcome === null)")
    cleo.run("() => { const [yes, no] = kit.offers; kit.accept(yes); no.decline('thanks') }")
    assert bob.outcome("yes") == "done"
    assert bob.outcome("no") == "declined"
    assert bob.run("kit.results.no.reason") == "thanks"
    assert cleo.files["yes"]["hash"] == digests["yes"]
    # An offer stands for sixty ticks.
    cleo.run("kit.hurry = { 1000: 10 }, undefined")
    assert bob.outcome("late") == "declined"
    assert cleo.run("kit.code(kit.offers[2].accept())") == "declined"


# Pausing and cancelling


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_a_file_is_paused_and_goes_on(circle: Circle, who: str) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("gate")
    digest = send_file(bob, "paused", LARGE, to="cleo")
    until_waiting(cleo)
    pauser = bob if who == "sender" else cleo
    handle = "kit.results.paused.outgoing" if who == "sender" else "kit.files[0].incoming"
    pauser.run(f"{handle}.pause()")
    # Once both know of it, no more is sent, though all that was is taken.
    bob.wait("kit.results.paused.outgoing.state === 'paused'")
    cleo.wait("kit.files[0].incoming.state === 'paused'")
    sent = bob.run("kit.wire.chunkBytes")
    cleo.run("kit.files[0].sink.open()")
    whole_blocks = sent // (256 * 1024) * 256 * 1024
    cleo.wait("size => kit.files[0].incoming.transferred === size", whole_blocks)
    bob.run("kit.frame.send('and back', { to: 'cleo' })")
    cleo.run("kit.frame.send('and forth', { to: 'bob' })")
    assert bob.run("kit.wire.chunkBytes") == sent < LARGE
    pauser.run(f"{handle}.resume()")
    assert bob.outcome("paused") == "done"
    assert cleo.files["paused"]["hash"] == digest
    assert "paused" in states(bob, "paused", "out")
    assert "paused" in states(cleo, "paused", "in")
    assert bob.run("kit.wire.chunkBytes") == LARGE


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_a_file_is_cancelled_in_the_middle(circle: Circle, who: str) -> None:
    ann, bob, cleo = circle.members
    cleo.take_files("gate")
    ann.take_files("gate")
    digest = send_file(bob, "cancelled", LARGE)
    for member in (ann, cleo):
        until_waiting(member)
    if who == "sender":
        bob.run("kit.results.cancelled.outgoing.cancel('enough')")
        assert error_of(cleo) == error_of(ann) == ("cancelled", "enough")
        assert bob.outcome("cancelled") == "cancelled"
    else:
        cleo.run("kit.files[0].incoming.cancel('enough')")
        assert error_of(cleo) == ("cancelled", "enough")
        bob.wait("kit.results.cancelled.outgoing.failures.has('cleo')")
        # The other one gets it all the same.
        ann.run("kit.files[0].sink.open()")
        assert bob.outcome("cancelled") == "done"
        assert ann.wait_for_files("cancelled")["cancelled"]["hash"] == digest
    cleo.run("kit.files[0].sink.open()")
    cleo.wait("kit.files[0].sink.abortedFor === 'cancelled'")
    assert cleo.run("kit.progress.at(-1).state") == "failed"
    assert cleo.run("kit.progress.at(-1).error") == "cancelled"


def test_of_a_file_that_is_cancelled_nothing_is_left_on_disk(circle: Circle) -> None:
    _, bob, cleo = circle.members
    kept = len(cleo.run("kit.stored()"))
    cleo.run("""() => {
      const watching = new AbortController()
      kit.ends.push(() => watching.abort())
      const cancel = ({ detail }) => { if (detail.transferred > 2_000_000) kit.offers[0].cancel() }
      document.addEventListener("p2p:progress", cancel, watching)
    }""")
    cleo.take_files("accept")
    send_file(bob, "half", LARGE, to="cleo")
    assert bob.outcome("half") == "cancelled"
    cleo.wait("async (kept) => (await kit.stored()).length === kept", kept)


# What goes wrong at the sender


def truncate(path: Path) -> None:
    os.truncate(path, 3 * MB)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    path.write_bytes(b"\1" * LARGE)


@pytest.mark.parametrize("change", [truncate, append, rewrite, Path.unlink])
def test_a_file_that_changes_while_it_is_sent(
    circle: Circle, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("gate")
    path = tmp_path / "changing.bin"
    path.write_bytes(b"\0" * LARGE)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    bob.run("""() => {
      const input = Object.assign(document.createElement("input"), { type: "file", id: "chooser" })
      document.body.append(input)
    }""")
    bob.page.set_input_files("#chooser", path)
    bob.run("""() => {
      const chooser = document.querySelector("#chooser")
      kit.sendFile("changing", chooser.files[0], { to: "cleo" })
      chooser.remove()
    }""")
    until_waiting(cleo)
    change(path)
    cleo.run("kit.files[0].sink.open()")
    assert bob.outcome("changing") == "file_changed"
    assert error_of(cleo)[0] == "cancelled"
    assert cleo.run("kit.files[0].sink.abortedFor") == "cancelled"


@pytest.mark.parametrize("is_paused", [False, True])
@pytest.mark.parametrize(("kind", "error"), [("closed", "stalled"), ("reloaded", "cancelled")])
def test_a_sender_that_stops_halfway(
    circle: Circle, kind: str, error: str, is_paused: bool
) -> None:
    _, _, cleo = circle.members
    [dan] = circle.gather("dan")
    kept = len(cleo.run("kit.stored()"))
    cleo.take_files("accept")
    # It sends the first half, and then nothing.
    dan.run("""() => {
      kit.wire.alter = (channel, packet) =>
        channel.label === "bulk" && kit.readFrame(packet).head.offset > 4_000_000 ? [] : [packet]
    }""")
    send_file(dan, "half", LARGE, to="cleo")
    cleo.wait("kit.offers[0]?.transferred > 3_000_000")
    assert len(cleo.run("kit.stored()")) > kept
    if is_paused:
        cleo.run("kit.offers[0].pause()")
    if kind == "closed":
        cleo.run(HURRY)
        dan.page.close()
    else:
        # However long that takes: who is back is asked at once.
        dan.page.reload()
        dan.wait_for_state("connected")
    assert error_of(cleo)[0] == error
    cleo.run(NO_HURRY)
    cleo.wait("async (kept) => (await kit.stored()).length === kept", kept)
    assert cleo.run("kit.progress.at(-1).error") == error
    if kind == "reloaded":
        digest = send_file(dan, "again", MB, to="cleo")
        assert dan.outcome("again") == "done"
        assert cleo.files["again"]["hash"] == digest
        circle.part(dan)
    else:
        circle.speakers.remove(dan)


@pytest.mark.parametrize("status", [None, 503])
def test_the_code_for_files_is_loaded_when_it_can_be(circle: Circle, status: int | None) -> None:
    _, bob, _ = circle.members
    [dan] = circle.gather("dan")
    for member in (bob, dan):
        member.take_files("accept")
    blocked = "**/p2p-files.js*"
    dan.page.route(blocked, lambda route: route.fulfill(status=status) if status else route.abort())
    send_file(dan, "out", MB, to="bob")
    assert dan.outcome("out") == "unavailable"
    send_file(bob, "in", MB, to="dan")
    assert bob.outcome("in") == "unavailable"
    # The browser has kept in mind that there is no such file; this isn't the last word.
    dan.page.unroute(blocked)
    digests = {"out again": send_file(dan, "out again", MB, to="bob")}
    assert dan.outcome("out again") == "done"
    digests["in again"] = send_file(bob, "in again", MB, to="dan")
    assert bob.outcome("in again") == "done"
    assert bob.files["out again"]["hash"] == digests["out again"]
    assert dan.files["in again"]["hash"] == digests["in again"]
    assert all("Failed to load resource" in said for said in circle.console)
    circle.console.clear()
    circle.part(dan)


# What goes wrong at the receiver


def test_a_receiver_without_space(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    kept = len(cleo.run("kit.stored()"))
    for member in (ann, cleo):
        member.take_files("accept")
    with cleo.quota(4 * MB):
        digest = send_file(bob, "too large", LARGE)
        assert error_of(cleo)[0] == "no_space"
        assert bob.outcome("too large") == "done"
        assert failures(bob, "too large") == {"cleo": "no_space"}
        assert ann.wait_for_files("too large")["too large"]["hash"] == digest
        send_file(bob, "for one", LARGE, to="cleo")
        assert bob.outcome("for one") == "no_space"
        cleo.wait("async (kept) => (await kit.stored()).length === kept", kept)
    # There is space again.
    send_file(bob, "at last", LARGE, to="cleo")
    assert bob.outcome("at last") == "done"


# All but one have taken what was sent.
ONLY_ONE_IS_BEHIND = """([name, last]) => {
  const peers = [...kit.results[name].outgoing.peers]
  return peers.every(([id, { transferred }]) => (id === last) !== (transferred === kit.wire.sentTo))
}"""


def test_a_frozen_receiver_is_dropped_and_the_others_finish(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    [dan] = circle.gather("dan")
    ann.take_files("accept")
    cleo.take_files("accept")
    dan.take_files("gate")
    digest = send_file(bob, "for three", LARGE)
    until_waiting(dan)
    dan.freeze()
    try:
        # The others owe nothing while nothing more can be sent, however long a second is.
        bob.wait(ONLY_ONE_IS_BEHIND, ["for three", "dan"])
        bob.run(HURRY_UNTIL_ONE_FAILS)
        assert bob.outcome("for three") == "done"
    finally:
        dan.thaw()
    assert failures(bob, "for three") == {"dan": "stalled"}
    for member in (ann, cleo):
        assert member.wait_for_files("for three")["for three"]["hash"] == digest
    assert error_of(dan)[0] == "stalled"
    circle.wait_until_complete()
    circle.part(dan)


@pytest.mark.parametrize("loser", ["cleo", "bob"])
def test_one_of_the_two_reconnects_in_the_middle(circle: Circle, loser: str) -> None:
    ann, bob, cleo = circle.members
    for member in (ann, cleo):
        member.take_files("slow gate")
    digest = send_file(bob, "broken off", LONG)
    until_two_thirds_are_through(ann, cleo)
    member = bob if loser == "bob" else cleo
    member.cut()
    assert bob.run("kit.results['broken off'].outcome") is None
    for receiver in (ann, cleo):
        receiver.wait("kit.files[0]?.sink")
        receiver.run("kit.files[0].sink.open()")
    member.wait("kit.story.includes('connected')")
    assert bob.outcome("broken off") == "done"
    for member in (ann, cleo):
        assert member.wait_for_files("broken off")["broken off"]["hash"] == digest
        check_that_it_went_on(member)
    circle.wait_until_complete()


def until_two_thirds_are_through(*receivers: Member) -> None:
    for receiver in receivers:
        receiver.wait("size => kit.offers[0]?.transferred >= size", 2 * LONG / 3)
    for receiver in receivers:
        receiver.run("kit.wire.lowestIn = Infinity, undefined")


def check_that_it_went_on(receiver: Member) -> None:
    """After a loss a file goes on from where it was, or some windows back, however often."""
    window = 2 * 1024 * 1024
    assert receiver.run("kit.wire.lowestIn") >= 2 * LONG / 3 - 2 * window


# What goes wrong on the way

LOSSES: dict[str, Callable[[Member], object]] = {
    "closed": lambda host: host.page.close(),
    "crashed": lambda host: host.crash(),
    "handed over": lambda host: host.run("kit.frame.handOver('dan')"),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_the_host_changes_in_the_middle(
    browser: Browser, servers: dict[str, Server], kind: str
) -> None:
    circle = new_circle(browser, servers["eventlet"].url, QUICK)
    ann, bob, cleo, dan = circle.gather("ann", "bob", "cleo", "dan")
    for member in (cleo, dan):
        member.take_files("slow gate")
    digest = send_file(bob, "through two hosts", LONG)
    # The one that goes takes nothing, as an app would that nobody looks at.
    bob.wait("kit.results['through two hosts'].outgoing.failures.has('ann')")
    until_two_thirds_are_through(cleo, dan)
    LOSSES[kind](ann)
    assert bob.run("kit.results['through two hosts'].outcome") is None
    for receiver in (cleo, dan):
        receiver.wait("kit.files[0]?.sink")
        receiver.run("kit.files[0].sink.open()")
    if kind != "handed over":
        circle.speakers.remove(ann)
    assert bob.outcome("through two hosts") == "done"
    assert failures(bob, "through two hosts") == {"ann": "declined"}
    for member in (cleo, dan):
        assert member.wait_for_files("through two hosts")["through two hosts"]["hash"] == digest
        check_that_it_went_on(member)
        assert member.host != "ann"
    circle.wait_until_complete()
    circle.check()
    circle.room.close()


def test_a_byte_that_changes_on_the_way_is_noticed(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    kept = len(cleo.run("kit.stored()"))
    cleo.take_files("accept")
    ann.run("""() => {
      let count = 0
      kit.wire.alter = (channel, packet) => {
        const isChunk = channel.label === "bulk" && kit.readFrame(packet).head.type === "Chunk"
        if (!isChunk || ++count !== 7) return [packet]
        const altered = new Uint8Array(packet.slice(0))
        altered[altered.length - 1000] ^= 1
        return [altered.buffer]
      }
    }""")
    send_file(bob, "altered", LARGE, to="cleo")
    assert error_of(cleo)[0] == "corrupt"
    assert bob.outcome("altered") == "corrupt"
    cleo.wait("async (kept) => (await kit.stored()).length === kept", kept)


def test_chunks_that_come_twice_or_in_disorder_do_no_harm(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    cleo.take_files("accept")
    ann.run("""() => {
      let count = 0, held = null
      kit.wire.alter = (channel, packet) => {
        if (channel.label !== "bulk" || kit.readFrame(packet).head.type !== "Chunk") return [packet]
        count += 1
        if (count % 10 === 3) { held = packet; return [] }
        if (count % 10 === 4 && held) return [packet, held]
        return count % 2 ? [packet, packet] : [packet]
      }
    }""")
    digest = send_file(bob, "shaken", 2 * MB, to="cleo")
    assert bob.outcome("shaken") == "done"
    assert cleo.files["shaken"]["hash"] == digest


def test_nobody_speaks_for_another_of_its_files(circle: Circle) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("gate")
    digest = send_file(bob, "mine", 3 * MB, to="cleo")
    until_waiting(cleo)
    transfer = bob.run("kit.results.mine.outgoing.id")
    [mallory] = circle.gather("mallory")
    mallory.run(
        """(transfer) => {
          const note = (to, id, after, fields) => kit.sendRaw("messages", JSON.stringify(
            { type: "Direct", to, inc: "mallory", id, after, note: { ...fields, id: transfer } }))
          note("bob", 1, 0, { kind: "done" })
          note("bob", 2, 1, { kind: "fail", code: "declined" })
          note("cleo", 3, 0, { kind: "fail", code: "cancelled" })
          note("cleo", 4, 3, { kind: "end", digest: "0".repeat(64) })
          for (const offset of [0, 1_048_576, 2_097_152]) {
            const head = { type: "Chunk", to: ["cleo"], transfer, offset }
            kit.sendRaw("bulk", kit.frameOf(head, new Uint8Array(1_000)))
          }
          const credit = { type: "Credit", to: "bob", transfer }
          kit.sendRaw("bulk", JSON.stringify({ ...credit, offset: 3_000_000 }))
          kit.sendRaw("bulk", JSON.stringify({ ...credit, offset: 0, resume: true }))
        }""",
        transfer,
    )
    mallory.run("kit.frame.send('done')")
    cleo.wait_until_shown_last("done")
    cleo.run("kit.files[0].sink.open()")
    assert bob.outcome("mine") == "done"
    assert cleo.files["mine"]["hash"] == digest
    assert bob.run("kit.wire.chunkBytes") == 3 * MB
    circle.part(mallory)


# Who may only read


def test_a_reader_takes_files_and_messages_and_is_not_heard(circle: Circle) -> None:
    ann, bob, _ = circle.members
    [rita] = circle.gather("rita", query="can_send=0")
    rita.take_files("accept")
    digests = {
        "from a client": send_file(bob, "from a client", LARGE, to="rita"),
        "from the host": send_file(ann, "from the host", MB, to="rita"),
    }
    assert bob.outcome("from a client") == "done"
    assert ann.outcome("from the host") == "done"
    assert {name: file["hash"] for name, file in rita.files.items()} == digests
    assert bob.run("kit.code(kit.frame.send('for you', { to: 'rita' }))") == "resolved"
    assert rita.data == ["for you"]
    rita.take_files("decline")
    send_file(bob, "unwanted", MB, to="rita")
    assert bob.outcome("unwanted") == "declined"

    outcomes = rita.run("""async () => {
      const sendFile = async () => kit.frame.sendFile(new Blob(["x"]), { to: "bob" }).done
      const { frame } = kit
      return Promise.all([frame.send("x"), frame.send("x", { to: "bob" }),
        frame.send("x", { reliable: false }), frame.request("bob", "topic", 1), sendFile(),
      ].map(kit.code))
    }""")
    assert outcomes == ["forbidden"] * 5
    for member in circle.members:
        member.take_files("accept")
        member.run("""() => {
          Object.assign(kit, { offers: [], shown: [], wasAsked: false })
          kit.respond("ask", () => { kit.wasAsked = true })
        }""")
    rita.run("""() => {
      const data = "smuggled", inc = "rita"
      const raw = (frame) => {
        kit.sendRaw(frame.type === "Fast" ? "fast" : "messages", JSON.stringify(frame))
      }
      raw({ type: "Data", id: 1, data })
      for (const [at, to] of ["ann", "bob", "cleo"].entries()) {
        const transfer = `f${at}`
        const letter = (number, more) =>
          raw({ type: "Direct", to, inc, id: 10 * at + number, after: 0, ...more })
        letter(1, { data })
        letter(2, { topic: "ask", ask: 1, data })
        letter(3, { note: { kind: "offer", id: transfer, name: "n", type: "", size: 1 } })
        raw({ type: "Fast", to: [to], inc, id: at + 1, data })
        const head = { type: "Chunk", to: [to], transfer, offset: 0 }
        kit.sendRaw("bulk", kit.frameOf(head, new Uint8Array(1)))
      }
      raw({ type: "Fast", inc, id: 99, data })
    }""")
    # Her host has read all of it when it has answered her last word, which she may say.
    rita.take_files("accept")
    for member in (ann, bob):
        send_file(member, "last", MB, to="rita")
        assert member.outcome("last") == "done"
    bob.run("kit.frame.send('the end')")
    for member in circle.members[:3]:
        member.wait_until_shown_last("the end")
        assert member.data == ["the end"]
        assert member.run("kit.offers") == []
        assert member.run("kit.wasAsked === false")
    circle.part(rita)

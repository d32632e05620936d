"""Much data, and too much: nothing fills up, nothing breaks, and messages don't wait for files."""

import statistics
from collections.abc import Callable

import pytest

from .circle import Circle, Member
from .test_files import MB, send_file

PEERS = ("ann", "bob", "cleo")
# A loop without a pause keeps a page from all else.
CONFIG = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 30_000}}
KIB = 1024

# What may wait in a channel: of files at their sender, of files at the host, and of anything.
MOST_OF_FILES = 1024 * KIB
MOST_ON_THE_WAY = 2 * 1024 * KIB + 256 * KIB
MOST = 8 * 1024 * KIB


def peaks(member: Member) -> dict[str, int]:
    """How much has waited in its channels."""
    return dict(member.run("kit.wire.peaks"))


# Files and messages


def test_messages_pass_while_a_large_file_does(
    circle: Circle, record_property: Callable[[str, object], None]
) -> None:
    ann, bob, cleo = circle.members
    for member in (ann, cleo):
        member.take_files("discard")
    for member in circle.members:
        member.run("kit.on('chat'), undefined")
    bob.run("""() => {
      const part = new Blob([kit.bytes(1_000_000)])
      kit.sendFile("large", new Blob(Array.from({ length: 12 }, () => part)))
    }""")
    cleo.wait("kit.offers[0]?.transferred > 0")
    # Each says the next thing when the last one has been shown to it.
    for member in circle.members:
        member.run("""() => {
          kit.latencies = []
          kit.talk = (async () => {
            for (let number = 0; number < 50; number++) {
              const started = performance.now()
              await new Promise((resolve) => {
                const end = kit.frame.on("chat", (data, { senderId }) => {
                  if (senderId !== kit.frame.peerId || data !== number) return
                  end()
                  resolve()
                })
                kit.frame.send(number, { topic: "chat" })
              })
              kit.latencies.push(performance.now() - started)
            }
          })()
        }""")
    for member in circle.members:
        member.run("kit.talk")
        latencies = sorted(member.run("kit.latencies"))
        figures = {"p50": statistics.median(latencies), "p95": latencies[47]}
        record_property(f"latency of messages beside a file, {member.peer_id}", figures)
    assert bob.outcome("large") == "done"
    for member in circle.members:
        member.wait("kit.shown.length >= 150")
        told = member.told
        for peer_id in PEERS:
            numbers = [int(kind[1]) for sender_id, _, kind, _ in told if sender_id == peer_id]
            assert numbers == [*range(50)]
    assert peaks(bob)["bulk"] <= MOST_OF_FILES + 64 * KIB
    assert peaks(ann)["bulk"] <= 2 * MOST_ON_THE_WAY
    for member in circle.members:
        assert peaks(member)["messages"] < 256 * KIB
    circle.check_channels()


def test_the_hosts_own_file_fills_no_channel_either(circle: Circle) -> None:
    ann, bob, cleo = circle.members
    bob.take_files("discard")
    cleo.take_files("pace")
    send_file(ann, "large", 6 * MB)
    assert ann.outcome("large") == "done"
    assert peaks(ann)["bulk"] <= MOST_OF_FILES + 64 * KIB


@pytest.mark.parametrize("keeps", ["in a stream", "on disk"])
def test_a_large_file_leaves_the_memory_flat(circle: Circle, keeps: str) -> None:
    _, bob, cleo = circle.members
    cleo.take_files("discard" if keeps == "in a stream" else "accept")
    before = {member.peer_id: memory(member) for member in (bob, cleo)}
    size = 32 * MB
    bob.run("""() => {
      const part = new Blob([kit.bytes(1_000_000)])
      kit.sendFile("huge", new Blob(Array.from({ length: 32 }, () => part)), { to: "cleo" })
    }""")
    growth = {"bob": 0, "cleo": 0}
    for share in (0.25, 0.5, 0.75, 1):
        cleo.wait("size => kit.offers[0]?.transferred >= size", size * share)
        for member in (bob, cleo):
            more = memory(member) - before[member.peer_id]
            growth[member.peer_id] = max(growth[member.peer_id], more)
    assert bob.outcome("huge") == "done"
    # A browser may hold what it has read of two segments (8 MiB each); 2 MiB are on their way.
    assert growth["bob"] < 20 * MB
    assert growth["cleo"] < 12 * MB


def memory(member: Member) -> int:
    """How much the page holds of what can't be let go."""
    devtools = member.context.new_cdp_session(member.page)
    devtools.send("HeapProfiler.collectGarbage")
    usage = devtools.send("Runtime.getHeapUsage")
    devtools.detach()
    return int(usage["usedSize"] + usage["backingStorageSize"])


# Too many messages


@pytest.mark.parametrize("sender_id", ["ann", "bob"])
def test_a_loop_without_a_pause_is_told_so(circle: Circle, sender_id: str) -> None:
    sender = next(member for member in circle.members if member.peer_id == sender_id)
    counts = sender.run("""async () => {
      kit.accepted = []
      kit.codes = {}
      const outcomes = []
      for (let number = 0; number < 30_000; number++) {
        const accept = () => { kit.accepted.push(number) }
        const refuse = ({ code }) => { kit.codes[code] = (kit.codes[code] ?? 0) + 1 }
        outcomes.push(kit.frame.send(number).then(accept, refuse))
      }
      await Promise.all(outcomes)
      return [kit.accepted.length, kit.codes]
    }""")
    accepted = sender.run("kit.accepted")
    assert counts == [len(accepted), {"rate_limited": 30_000 - len(accepted)}]
    assert len(accepted) >= 1_000
    sender.run("kit.frame.send('after that')")
    for member in circle.members:
        member.wait_until_shown_last("after that")
        assert member.data == [*accepted, "after that"]
        assert peaks(member)["messages"] <= MOST
    circle.check_channels()


@pytest.mark.parametrize("options", ["{}", "{ to: 'cleo' }", "{ to: ['ann', 'cleo'] }"])
def test_a_loop_of_large_messages(circle: Circle, options: str) -> None:
    ann, bob, cleo = circle.members
    for member in circle.members:
        member.run("kit.on('large', ([number]) => kit.keep('', '', number)), undefined")
    accepted = bob.run(f"""async () => {{
      const filling = "x".repeat(60_000)
      const outcomes = Array.from({{ length: 1_000 }}, (_, number) =>
        kit.frame.send([number, filling], {{ topic: "large", ...{options} }})
          .then(() => number, ({{ code }}) => code))
      return Promise.all(outcomes)
    }}""")
    numbers = [number for number in accepted if isinstance(number, int)]
    assert {code for code in accepted if not isinstance(code, int)} == {"rate_limited"}
    assert len(numbers) >= 30
    for member in (ann, cleo) if "ann" in options or options == "{}" else (cleo,):
        member.wait("number => kit.shown.at(-1)?.data >= number", numbers[-1])
        shown = member.data
        assert [number for number in shown if number in set(numbers)] == numbers
        assert shown == sorted(set(shown))
    for member in circle.members:
        assert peaks(member)["messages"] <= MOST
    circle.check_channels()


def test_loops_of_all_kinds_again_and_again(circle: Circle) -> None:
    _, bob, cleo = circle.members
    for member in circle.members:
        member.run("() => { kit.on('all'); kit.on('cleo') }")
    # More than a host passes on in a second: it slows this client down, and doesn't give it up.
    accepted = bob.run("""async () => {
      const accepted = { all: [], cleo: [] }
      for (let round = 0; round < 2; round++) {
        const outcomes = []
        for (let at = 0; at < 1_500; at++) {
          const number = 1_500 * round + at
          for (const [topic, options] of [["all", {}], ["cleo", { to: "cleo" }]]) {
            const accept = () => { accepted[topic].push(number) }
            const sent = kit.frame.send(number, { topic, ...options })
            outcomes.push(sent.then(accept, () => undefined))
          }
        }
        await Promise.all(outcomes)
      }
      return accepted
    }""")
    told = cleo.told
    for topic, numbers in accepted.items():
        assert len(numbers) >= 2_000
        assert [int(kind[1]) for _, shown, kind, _ in told if shown == topic] == numbers
    circle.check_channels()

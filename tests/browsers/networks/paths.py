"""By which paths pages are joined, how long that takes, and what goes over them."""

from collections.abc import Iterable

from tests.kit.chromium import PATIENCE_MS
from tests.kit.pages import FRAME
from tests.kit.streams import Speaker

# Runs before anything else in the page: keeps the paths that it is told of, and when what came.
RECORDER = """(() => {
  const now = () => (performance.timeOrigin + performance.now()) / 1000
  const lab = window.lab = { openedAt: performance.timeOrigin / 1000, paths: [], heard: [] }
  document.addEventListener("p2p:path", ({ detail }) => lab.paths.push({ ...detail, at: now() }))
  document.addEventListener("p2p:message", ({ detail: { type, senderId } }) => {
    if (type === "Data") lab.heard.push([senderId, now()])
  })
})()"""


# Paths


def wait_for_path(speaker: Speaker, path: str | None, peer_id: str = "") -> None:
    """Wait until a client is joined to its host, or a host to one of its clients, by a path."""
    by = f"""([path, peerId]) =>
      (peerId ? {FRAME}.paths.get(peerId) ?? null : {FRAME}.path) === path"""
    try:
        speaker.page.wait_for_function(by, arg=[path, peer_id], timeout=PATIENCE_MS)
    except Exception as error:
        seen = speaker.page.evaluate(f"""[{FRAME}.state, {FRAME}.path,
          [...{FRAME}.paths ?? []], lab.paths, stream.story]""")
        raise AssertionError(f"{speaker.peer_id} waited for {path}, and saw {seen}") from error


def paths(speaker: Speaker, peer_id: str) -> "list[str | None]":
    """Return the paths to a peer that a page has been told of, in order."""
    told = speaker.page.evaluate("lab.paths")
    return [one["path"] for one in told if one["peerId"] == peer_id]


def go_online(speaker: Speaker) -> None:
    """Let a page look for a better path now: it does so when it comes online."""
    speaker.page.evaluate("dispatchEvent(new Event('online')), undefined")


# Times, all in seconds


def opening_time(speaker: Speaker) -> float:
    """Say how long it took from the opening of the page until it was connected."""
    first = next(event["at"] for event in speaker.story if event["name"] == "connected")
    return round(float(first - speaker.page.evaluate("lab.openedAt")), 3)


def path_time(speaker: Speaker, peer_id: str) -> float:
    """Say when the present path to a peer was begun, in seconds since 1970."""
    told = speaker.page.evaluate("lab.paths")
    return max(float(one["at"]) for one in told if one["peerId"] == peer_id)


def heard_again(speaker: Speaker, sender: Speaker, since: float) -> float:
    """Wait until a message has come after that time; return how long after."""
    first = """([id, since]) =>
      lab.heard.find(([sender, at]) => sender === id && at > since)?.[1]"""
    arg = [sender.peer_id, since]
    found = speaker.page.wait_for_function(first, arg=arg, timeout=PATIENCE_MS)
    return round(float(found.json_value()) - since, 3)


def longest_silence(speaker: Speaker, sender: Speaker, since: float) -> float:
    """Say how long at most nothing came from a peer since that time."""
    longest = """([id, since]) => {
      const times = lab.heard.filter(([sender, at]) => sender === id && at > since)
      return Math.max(...times.map(([, at], index) => at - (times[index - 1]?.[1] ?? since)))
    }"""
    return round(float(speaker.page.evaluate(longest, [sender.peer_id, since])), 3)


def let_pass(speaker: Speaker, seconds: float) -> None:
    """Wait until so much time has passed by a page's clock."""
    passed = "end => performance.now() >= end"
    end = speaker.page.evaluate("performance.now()") + 1000 * seconds
    speaker.page.wait_for_function(passed, arg=end, timeout=1000 * seconds + PATIENCE_MS)


def assert_undisturbed(speakers: Iterable[Speaker]) -> None:
    """Check that nobody has been told of anything but its host and its connection, once each."""
    for speaker in speakers:
        told = [event["name"] for event in speaker.story]
        assert told == ["host-changed", "connected"], f"{speaker.peer_id}: {speaker.story}"


# More than messages

ASK = f"async ([peerId, number]) => {FRAME}.request(peerId, 'double', number)"
ANSWER = f"() => void {FRAME}.respond('double', (number) => 2 * number)"
# Bytes that differ everywhere; both ends know them.
BYTES = """(size) => {
  const words = new Uint32Array(size / 4)
  for (let at = 0, word = 7; at < words.length; at++)
    words[at] = word = (Math.imul(word, 1664525) + 1013904223) >>> 0
  return words
}"""
TAKE = f"""(size) => {{
  window.taken = null
  {FRAME}.addEventListener("p2p:file", async ({{ detail }}) => {{
    const file = await detail.accept()
    const words = new Uint32Array(await file.arrayBuffer())
    const known = ({BYTES})(size)
    window.taken = file.size === size && known.every((word, at) => word === words[at])
  }}, {{ once: true }})
}}"""
GIVE = f"""async ([to, size]) => {{
  const begun = performance.now()
  await {FRAME}.sendFile(new Blob([({BYTES})(size)]), {{ to, name: "a file" }}).done
  return (performance.now() - begun) / 1000
}}"""


def check_request(asker: Speaker, responder: Speaker) -> None:
    responder.page.evaluate(ANSWER)
    assert asker.page.evaluate(ASK, [responder.peer_id, 21]) == 42


def send_file(sender: Speaker, receiver: Speaker, size: int) -> float:
    """Send so many bytes, and check that all of them come; return how long it took."""
    receiver.page.evaluate(TAKE, size)
    seconds = sender.page.evaluate(GIVE, [receiver.peer_id, size])
    receiver.page.wait_for_function("window.taken !== null", timeout=PATIENCE_MS)
    assert receiver.page.evaluate("window.taken")
    return round(float(seconds), 3)

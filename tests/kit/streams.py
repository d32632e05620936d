"""Peers that all talk at once, and a look at whether each was shown everything, once, in order."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, WebError

from tests.kit.pages import FRAME, TIMEOUT_MS, Peer, Room

# Runs before anything else in the page: keeps its connections, what it says and what it is shown.
RECORDER = """(() => {
  const NAMES = ["disconnected", "host-changed", "connected", "closed", "error", "gap", "forked"]
  const Real = RTCPeerConnection
  window.connections = []
  window.RTCPeerConnection = class extends Real {
    constructor(...args) { super(...args); window.connections.push(this) }
  }

  const life = Math.random().toString(36).slice(2)
  const stream = window.stream = { life, said: 0, kept: 0, failures: [], shown: {}, story: [] }
  const now = () => performance.timeOrigin + performance.now()

  for (const name of NAMES) {
    document.addEventListener(`p2p:${name}`, ({ detail }) => {
      const plain = name === "error" ? detail.toPayload() : detail
      stream.story.push({ name, detail: plain, at: now() / 1000 })
    })
  }
  document.addEventListener("p2p:message", ({ detail: { type, senderId, data } }) => {
    if (type === "Data") (stream.shown[`${senderId}/${data[0]}`] ??= []).push(data[1])
  })

  stream.say = () => {
    const number = stream.said++
    const failed = ({ code, message }) => stream.failures.push(`${number}: ${code} ${message}`)
    FRAME.send([life, number]).then(() => stream.kept++, failed)
  }
  stream.speak = (mls) => { stream.speaking = setInterval(stream.say, mls) }
  stream.hush = () => clearInterval(stream.speaking)
  stream.areOpen = () => window.connections.filter((one) => one.signalingState !== "closed").length
})()""".replace("FRAME", FRAME)

EVERY_MS = 30
# Where one is away and is owed what it misses: the others' logs, of 1,000 messages for a minute,
# hold that however late it is noticed and comes back.
AWAY_MS = 200
# Quick enough for a test; a page that gets no turn for three seconds isn't lost yet.
QUICK = {"heartbeat": {"interval_mls": 300, "idle_timeout_mls": 5_000}}


@dataclass(eq=False)
class Speaker(Peer):
    """A page that says number after number, and keeps what it is shown of the others' numbers."""

    page: Page
    peer_id: str
    context: BrowserContext
    # How much of the story has been looked at.
    mark: int = 0

    def speak(self, every_mls: int = EVERY_MS) -> None:
        self.page.evaluate("mls => stream.speak(mls)", every_mls)

    def hush(self) -> None:
        self.page.evaluate("stream.hush()")

    @property
    def key(self) -> str:
        """Names the page: one that is loaded again speaks as another."""
        return f"{self.peer_id}/{self.page.evaluate('stream.life')}"

    @property
    def said(self) -> int:
        return int(self.page.evaluate("stream.said"))

    @property
    def kept(self) -> int:
        return int(self.page.evaluate("stream.kept"))

    @property
    def failures(self) -> list[str]:
        return list(self.page.evaluate("stream.failures"))

    @property
    def shown(self) -> dict[str, list[int]]:
        return dict(self.page.evaluate("stream.shown"))

    @property
    def story(self) -> list[dict[str, Any]]:
        return list(self.page.evaluate("stream.story"))

    @property
    def is_host(self) -> bool:
        return bool(self.page.evaluate(f"{FRAME}.iamHost"))

    @property
    def host(self) -> str | None:
        return cast("str | None", self.page.evaluate(f"{FRAME}.hostPeerId"))

    def begin_to_watch(self) -> None:
        self.mark = len(self.story)

    def news(self) -> list[str]:
        """Name what has happened since it is watched."""
        return [event["name"] for event in self.story[self.mark :]]

    def times(self, name: str) -> list[float]:
        """Say when something has happened since it is watched, in seconds since 1970."""
        times = [event["at"] for event in self.story[self.mark :] if event["name"] == name]
        assert times, f"{self.peer_id} was told of {self.news()}, not of {name}"
        return times

    def wait_for_news(self, name: str) -> None:
        """Wait until something has happened since it is watched; a state may be over by then."""
        told = "([mark, name]) => stream.story.slice(mark).some((event) => event.name === name)"
        self._wait(told, [self.mark, name], self._summary)

    def wait_until_shown(self, numbers: Mapping[str, int]) -> None:
        """Wait until each page's numbers are shown up to that one."""
        enough = """numbers => Object.entries(numbers)
          .every(([key, count]) => (stream.shown[key]?.at(-1) ?? -1) + 1 >= count)"""
        self._wait(enough, dict(numbers), self._summary)

    def wait_until_said(self, count: int) -> None:
        """Wait until it has said so many numbers."""
        self._wait("count => stream.said >= count", count, self._summary)

    def wait_until_kept(self) -> None:
        """Wait until all that it has said is stable, or has failed."""
        settled = "() => stream.kept + stream.failures.length === stream.said"
        self._wait(settled, None, self._summary)

    def wait_for_connections(self, count: int) -> None:
        """Wait until that many connections are open."""
        self._wait("count => stream.areOpen() === count", count, self._summary)

    def wait_for_another_host(self, host: str | None) -> None:
        """Wait until it is connected under another host than that one."""
        other = f"host => {FRAME}.state === 'connected' && {FRAME}.hostPeerId !== host"
        self._wait(other, host, self._summary)

    def crash(self) -> None:
        """Crash the renderer: unlike closing a page, that runs no handler."""
        with self.page.expect_event("crash"), pytest.raises(Error, match=r"ERR_ABORTED|crashed"):
            self.page.goto("chrome://crash")

    def _summary(self) -> dict[str, Any]:
        shown = {key: len(numbers) for key, numbers in self.shown.items()}
        return {
            "state": self.state,
            "host": self.host,
            "epoch": self.epoch,
            "said": self.said,
            "kept": self.kept,
            "failures": self.failures,
            "shown": shown,
            "connections": self.page.evaluate("stream.areOpen()"),
            "story": self.story,
        }


@dataclass(eq=False)
class Meeting:
    """The speakers of one session, and what they owe each other."""

    room: Room
    record: Callable[[str, object], None]
    config: Mapping[str, object] = field(default_factory=lambda: QUICK)
    speakers: list[Speaker] = field(default_factory=list)
    # What pages said that are gone, and how much of that they knew to be kept by others.
    departed: dict[str, int] = field(default_factory=dict)
    # What browsers say by themselves, of what the test has done to them. The second one, of a page
    # that leaves while it opens a socket: on a busy machine a link may just be silent for so long
    # that its client asks the server for another path.
    tolerated: tuple[str, ...] = (
        "/favicon.ico",
        "WebSocket is closed before the connection is established",
    )
    console: list[str] = field(default_factory=list)

    # Who is there

    def open(
        self, peer_id: str, *, room: Room | None = None, init_script: str = "", **options: Any
    ) -> Speaker:
        """Open a page in a context of its own without waiting for its state."""
        room = room or self.room
        context = options.pop("context", None) or room.new_context()
        self.listen(context)
        options.setdefault("config", self.config)
        script = RECORDER + ";\n" + init_script
        opened = room.open(peer_id, context=context, init_script=script, **options)
        speaker = Speaker(opened.page, peer_id, context)
        self.speakers.append(speaker)
        return speaker

    def join(self, *peer_ids: str, **options: Any) -> list[Speaker]:
        """Open pages one after the other, each when the last one is connected."""
        return [
            cast("Speaker", self.open(peer_id, **options).wait_for_state("connected"))
            for peer_id in peer_ids
        ]

    def listen(self, context: BrowserContext) -> None:
        def hear(message: "ConsoleMessage | WebError") -> None:
            text = message.text if isinstance(message, ConsoleMessage) else str(message.error)
            place = message.location["url"] if isinstance(message, ConsoleMessage) else ""
            if not any(part in f"{place} {text}" for part in self.tolerated):
                where = message.page.url.split("?")[0] if message.page else "?"
                self.console.append(f"{where}: {text}")

        context.on("console", hear)
        context.on("weberror", hear)

    # What they say

    def begin(self, every_mls: int = EVERY_MS) -> None:
        """Let all speak, and wait until all hear all."""
        for speaker in self.speakers:
            speaker.speak(every_mls)
        self.go_on()
        for speaker in self.speakers:
            speaker.begin_to_watch()

    def go_on(self, count: int = 5) -> None:
        """Wait until everybody has heard some more of everybody."""
        more = {speaker.key: speaker.said + count for speaker in self.speakers}
        for speaker in self.speakers:
            speaker.wait_until_shown(more)

    def lose(self, speaker: Speaker, how: Callable[[], object]) -> float:
        """Let a page go; return when that was, in seconds since 1970."""
        self.departed[speaker.key] = speaker.kept
        if speaker in self.speakers:
            self.speakers.remove(speaker)
        lost_at = time.time()
        how()
        return lost_at

    def end(self, *newcomers: Speaker) -> None:
        """Let all fall silent, check what was shown, and that nothing is left over."""
        self.check_what_was_shown(*newcomers)
        self.check_connections()
        self.leave_all()

    def leave_all(self) -> None:
        """Let all leave, and check that nothing is left over."""
        # The host last: whoever lost it would be on the way to the next one.
        for speaker in sorted(self.speakers, key=lambda speaker: speaker.is_host):
            speaker.page.evaluate(f"{FRAME}.close()")
        for speaker in self.speakers:
            speaker.wait_for_connections(0)
        assert self.console == []

    # What is checked

    def check_what_was_shown(self, *newcomers: Speaker) -> None:
        """All is shown to all, once and in order; to newcomers, from some number on."""
        for speaker in self.speakers:
            speaker.hush()
        for speaker in self.speakers:
            speaker.wait_until_kept()
            assert speaker.failures == []
            assert {"gap", "error"}.isdisjoint(speaker.news())
        numbers = {speaker.key: speaker.said for speaker in self.speakers}
        for speaker in self.speakers:
            speaker.wait_until_shown(numbers)
        departed = self._departed(newcomers)
        for speaker in self.speakers:
            if speaker in newcomers:
                known = {key: departed[key] for key in departed if key in speaker.shown}
            else:
                known = departed
            speaker.wait_until_shown(known)
            self._check(speaker, numbers | known, speaker in newcomers)

    def check_connections(self) -> None:
        """A client has one connection, the host one to each client."""
        for speaker in self.speakers:
            speaker.wait_for_connections(len(self.speakers) - 1 if speaker.is_host else 1)
        if len(self.speakers) > 1:
            assert len({speaker.host for speaker in self.speakers}) == 1
            assert sum(speaker.is_host for speaker in self.speakers) == 1

    def check_migration(self, host: Speaker, lost_at: float, kind: str) -> None:
        """Everybody has lost that host, has been told of another, and is connected to it."""
        # One after the other, as each may take its time: a page that is closed while it gets no
        # turn says no goodbye, and its silence has to be noticed.
        for news in ("disconnected", "host-changed"):
            for speaker in self.speakers:
                speaker.wait_for_news(news)
        for speaker in self.speakers:
            speaker.wait_for_another_host(host.peer_id)
        self.go_on()
        for speaker in self.speakers:
            heard = speaker.news()
            assert heard == ["disconnected", "host-changed", "connected"], self._stories()
        self.note(lost_at, kind)
        for speaker in self.speakers:
            speaker.begin_to_watch()

    def note(self, lost_at: float, kind: str) -> None:
        """Keep the times from the loss to the notice, and from there to the new connection."""
        noticed = [speaker.times("disconnected")[0] for speaker in self.speakers]
        connected = [speaker.times("connected")[-1] for speaker in self.speakers]
        pauses = [after - before for before, after in zip(noticed, connected, strict=True)]
        seconds = {
            "first noticed": min(noticed) - lost_at,
            "last noticed": max(noticed) - lost_at,
            "notice to connected, at most": max(pauses),
            "loss to all connected": max(connected) - lost_at,
        }
        figures = {name: round(value, 3) for name, value in seconds.items()}
        print(f"{kind}, {len(self.speakers)} survivors: {figures}")
        self.record(kind, figures)

    # Private

    def _stories(self) -> str:
        return "\n".join(f"{speaker.peer_id}: {speaker.story}" for speaker in self.speakers)

    def _departed(self, newcomers: "tuple[Speaker, ...]") -> dict[str, int]:
        """Say how much is known of those that are gone: what one has seen, all have to see."""
        known = {}
        shown = [speaker.shown for speaker in self.speakers if speaker not in newcomers]
        for key, kept in self.departed.items():
            known[key] = max(len(each.get(key, ())) for each in shown)
            assert known[key] >= kept, f"{key}: {kept} were stable, {known[key]} are shown"
        return known

    def _check(self, speaker: Speaker, numbers: Mapping[str, int], is_new: bool) -> None:
        shown = speaker.shown
        for key, count in numbers.items():
            first = shown[key][0] if is_new and shown.get(key) else 0
            assert shown.get(key, []) == list(range(first, count)), f"{key} at {speaker.peer_id}"
        assert shown.keys() <= numbers.keys()


__all__ = ["AWAY_MS", "EVERY_MS", "QUICK", "RECORDER", "TIMEOUT_MS", "Meeting", "Speaker"]

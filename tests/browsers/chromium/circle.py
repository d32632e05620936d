"""Pages that send each other data of every kind, and a look at what becomes of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser

from tests.kit.pages import Room
from tests.kit.streams import QUICK, Meeting, Speaker

KIT = Path(__file__).with_name("data_kit.js").read_text(encoding="utf-8")

STATE = """async () => ({
  state: kit.frame.state, host: kit.frame.hostPeerId, story: kit.story, errors: kit.errors,
  shown: kit.shown.length, last: kit.shown.at(-1)?.data,
  progress: kit.progress.slice(-4), files: (await kit.received()).slice(-4),
  results: Object.entries(kit.results).slice(-4).map(([name, { outcome, reason, outgoing }]) =>
    [name, outcome, reason, outgoing.state, [...outgoing.peers]]),
})"""


@dataclass(eq=False)
class Member(Speaker):
    """A page with the kit in it."""

    def run(self, script: str, argument: object = None) -> Any:
        """Evaluate something; promises are waited for."""
        return self.page.evaluate(script, argument)

    def wait(self, condition: str, argument: object = None) -> None:
        """Wait until an expression, or what a function gives for the argument, is so."""
        self._wait(condition, argument, self._summary)

    def wait_until_shown_last(self, data: object) -> None:
        self.wait("data => kit.shown.at(-1)?.data === data", data)

    def take_files(self, policy: str) -> None:
        """Say what is done with files that are offered from now on."""
        self.run("policy => { kit.policy = policy }", policy)

    def begin_to_log(self) -> None:
        """Keep the heads of all frames from now on."""
        self.run("kit.wire.log = [], undefined")

    def outcome(self, name: str) -> str:
        """Wait until it is known what has become of a file that was sent."""
        self.wait("name => kit.results[name].outcome", name)
        return str(self.run("name => kit.results[name].outcome", name))

    @property
    def told(self) -> list[list[Any]]:
        """What was shown: sender, topic, a description of the value, and whether it was direct."""
        return list(self.run("kit.told()"))

    @property
    def data(self) -> list[Any]:
        """The bare values that were shown, where they are JSON."""
        return list(self.run("kit.shown.map(({ data }) => data)"))

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        return {file["name"]: file for file in self.run("kit.received()")}

    def wait_for_files(self, *names: str) -> dict[str, dict[str, Any]]:
        """Wait until all these files have come, or failed."""
        ended = """names => names.every((name) =>
          kit.files.some((file) => file.name === name && file.outcome))"""
        self.wait(ended, list(names))
        return self.files

    @contextmanager
    def quota(self, size: int) -> Iterator[None]:
        """Leave it so many bytes to store anything in."""
        devtools = self.context.new_cdp_session(self.page)
        origin = self.run("location.origin")
        used = devtools.send("Storage.getUsageAndQuota", {"origin": origin})["usage"]
        quota = {"origin": origin, "quotaSize": used + size}
        devtools.send("Storage.overrideQuotaForOrigin", quota)
        yield
        devtools.detach()

    def cut(self) -> None:
        """End its connections as a network would."""
        self.run("kit.cut()")

    def _summary(self) -> dict[str, Any]:
        return dict(self.run(STATE))


@dataclass(eq=False)
class Circle(Meeting):
    """The members of one session; nothing goes wrong in their pages without being noticed."""

    expected_errors: list[str] = field(default_factory=list)

    def open(
        self, peer_id: str, *, room: Room | None = None, init_script: str = "", **options: Any
    ) -> Member:
        """Open a page without waiting for its state."""
        room = room or self.room
        context = options.pop("context", None) or room.new_context()
        self.listen(context)
        options.setdefault("config", self.config)
        script = f"{KIT};\n{init_script}"
        opened = room.open(peer_id, context=context, init_script=script, **options)
        member = Member(opened.page, peer_id, context)
        self.speakers.append(member)
        return member

    def gather(self, *peer_ids: str, **options: Any) -> list[Member]:
        """Open pages one after the other; return when all see all."""
        members = [cast("Member", one) for one in self.join(*peer_ids, **options)]
        self.wait_until_complete()
        return members

    def wait_until_complete(self) -> None:
        """Wait until all are connected, see that of each other, and have all their channels."""
        everyone = [member.peer_id for member in self.speakers]
        for member in self.members:
            member.wait(
                "all => all.every((id) => kit.frame.peers.get(id) === 'connected')", everyone
            )
        self._wait_for_channels()

    @property
    def members(self) -> list[Member]:
        return [cast("Member", speaker) for speaker in self.speakers]

    def check_channels(self) -> None:
        """All channels are open, and nobody has been disconnected."""
        self._wait_for_channels()
        for member in self.members:
            assert "disconnected" not in member.run("kit.story")

    def _wait_for_channels(self) -> None:
        """Wait until those are open that there have to be: three for each client."""
        for member in self.members:
            count = 3 * (len(self.members) - 1 if member.is_host else 1)
            member.wait("count => kit.openChannels() === count", count)

    def part(self, member: Member) -> None:
        """Let one go that came for a while."""
        self.speakers.remove(member)
        member.run("kit.frame.close()")
        member.context.close()
        gone = "id => kit.frame.peers.get(id) !== 'connected'"
        for other in self.members:
            other.wait(gone, member.peer_id)

    def start_anew(self) -> None:
        """Forget what was, once nothing of it is under way any more."""
        everyone = [member.peer_id for member in self.members]
        for member in self.members:
            member.run("kit.reset()")
        for member in self.members:
            member.run("kit.settle", everyone)
        shown = "count => kit.shown.filter(({ data }) => data === 'settled').length === count"
        for member in self.members:
            member.wait(shown, 2 * len(everyone))
        for member in self.members:
            member.run("kit.reset()")

    def check(self) -> None:
        """Nobody was told of an error, and the browsers have nothing to say."""
        for member in self.members:
            assert member.run("kit.errors") == []
        assert self.console == self.expected_errors

    def forgive(self, *texts: str) -> None:
        """Find these texts, in this order, in what the browsers said, and forget that."""
        assert len(self.console) == len(texts), self.console
        for said, text in zip(self.console, texts, strict=True):
            assert text in said
        self.console.clear()


@dataclass
class Circles:
    """A circle for the tests of a module, and a new one after each that has failed."""

    browser: Browser
    url: str
    peer_ids: tuple[str, ...]
    config: Mapping[str, object]
    circle: Circle | None = None

    @contextmanager
    def lend(self, session: pytest.Session) -> Iterator[Circle]:
        failures = session.testsfailed
        circle = self.circle or self._gather()
        self.circle = None  # unless all is as it was
        circle.start_anew()
        yield circle
        if session.testsfailed > failures:
            return circle.room.close()
        assert {member.peer_id for member in circle.members} == set(self.peer_ids)
        circle.check()
        self.circle = circle

    def close(self) -> None:
        if self.circle:
            self.circle.room.close()

    def _gather(self) -> Circle:
        circle = new_circle(self.browser, self.url, self.config)
        circle.gather(*self.peer_ids)
        return circle


def new_circle(browser: Browser, url: str, config: Mapping[str, object] | None = None) -> Circle:
    return Circle(Room(browser, url), lambda _name, _value: None, config or {})


__all__ = ["QUICK", "Circle", "Circles", "Member", "new_circle"]

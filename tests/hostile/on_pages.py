"""A modified page beside five that talk, and one that joins meanwhile."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from tests.hostile.on_the_wire import CALM, growth, memory
from tests.hostile.programs import NICE, program
from tests.hostile.rows import Row
from tests.hostile.tally import Tally
from tests.kit.chromium import FLAGS, PATIENCE_MS
from tests.kit.chromium import program as chromium
from tests.kit.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FOLDER = Path(__file__).parent
ATTACKS_JS = (FOLDER / "page_attacks.js").read_text(encoding="utf-8")
PROBE_JS = (FOLDER / "probe.js").read_text(encoding="utf-8")
PEERS = ("ann", "bob", "cleo", "dan", "eva")
ATTACKER = "mallory"
FROM_THE_WIRE = {
    "wire: rejoins": "rejoins",
    "wire: candidates": "candidates",
    "wire: the-host-is-lost-says-one": "the-host-is-lost-says-one",
}
"""Attacks of a client that has no page, and what they are called in ``wire_attacks``."""
LEAST = 4.0
"""Seconds that the others talk, however short an attack is."""
SETTLING = 10.0
BUSY = """(seconds) => { setTimeout(() => {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end;);
}) }"""
FRAME = "document.querySelector('p2p-frame')"
ALL_HERE = f"""(peers) => peers.every((peer) => {FRAME}.peers.get(peer) === "connected")"""
EXCUSED = re.compile("error (rate_limited|no_handler)")
"""What a page may well be told of somebody who sends too much, or on topics of his own."""


def names() -> list[str]:
    """Return what there is: attacks of clients, of hosts, and from the wire."""
    found = []
    for role in ("clients", "hosts"):
        body = ATTACKS_JS.partition(f"const {role} = {{")[2].partition("\n  }\n")[0]
        methods = re.findall(r"^    (?:async )?(\w+)(?:\(|: )", body, re.MULTILINE)
        found += [f"{role}: {each.replace('_', '-')}" for each in methods]
    return [*found, *FROM_THE_WIRE]


@contextlib.contextmanager
def browsing() -> "Iterator[Browser]":
    # Those who only want to know what there is need no browser.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


class Gathering:
    """Five pages that talk, the attacker's, and room for those who come later."""

    def __init__(self, browser: "Browser", server: Server, hosted_by_attacker: bool) -> None:
        self.server = server
        self.session_id = token_hex(4)
        self.troubles: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        order = (ATTACKER, *PEERS) if hosted_by_attacker else (*PEERS, ATTACKER)
        self.all = {peer_id: self._open(peer_id) for peer_id in order}
        self.pages = {peer_id: self.all[peer_id] for peer_id in PEERS}
        self.attacker = self.all[ATTACKER]
        for page in self.all.values():
            page.wait_for_function(ALL_HERE, arg=[*order], timeout=PATIENCE_MS)

    def _open(self, peer_id: str) -> "Page":
        self._contexts.append(self._browser.new_context())
        page = self._contexts[-1].new_page()
        if peer_id == ATTACKER:
            page.add_init_script(ATTACKS_JS)
        page.on("pageerror", lambda error: self.troubles.append(f"{peer_id}: {error}"))
        page.goto(f"{self.server.url}/plain/{self.session_id}/{peer_id}")
        page.wait_for_selector("p2p-frame[state=connected]", state="attached", timeout=PATIENCE_MS)
        return page

    def begin(self) -> None:
        for page in self.pages.values():
            page.evaluate(PROBE_JS)
        for peer_id, page in self.pages.items():
            neighbour = PEERS[(PEERS.index(peer_id) + 1) % len(PEERS)]
            page.evaluate("(neighbour) => probe.start(neighbour)", neighbour)

    def join_afresh(self, peer_id: str) -> float:
        """Return how long one more page takes to be connected, in milliseconds."""
        self._contexts.append(self._browser.new_context())
        page = self._contexts[-1].new_page()
        page.goto(f"{self.server.url}/plain/{self.session_id}/{peer_id}", wait_until="commit")
        begun = time.monotonic()
        page.wait_for_selector("p2p-frame[state=connected]", state="attached", timeout=PATIENCE_MS)
        return 1000 * (time.monotonic() - begun)

    def end(self) -> dict[str, Any]:
        """Stop, wait for what is under way, and say what came of it."""
        for page in self.pages.values():
            page.evaluate("probe.stop()")
        results: dict[str, Any] = {}
        deadline = time.monotonic() + SETTLING
        while True:
            results = {name: page.evaluate("probe.result()") for name, page in self.pages.items()}
            tally = _tally(results)
            if tally.is_complete or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        changes = [f"{name} {each}" for name, one in results.items() for each in one["changes"]]
        failures = [each for one in results.values() for each in one["failures"]]
        return {
            **asdict(tally.figures()),
            "missing": tally.missing,
            "disconnects": [each for each in changes if not EXCUSED.search(each)],
            "changes": [],
            "heard": {},
            "sends_failed": failures,
        }

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def _tally(results: dict[str, Any]) -> Tally:
    tally = Tally()
    for sender, one in results.items():
        for to, number, at in one["sent"]:
            for receiver in PEERS if to == "all" else (to,):
                if receiver != sender:
                    tally.sent(f"{sender}>{receiver} {to}", number, at)
    for receiver, one in results.items():
        for sender, to, number, at in one["came"]:
            tally.came(f"{sender}>{receiver} {to}", number, at)
    return tally


def attacked(browser: "Browser", server: Server, name: str) -> Row:
    """Let the attacker's page do one of its attacks, while the others talk."""
    role = name.partition(": ")[0]
    before = memory([server])
    gathering = Gathering(browser, server, role == "hosts")
    with contextlib.closing(gathering), contextlib.ExitStack() as stack:
        gathering.begin()
        _start(stack, gathering, name)
        joined = _join_meanwhile(gathering)
        measured = {**gathering.end(), **joined}
    if role == "hosts":
        # To look for another host is all that can be done about this one.
        measured["disconnects"] = []
    harm = f"uncaught: {gathering.troubles[0]:.100}" if gathering.troubles else None
    return Row(name, "pages", measured, growth([server], before), harm)


def _start(stack: contextlib.ExitStack, gathering: Gathering, name: str) -> None:
    role, _, attack = name.partition(": ")
    if role == "wire":
        _from_the_wire(stack, gathering, FROM_THE_WIRE[name])
    elif name != CALM:
        script = "([role, name, others]) => void hostile.run(role, name, others)"
        gathering.attacker.evaluate(script, [role, attack.replace("-", "_"), [*PEERS]])


def _join_meanwhile(gathering: Gathering) -> dict[str, Any]:
    """Let somebody join now, and somebody else when the attack is over."""
    from playwright.sync_api import Error

    least = time.monotonic() + LEAST
    join, troubles = float("nan"), []
    try:
        join = gathering.join_afresh("fred")
        gathering.attacker.wait_for_function("hostile.isOver", timeout=60_000)
        time.sleep(max(0.0, least - time.monotonic()))
        join = max(join, gathering.join_afresh("gil"))
    except Error as error:
        troubles.append(f"no fresh join: {error!s:.80}")
    return {"join": join, "join_troubles": troubles}


def _from_the_wire(stack: contextlib.ExitStack, gathering: Gathering, attack: str) -> None:
    """Run an attack of a program beside the pages, until it says that it is over."""
    epoch = gathering.pages["ann"].evaluate(f"{FRAME}.epoch")
    target = {"urls": [gathering.server.url], "session_id": gathering.session_id, "epoch": epoch}
    arguments = (attack, json.dumps(target), "1000")
    attacker = stack.enter_context(program("tests.hostile.wire_attacks", *arguments, before=NICE))
    said = attacker.hear()
    if "busy" in said:
        gathering.pages["ann"].evaluate(BUSY, said["busy"])
        attacker.hear()

"""Two pages that chat while programs attack their session, for twenty seconds or longer."""

import itertools
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.kit.chromium import PATIENCE_MS
from tests.kit.http import get
from tests.kit.packets import ENDED
from tests.kit.pages import FRAME, Peer, Room
from tests.kit.servers import Server
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire
from tests.security import corpus

# One every 50 ms, or as fast as the page comes to it.
MESSAGES = 400
ATTACKERS = 4
SPEAK = f"""() => {{
  let number = 0
  window.failures = []
  window.spoken = false
  const speaking = setInterval(() => {{
    if (number === {MESSAGES}) {{
      clearInterval(speaking)
      window.spoken = true
      return
    }}
    const sent = {FRAME}.send(number++)
    sent.catch((error) => window.failures.push(String(error)))
  }}, 50)
}}"""

SEEN = """() => ({
  failures: window.failures,
  troubles: window.events.filter(({ name }) => ["error", "disconnected", "closed"].includes(name)),
  messages: window.events
    .filter(({ detail }) => detail.type === "Data")
    .map(({ detail }) => [detail.senderId, detail.data]),
})"""


class Crowd:
    """Programs that send whatever is not allowed, each on one socket after the other."""

    def __init__(self, server: Server, session_id: str, epoch: int) -> None:
        self._server = server
        self._session_id = session_id
        self.sent = 0
        self._over = threading.Event()
        self._attacks = [
            *corpus.wrong_fields(epoch),
            *corpus.wrong_shapes(epoch),
            *corpus.wrong_moves(epoch),
            *corpus.noise(7, 200),
        ]

    @contextmanager
    def attacking(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._attack, args=(seed,)) for seed in range(ATTACKERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)

    def _attack(self, seed: int) -> None:
        dice = random.Random(seed)
        for number in itertools.count():
            if self._over.is_set():
                return
            with suppress(*ENDED, AssertionError):
                self._one_socket(dice, f"eve-{seed}-{number}")
            time.sleep(0.05)

    def _one_socket(self, dice: random.Random, name: str) -> None:
        eve = Wire(self._server.url)
        try:
            token = self._token(name) if dice.random() < 0.8 else "forged"
            eve.send(f"40/p2p,{json.dumps({'token': token})}")
            for attack in dice.sample(self._attacks, 150):
                eve.send(f'42/p2p,["{attack.event}",{attack.arguments}]')
                self.sent += 1
            eve.send(dice.choice(corpus.BROKEN_PACKETS))
        finally:
            eve.drop()

    def _token(self, name: str) -> str:
        page = get(f"{self._server.url}/plain/{self._session_id}/{name}")
        found = re.search(r'token="([^"]+)"', page)
        assert found is not None
        return found[1]


@pytest.mark.parametrize("room", ["gevent"], indirect=True)
def test_a_chat_beside_hostile_traffic_misses_nothing(
    room: Room, servers: dict[str, Server]
) -> None:
    ann = room.join("ann").wait_for_role("host")
    # A socket that is kept is one more thing to disturb.
    bob = room.join("bob", config={"keep_signaling": True}).wait_for_role("client")
    crowd = Crowd(servers["gevent"], room.session_id, ann.epoch)
    with crowd.attacking():
        for peer in (ann, bob):
            peer.page.evaluate(SPEAK)
        for peer in (ann, bob):
            peer.page.wait_for_function("window.spoken", timeout=2 * PATIENCE_MS)
    assert crowd.sent > 1_000
    for peer in (ann, bob):
        _assert_complete(peer)


def _assert_complete(peer: Peer) -> None:
    arrived = "n => window.events.filter(({ detail }) => detail.type === 'Data').length >= n"
    peer.page.wait_for_function(arrived, arg=2 * MESSAGES, timeout=PATIENCE_MS)
    # The attackers' coming and going is most of what there is to see, and stays in the page.
    seen = peer.page.evaluate(SEEN)
    for sender in ("ann", "bob"):
        assert [data for who, data in seen["messages"] if who == sender] == list(range(MESSAGES))
    assert seen["failures"] == []
    assert seen["troubles"] == []

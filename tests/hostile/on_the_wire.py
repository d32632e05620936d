"""One attack on a server after the other, beside five who must not notice."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from tests.hostile.programs import NICE, program
from tests.hostile.rows import Row
from tests.kit.servers import Server, app
from tests.kit.stores import running_redis

MODES = ("threading", "gevent", "eventlet")
CLUSTER = ("gevent", "eventlet")
"""The modes of its two workers."""
SESSIONS = 500
"""What the store in a process holds, so that it can be filled in seconds."""
OF_THE_CLUSTER = (
    *("squatters", "tokens-of-others", "posts-of-a-foreign-page", "the-host-is-lost-says-one"),
    *("rejoins", "rejoins-on-new-sockets", "candidates", "who-never-reads", "rosters"),
    "answers-that-nobody-reads",
)
"""What two workers may do otherwise than one."""
SETTLING = 1.0
CALM = "calm"


@contextlib.contextmanager
def serving(mode: str, **config: object) -> Iterator[list[Server]]:
    """Run the server of a mode, or the workers of the cluster."""
    with contextlib.ExitStack() as stack:
        flask = {"P2P_JOIN_TIMEOUT": 3, **config}
        chosen: dict[str, Any] = {"most_sessions": SESSIONS}
        modes: tuple[str, ...] = (mode,)
        if mode == "cluster":
            redis = stack.enter_context(running_redis())
            chosen, modes = {"cache": redis.url, "queue": redis.url}, CLUSTER
        # A client's address is what the last proxy says that it is.
        start = [app(each, flask=flask, proxy={}, **chosen) for each in modes]
        yield [stack.enter_context(each) for each in start]


def attacked(mode: str, servers: list[Server], name: str, times: int) -> Row:
    """Run an attack beside five bystanders, and tell what they have noticed."""
    urls, session_id = [server.url for server in servers], token_hex(4)
    with program("tests.hostile.bystanders", json.dumps(urls), session_id) as five:
        epoch = five.hear()["epoch"]
        before = memory(servers)
        five.tell("begin")
        harm, held = None, 0.0
        if name == CALM:
            time.sleep(3)
        else:
            target = json.dumps({"urls": urls, "session_id": session_id, "epoch": epoch})
            module = "tests.hostile.wire_attacks"
            with program(module, name, target, str(times), before=NICE) as attacker:
                said = attacker.hear()
                if "busy" in said:
                    five.tell(f"busy {said['busy']}")
                    said = attacker.hear()
                harm, held = said["harm"], growth(servers, before)
        time.sleep(SETTLING)
        five.tell("end")
        measured = five.hear()
    return Row(name, mode, measured, max(held, growth(servers, before)), harm)


def memory(servers: list[Server]) -> list[float]:
    """Return what each of the servers holds, in mebibytes; 0 where one has ended."""
    return [_resident(server.process.pid) for server in servers]


def growth(servers: list[Server], before: list[float]) -> float:
    """Return by how many mebibytes the one has grown that has grown most."""
    return max(now - then for now, then in zip(memory(servers), before, strict=True))


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0

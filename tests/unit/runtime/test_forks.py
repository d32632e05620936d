"""What a fork takes over, and what it makes anew; each test forks for real."""

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import os, threading, sys
from flask import Flask
from flask_socketio import SocketIO
from flask_p2p_streams import P2PStreams

def in_child(act):
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, repr(act()).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        told = answer.read()
    os.waitpid(pid, 0)
    return eval(told)
"""

STORES = """
from flask_p2p_streams.transport.message_queue import Publisher
from flask_p2p_streams.runtime.deadlines import Deadlines
from flask_p2p_streams.stores.breaker import Breaker

class Server:
    environ = {"of the parent": None}
    manager = None
    def start_background_task(self, target, *arguments):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    sleep = staticmethod(__import__("time").sleep)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BEGIN + program],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_each_process_has_names_of_its_own() -> None:
    program = """
app = Flask("an_app")
app.config["SECRET_KEY"] = "k"
SocketIO(app, async_mode="threading", async_handlers=False, message_queue="redis://127.0.0.1:1")
P2PStreams(app)
state = app.extensions["p2p_streams"]
worker = state.signaling._worker
names = lambda: (worker._entry().id, state.server.manager.host_id)
here, one, two = names(), in_child(names), in_child(names)
print(len({here[0], one[0], two[0]}), len({here[1], one[1], two[1]}), here == names())
"""
    assert run(program) == "3 3 True"


def test_what_waits_for_the_queue_is_said_by_one_process_only() -> None:
    program = """
stalled, said = threading.Event(), []
publisher = Publisher(Server())
publisher.post(stalled.wait)
publisher.post(lambda: said.append("parent"))

def publish():
    publisher.post(lambda: said.append("child"))
    return said

print(in_child(publish))
"""
    # At once, as none of the sockets is the child's; and none of what the parent has to say.
    assert run(STORES + program) == "['child']"


@pytest.mark.parametrize(
    ("made", "lock", "used"),
    [
        ("Publisher(Server())", "_mutex", "thing.post(print)"),
        ("Breaker('')", "_lock", "thing.admits()"),
        ("Deadlines(Server(), 60, print)", "_mutex", "thing.put('a')"),
    ],
)
def test_a_lock_that_another_thread_held_is_free(made: str, lock: str, used: str) -> None:
    program = f"""
thing = {made}
thing.{lock}.acquire()

def use():
    done = threading.Event()
    threading.Thread(target=lambda: ({used}, done.set()), daemon=True).start()
    return done.wait(20)

print(in_child(use))
"""
    assert run(STORES + program) == "True"


def test_a_task_of_the_other_process_is_begun_anew() -> None:
    program = """
act = threading.Event()
deadlines = Deadlines(Server(), 0.05, lambda thing: act.set())
deadlines._sweeping = True

def put():
    deadlines.put("a")
    return act.wait(20)

print(in_child(put))
"""
    assert run(STORES + program) == "True"

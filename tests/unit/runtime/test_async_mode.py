import subprocess
import sys

import pytest

EVENTLET = "import eventlet; eventlet.monkey_patch()"
GEVENT = "from gevent import monkey; monkey.patch_all()"


@pytest.mark.parametrize(
    ("setup", "mode", "problem"),
    [
        ("import redis", "threading", ""),
        ("import redis", "eventlet", "missing"),
        ("import redis", "gevent", "missing"),
        ("import redis", "gevent_uwsgi", "missing"),
        (f"{EVENTLET}\nimport redis", "eventlet", ""),
        (f"{GEVENT}\nimport redis", "gevent", ""),
        (f"import redis\n{EVENTLET}", "eventlet", "late"),
        (f"import redis\n{GEVENT}", "gevent", "late"),
        (EVENTLET, "eventlet", ""),
    ],
)
def test_what_is_wrong_with_the_patch(setup: str, mode: str, problem: str) -> None:
    program = (
        f"{setup}\nfrom flask_p2p_streams.runtime.async_mode import patching_problem\n"
        f"print(patching_problem({mode!r}))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == problem

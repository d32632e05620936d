"""Use an `app.py` as its visitors would: request what it serves, join a session, and leave it.

Run in a folder with that file: `python -m tests.docs.exercise`. It fails with whatever fails
there, and with what the app writes into its log as an error.
"""

import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from flask_p2p_streams.testing import join

sys.path.insert(0, str(Path.cwd()))
module = import_module("app")
app: Any = module.app if hasattr(module, "app") else module.create_app()
ADDRESS = "https://localhost"
errors: list[logging.LogRecord] = []


class _Errors(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        errors.append(record)


def visit() -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<path:filename>", "room.js")
        for name in rule.arguments:
            path = path.replace(f"<{name}>", "ann")
        for method in (rule.methods or set()) & {"GET", "POST"}:
            # As in production: what an app sends to HTTPS would be asked for nothing else.
            answer = client.open(path, ADDRESS, method=method, data={"name": "ann"})
            assert answer.status_code < 500, (path, answer.status)


def meet() -> None:
    for peer in [join(app, "room-1", name) for name in ("ann", "bob")]:
        if peer.is_connected:
            peer.leave()


if __name__ == "__main__":
    logging.getLogger().addHandler(_Errors(logging.ERROR))
    visit()
    meet()
    assert not errors, [record.getMessage() for record in errors]

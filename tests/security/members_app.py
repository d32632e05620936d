"""An app of its own, as Flask-Login and Flask-Talisman change all that an app answers.

`python -m tests.security.members_app MODE PORT` serves it.
"""

import sys

MODE, PORT = sys.argv[1], int(sys.argv[2])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask, Request, g, render_template_string  # noqa: E402
from flask_login import (  # noqa: E402
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from flask_talisman import Talisman  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

RECORDER = Path(__file__).parents[1] / "browsers/chromium" / "static"
PAGE = """<!doctype html>
<title>{{ current_user.id }}</title>
<script type="module" src="{{ url_for('static', filename='recorder.js') }}"></script>
{{ p2p_frame_tag(session_id="members", peer_id=current_user.id) }}
"""

app = Flask(__name__, static_folder=str(RECORDER))
app.config.update(
    SECRET_KEY="a key for tests",
    SESSION_COOKIE_SAMESITE="Lax",
)
Talisman(
    app,
    # The tests are on plain HTTP.
    force_https=False,
    session_cookie_secure=False,
    content_security_policy={
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
    },
    content_security_policy_nonce_in=["script-src"],
)
login_manager = LoginManager(app)
p2p = P2PStreams(app)


class User(UserMixin):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        # As in a database, where it is a whole number.
        self.id = int(name) if name.isdigit() else name


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(name: str) -> User:
    return User(name)


@p2p.authorize
def only_as_oneself(session_id: str, peer_id: str, request: Request) -> bool:
    # What note_visitor() leaves in g shows here neither at a join nor at a renewal.
    return bool("visitor" not in g and current_user.get_id() == peer_id)


@app.before_request
def note_visitor() -> None:
    g.visitor = current_user.get_id()


@app.get("/login/<name>")
def login(name: str) -> str:
    login_user(User(name))
    return name


@app.get("/logout")
def logout() -> str:
    logout_user()
    return "bye"


@app.get("/room")
@login_required  # type: ignore[untyped-decorator]
def room() -> str:
    return render_template_string(PAGE)


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    p2p.socketio.run(app, host="127.0.0.1", port=PORT, **options)

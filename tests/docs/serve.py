"""Serve the `app.py` of a folder, and its templates `block-*.html` at `/_blocks/TEMPLATE/NAME`.

Run in that folder: `python -m tests.docs.serve PORT`.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import render_template
from flask_login import UserMixin
from werkzeug.serving import make_server

sys.path.insert(0, str(Path.cwd()))
app: Any = import_module("app").app


class _User(UserMixin):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        self.id = name


@app.get("/_blocks/<template>/<name>")  # type: ignore[untyped-decorator]
def _block(template: str, name: str) -> str:
    # What a page's app doesn't say itself: who is there.
    known = {"name": name, "current_user": _User(name)}
    if hasattr(app, "login_manager"):
        del known["current_user"]
    return render_template(f"{template}.html", **known)


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()

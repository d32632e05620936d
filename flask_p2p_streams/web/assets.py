"""The client's built files: where they are, and how they are served."""

from pathlib import Path

from flask import Response, current_app, send_from_directory

from ..errors import ConfigurationError

ENTRY = "p2p.js"
PATHS = "p2p-paths.js"
STIMULUS_ENTRY = "p2p-stimulus.js"
STIMULUS = "stimulus.js"
CHECK_SCRIPT = "p2p-check.js"
CHECK_STYLE = "p2p-check.css"
YEAR = 31_536_000
"""Seconds for which a browser may keep a file; its path changes with the version."""

PACKAGE = Path(__file__).parent.parent


def find_client() -> Path:
    """Return the folder of the built client: in the package, or otherwise in the checkout.

    :raises ConfigurationError: if it has not been built.
    """
    for folder in (_installed(), PACKAGE.parent / "static" / "dist"):
        if (folder / ENTRY).is_file():
            return folder
    raise ConfigurationError(
        f"The browser client {ENTRY} is missing. In a checkout, run `make build`; otherwise "
        "install Flask-P2P-Streams again from its wheel, which has the client in it."
    )


class Assets:
    """The paths of the client's files in an app.

    The version is in the path, so that files may be kept for ever and their
    relative imports stay within one version.
    """

    def __init__(self, prefix: str, version: str) -> None:
        self.prefix = prefix
        self.root = f"{prefix}/{version}"

    def path(self, name: str) -> str:
        """Return the path of a file, below the app's own root."""
        return f"{self.root}/{name}"


def serve_client(name: str) -> Response:
    """Serve a file of the client; this is a view."""
    folder = find_client()
    # In a checkout, the client changes while its version stays the same.
    fixed = folder == _installed() and not current_app.debug
    mimetype = "text/javascript" if name.endswith(".js") else None
    response = send_from_directory(folder, name, mimetype=mimetype, max_age=YEAR if fixed else 0)
    if fixed:
        response.cache_control.immutable = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _installed() -> Path:
    return PACKAGE / "static" / "dist"

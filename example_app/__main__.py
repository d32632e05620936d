"""`python -m example_app` serves the example on eventlet and prints its address."""

import warnings

# eventlet's authors advise against it for new projects, and it says so at each import. The docs
# of Flask-P2P-Streams weigh that; somebody who only starts the demo has no use for the warning.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

import eventlet  # noqa: E402

eventlet.monkey_patch()  # Before all other imports, so that nothing keeps the blocking originals.

import argparse  # noqa: E402
import errno  # noqa: E402
import os  # noqa: E402
from typing import Any  # noqa: E402

import eventlet.wsgi  # noqa: E402

from .app import create_app  # noqa: E402


def main() -> None:
    host, port = read_arguments()
    listener = listen(host, port)
    app = create_app(async_mode="eventlet")
    print(f"Open http://{host}:{port} in two tabs. Ctrl+C stops the server.", flush=True)
    eventlet.wsgi.server(listener, app, log_output=False, debug=False)


def read_arguments() -> tuple[str, int]:
    parser = argparse.ArgumentParser(prog="python -m example_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other devices in")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT", 5000))
    arguments = parser.parse_args()
    if not 1 <= arguments.port <= 65535:
        parser.error(f"a port is a number from 1 to 65535, not {arguments.port}")
    return arguments.host, arguments.port


def listen(host: str, port: int) -> Any:
    try:
        # By default eventlet shares a port with whoever listens there already (SO_REUSEPORT).
        return eventlet.listen((host, port), reuse_port=False)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise SystemExit(f"Can't listen on {host}:{port}: {error.strerror}.") from None
        raise SystemExit(
            f"Port {port} is taken by another program. Choose another one:"
            f" python -m example_app --port {port % 65535 + 1}"
        ) from None


if __name__ == "__main__":
    main()

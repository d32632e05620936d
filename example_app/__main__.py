"""`python -m example_app` serves the example on eventlet and prints its address."""

import warnings

# eventlet's authors advise against it for new projects, and it says so at each import. The docs
# of Flask-P2P-Streams weigh that; somebody who only starts the demo has no use for the warning.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

import eventlet  # noqa: E402

eventlet.monkey_patch()  # Before all other imports, so that nothing keeps the blocking originals.

import argparse  # noqa: E402
import os  # noqa: E402
from typing import Any  # noqa: E402

import eventlet.wsgi  # noqa: E402

from .addresses import family, greeting, network_url  # noqa: E402
from .app import create_app  # noqa: E402
from .ports import add_address, why_not  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m example_app", description=__doc__)
    add_address(parser)
    arguments = parser.parse_args()
    listener = listen(arguments.host, arguments.port)
    app = create_app(async_mode="eventlet")
    # One worker of several isn't what people open.
    if "WORKER" not in os.environ:
        app.config["NETWORK_URL"] = network_url(arguments.host, arguments.port)
        print(greeting(arguments.host, arguments.port, "the server"), flush=True)
    eventlet.wsgi.server(listener, app, log_output=False, debug=False)


def listen(host: str, port: int) -> Any:
    try:
        # By default eventlet shares a port with whoever listens there already (SO_REUSEPORT).
        return eventlet.listen((host, port), family(host), reuse_port=False)
    except OSError as error:
        raise SystemExit(why_not(error, host, port, "demo")) from None


if __name__ == "__main__":
    main()

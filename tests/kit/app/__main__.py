"""Serve the app by Flask-SocketIO's own server: `python -m tests.kit.app CONFIG PORT`."""

import json
import logging
import sys
from typing import Any

from tests.kit.app.config import Config
from tests.kit.app.process import prepare

if __name__ == "__main__":
    config = Config(**json.loads(sys.argv[1]))
    prepare(config)

    from tests.kit.app.make import make_app

    app, p2p = make_app(config)
    mode = config.mode or config.patch or "threading"
    assert app.extensions["p2p_streams"].server.async_mode == mode
    if config.log != "DEBUG":
        # It would tell of each request.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if mode == "threading" else {}
    p2p.socketio.run(app, host=config.host, port=int(sys.argv[2]), **options)

"""The app for the server of its user's choice; the environment's CONFIG says how it is made."""

import json
import os

from tests.kit.app.config import Config
from tests.kit.app.process import prepare

config = Config(**json.loads(os.environ.get("CONFIG", "{}")))
prepare(config)

from tests.kit.app.make import make_app  # noqa: E402

app, p2p = make_app(config)

"""The app as a factory, for `flask --app tests.kit.app.factory`."""

import json
import os

from flask import Flask

from tests.kit.app.config import Config
from tests.kit.app.process import prepare


def create_app() -> Flask:
    config = Config(**json.loads(os.environ["CONFIG"]))
    prepare(config)

    from tests.kit.app.make import make_app

    return make_app(config)[0]

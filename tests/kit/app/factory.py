"""The app as a factory, for `flask --app tests.kit.app.factory`."""

import json
import os

from flask import Flask

from tests.kit.app.config import Config
from tests.kit.app.make import make_app


def create_app() -> Flask:
    return make_app(Config(**json.loads(os.environ["CONFIG"])))[0]

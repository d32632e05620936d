"""Plain requests to a server under test."""

import json
from typing import Any
from urllib.request import Request, urlopen

from tests.kit.waiting import PATIENCE


def get(url: str) -> str:
    with urlopen(url, timeout=PATIENCE) as response:
        return str(response.read().decode())


def get_json(url: str) -> Any:
    return json.loads(get(url))


def post(url: str) -> None:
    with urlopen(Request(url, method="POST"), timeout=PATIENCE) as response:
        assert response.status == 200

"""What the process writes: to its log, and, if a test wants that, all that it has written."""

import logging
import sys
from typing import TextIO

from flask import Blueprint

from tests.kit.app.config import Config

FORMAT = "%(levelname)s:%(name)s:%(message)s"
"""As Python's own format, so that a line begins with its level."""


class Overheard:
    """A stream that keeps what passes through it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.heard: list[str] = []

    def write(self, text: str) -> int:
        # First, as click finds out in this way that it takes no bytes.
        count = self._stream.write(text)
        self.heard.append(text)
        return count

    def flush(self) -> None:
        self._stream.flush()


class Tracebacks(logging.Handler):
    """The records of all logs that come with an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or "Traceback" in record.getMessage():
            self.count += 1
            self.last = self.format(record)[-2_000:]


tracebacks = Tracebacks()


def begin(config: Config) -> Overheard | None:
    """Write the log from now on."""
    overheard = None
    if config.overheard:
        sys.stdout = sys.stderr = overheard = Overheard(sys.stderr)
    logging.basicConfig(format=FORMAT, level=config.log, stream=sys.stderr)
    logging.getLogger().addHandler(tracebacks)
    return overheard


def blueprint(overheard: Overheard) -> Blueprint:
    log = Blueprint("log", __name__)

    @log.get("/log")
    def written() -> str:
        return "".join(overheard.heard)

    return log

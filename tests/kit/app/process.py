"""What has to happen to a process before anything of Flask or of the extension is imported."""

import time

from tests.kit.app.config import Config


def prepare(config: Config) -> None:
    """Set the clock, and patch the standard library."""
    if config.clock:
        real_time = time.time
        # Before anything can have taken the function itself.
        time.time = lambda: real_time() + config.clock
    if config.patch == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    elif config.patch == "gevent":
        from gevent import monkey

        monkey.patch_all()

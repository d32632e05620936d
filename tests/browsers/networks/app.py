"""The browser tests' pages, for other computers: `python -m …networks.app MODE PORT`."""

from tests.browsers.chromium import pages_app

if __name__ == "__main__":
    # A server and a page that have lost each other find out within the test.
    engine = pages_app.socketio.server.eio
    engine.ping_interval, engine.ping_timeout = 1, 1
    pages_app.socketio.run(pages_app.app, host="0.0.0.0", port=pages_app.PORT)

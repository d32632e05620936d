"""Serve the tests' app by a program: `python -m tests.server.served_by PROGRAM PORT`."""

import sys
from typing import Any

from tests.kit.app.wsgi import app, p2p


def werkzeug(port: int, **options: Any) -> None:
    app.run("127.0.0.1", port, **options)


def socketio(port: int) -> None:
    is_werkzeug = app.extensions["p2p_streams"].server.async_mode == "threading"
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if is_werkzeug else {}
    p2p.socketio.run(app, host="127.0.0.1", port=port, **options)


def waitress(port: int) -> None:
    from waitress import serve

    serve(app, listen=f"127.0.0.1:{port}")


def cheroot(port: int) -> None:
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), app).start()


def wsgiref(port: int) -> None:
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", port, app).serve_forever()


def gevent(port: int) -> None:
    from gevent.pywsgi import WSGIServer

    WSGIServer(("127.0.0.1", port), app).serve_forever()


def eventlet(port: int) -> None:
    import eventlet as library
    from eventlet import wsgi

    wsgi.server(library.listen(("127.0.0.1", port)), app)


def gunicorn(port: int, **settings: Any) -> None:
    """Serve by a gunicorn of the program's own, as its documentation shows."""
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    class Own(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            given = {"bind": f"127.0.0.1:{port}", "graceful_timeout": 1, **settings}
            for name, value in given.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    Own().run()


def patched_late(port: int) -> None:
    from gevent import monkey

    monkey.patch_all()
    gevent(port)


PROGRAMS = {
    "werkzeug": werkzeug,
    "one thread": lambda port: werkzeug(port, threaded=False),
    "processes": lambda port: werkzeug(port, threaded=False, processes=4),
    "socketio": socketio,
    "waitress": waitress,
    "cheroot": cheroot,
    "wsgiref": wsgiref,
    "gevent": gevent,
    "eventlet": eventlet,
    "patched late": patched_late,
    "own gunicorn": lambda port: gunicorn(port, threads=20),
    "own gunicorn, sync": gunicorn,
    "own gunicorn, one thread": lambda port: gunicorn(port, worker_class="gthread"),
    "own gunicorn, gevent": lambda port: gunicorn(port, worker_class="gevent"),
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](int(sys.argv[2]))

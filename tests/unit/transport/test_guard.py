from flask import Flask

from flask_p2p_streams import P2PStreams


def test_a_packet_of_a_closed_connection_is_dropped() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "k"
    P2PStreams(app)
    server = app.extensions["p2p_streams"].server
    server.eio.handlers["message"]("a connection that was closed", "40/p2p,")
    assert list(server.manager.get_namespaces()) == []

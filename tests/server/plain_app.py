"""The smallest app, for `flask --app tests.server.plain_app run`."""

from flask import Flask

from flask_p2p_streams import P2PStreams

app = Flask(__name__)
app.config["SECRET_KEY"] = "a key for tests"
p2p = P2PStreams(app)


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    return str(app.extensions["p2p_streams"].issuer.token(session_id, peer_id, 60, 600))

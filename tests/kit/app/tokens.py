"""Tokens and seats, good ones and others, for whoever asks: `/token/SESSION/PEER` …"""

import time
from typing import Any

from flask import Blueprint, Flask

from flask_p2p_streams import P2PStreams

HOUR = 3600


def blueprint(app: Flask, p2p: P2PStreams) -> Blueprint:
    tokens = Blueprint("tokens", __name__)
    state: Any = app.extensions["p2p_streams"]

    @tokens.get("/token/<session_id>/<peer_id>")
    def token(session_id: str, peer_id: str) -> str:
        return str(state.issuer.token(session_id, peer_id, 24 * HOUR, HOUR))

    @tokens.get("/expired/<session_id>/<peer_id>")
    def expired(session_id: str, peer_id: str) -> str:
        return str(state.signer.token(session_id, peer_id, -1, HOUR))

    @tokens.get("/seat/<session_id>/<peer_id>/<int:epoch>")
    def seat(session_id: str, peer_id: str, epoch: int) -> str:
        return str(state.signer.seat(session_id, peer_id, epoch))

    @tokens.get("/foreign/<session_id>/<peer_id>")
    def foreign(session_id: str, peer_id: str) -> str:
        """Give a token of another app that has the same key."""
        another = Flask("another_app")
        another.config.update(SECRET_KEY=app.config["SECRET_KEY"])
        P2PStreams(another)
        signer = another.extensions["p2p_streams"].signer
        return str(signer.token(session_id, peer_id, HOUR, HOUR))

    @tokens.get("/early/<session_id>/<peer_id>")
    def early(session_id: str, peer_id: str) -> str:
        """Give a token as a worker whose clock is an hour ahead would."""
        now, state.signer._now = state.signer._now, lambda: time.time() + HOUR
        try:
            return str(state.signer.token(session_id, peer_id, HOUR, HOUR))
        finally:
            state.signer._now = now

    return tokens

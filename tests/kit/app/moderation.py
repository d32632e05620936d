"""Who is in a session, who has come and gone, and what the app decides about them."""

from typing import Any

from flask import Blueprint, Flask

import flask_p2p_streams as signals
from flask_p2p_streams import P2PStreams, SignalingError

NEWS = ("joined", "connected", "left")
BAN = 600.0


def blueprint(app: Flask, p2p: P2PStreams) -> Blueprint:
    moderation = Blueprint("moderation", __name__)
    heard = _listen(app)

    @moderation.get("/heard/<session_id>")
    def heard_of(session_id: str) -> list[list[str]]:
        return [news for session, *news in list(heard) if session == session_id]

    @moderation.get("/session/<session_id>")
    def session(session_id: str) -> dict[str, object]:
        try:
            info = p2p.session(session_id)
        except SignalingError as error:
            # Its store is away; whoever waits for a session asks again.
            return {"error": error.code}
        if info is None:
            return {}
        return {"host": info.host, "epoch": info.epoch, "peers": dict(info.peers)}

    @moderation.post("/<any(kick, ban):action>/<session_id>/<peer_id>")
    def remove(action: str, session_id: str, peer_id: str) -> list[str]:
        p2p.kick(session_id, peer_id, ban_for=BAN if action == "ban" else 0)
        return []

    @moderation.post("/<any(close, lock):action>/<session_id>")
    def end(action: str, session_id: str) -> list[str]:
        getattr(p2p, action)(session_id)
        return []

    return moderation


def _listen(app: Flask) -> list[list[str]]:
    heard: list[list[str]] = []
    # Blinker keeps none of the receivers itself.
    app.extensions["receivers"] = [_note(app, name, heard) for name in NEWS]
    return heard


def _note(app: Flask, name: str, heard: list[list[str]]) -> Any:
    def note(sender: Flask, session_id: str, peer_id: str, **_: object) -> None:
        heard.append([session_id, name, peer_id])

    return getattr(signals, f"peer_{name}").connect(note, app)

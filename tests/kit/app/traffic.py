"""Requests that are counted, where no proxy lets them through; and news without end."""

from typing import Any

from flask import Blueprint, Flask, request

from flask_p2p_streams import P2PStreams


def blueprint(app: Flask, p2p: P2PStreams) -> Blueprint:
    traffic = Blueprint("traffic", __name__)
    visits: list[str] = []
    socketio: Any = p2p.socketio

    @traffic.route("/admin/", methods=["GET", "POST"])
    def admin() -> str:
        visits.append(request.args.get("by", ""))
        return "welcome"

    @traffic.get("/visits")
    def seen() -> list[str]:
        return visits

    @traffic.post("/emit/<kind>/<int:size>/<int:count>")
    def emit(kind: str, size: int, count: int) -> str:
        data: str | bytes = "x" * size if kind == "text" else b"x" * size
        for _ in range(count):
            socketio.emit("news", data, namespace="/own")
        return "done"

    return traffic

"""The example's views: a lobby, and rooms to talk in."""

import os
import secrets
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from flask_p2p_streams import P2PStreams

from .codes import in_page, is_local
from .colours import Colours
from .names import (
    MAX_NAME,
    MAX_ROOM,
    clean_name,
    clean_room,
    is_peer_of,
    new_browser_id,
    new_peer_id,
)
from .scaling import connect_redis, name_worker, trust_proxy
from .security import secure

views = Blueprint("views", __name__)


def create_app(async_mode: str = "threading") -> Flask:
    """Return the example app; async_mode is Flask-SocketIO's: threading, eventlet or gevent."""
    app = Flask(__name__)
    app.config.update(
        # A random key is good for one process and ends all sessions when it stops. Give an app
        # of your own a lasting one, the same for all its workers.
        SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
        SESSION_COOKIE_SAMESITE="Lax",
        NETWORK_URL=os.environ.get("NETWORK_URL", ""),
        P2P_SOCKETIO_OPTIONS={"async_mode": async_mode},
    )
    connect_redis(app)
    p2p = P2PStreams(app)
    trust_proxy(app)
    secure(app)
    name_worker(app, p2p)
    app.extensions["colours"] = Colours(p2p)
    app.register_blueprint(views)
    return app


@views.context_processor
def limits() -> dict[str, int]:
    return {"max_name": MAX_NAME, "max_room": MAX_ROOM}


@views.get("/")
def lobby() -> str:
    return render_lobby(session.get("room", "tea"))


@views.post("/")
def enter() -> ResponseReturnValue:
    name, room = clean_name(request.form.get("name", "")), clean_room(request.form.get("room", ""))
    if not name or not room:
        flash("Please enter your name." if not name else "A room needs a letter or a digit.")
        return redirect(url_for(".lobby"))
    session.permanent = True
    session.update(name=name, room=room)
    return redirect(url_for(".room", room=room))


@views.get("/rooms/<room>")
def room(room: str) -> ResponseReturnValue:
    """Show a room. Without `?peer=…`, which is how the address is shared, give out a peer first."""
    address = clean_room(room)
    if room != address:
        return redirect(url_for(".room", room=address) if address else url_for(".lobby"))
    name = session.get("name")
    if not name:
        return render_lobby(room, is_invited=True)
    browser_id = session.setdefault("browser", new_browser_id())
    # Each tab is a peer of its own: its id stands in the address, so that a reload keeps it, and
    # its random part keeps two people of the same name apart. The session cookie says which ids
    # are this browser's; on any other, an address copied with its peer gets a new one.
    peer_id = request.args.get("peer", "")
    if not is_peer_of(peer_id, browser_id):
        peer_id = new_peer_id(name, browser_id, current_app.extensions["colours"].pick(room))
        return redirect(url_for(".room", room=room, peer=peer_id))
    invitation = invitation_to(room)
    page = render_template(
        "room.html", room=room, peer_id=peer_id, invitation=invitation, code=in_page(invitation)
    )
    # The page holds a token to join with, which a reload renews.
    return page, {"Cache-Control": "no-store"}


def invitation_to(room: str) -> str:
    """Return the address of a room for others, whose devices can't open what means this one."""
    network = current_app.config["NETWORK_URL"]
    if network and is_local(urlsplit(request.host_url).hostname or ""):
        return f"{network}{url_for('.room', room=room)}"
    return url_for(".room", room=room, _external=True)


@views.app_errorhandler(HTTPException)
def fail(error: HTTPException) -> ResponseReturnValue:
    """Show what went wrong as a page of this site, and a way on."""
    return render_template("error.html", error=error), error.code or 500, error.get_headers()


def render_lobby(room: str, is_invited: bool = False) -> str:
    name = session.get("name", "")
    return render_template("lobby.html", name=name, room=room, is_invited=is_invited)

"""Nothing hangs: every attempt to connect ends in `connected` or in a typed error."""

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute

from tests.kit.pages import FRAME, Peer, Room

from .timers import HELD, let_pass

SOON = {"connect_timeout_mls": 1000}
# It ends when the test says so.
LATE_MS = 120_000
LATE = {"connect_timeout_mls": LATE_MS}

# A client that gets no offer asks the server after three seconds whether its host lives.
NO_DOUBT = """
  const begin = window.setTimeout
  window.setTimeout = (run, mls, ...rest) => mls === 3_000 ? 0 : begin(run, mls, ...rest)
"""
JS = "text/javascript"
# An app that doesn't care for errors.
SILENT = """
  import { P2pController } from "p2p"
  export default class extends P2pController {}
"""
NO_WEBRTC = "delete window.RTCPeerConnection"
# A browser that may use relays only, and has none, finds no path.
NO_PATH = """
  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: "relay" }) }
  }
"""


def freeze(peer: Peer) -> None:
    """Stop the page's main thread: its sockets stay open and nothing answers."""
    devtools = peer.page.context.new_cdp_session(peer.page)
    devtools.send("Debugger.enable")
    devtools.send("Debugger.pause")


def test_a_host_that_does_not_answer(room: Room) -> None:
    freeze(room.join("ann"))
    bob = room.open("bob", config=LATE, init_script=HELD + NO_DOUBT)
    bob.page.wait_for_function(f"{FRAME}.hostPeerId === 'ann'")
    let_pass(bob, LATE_MS)
    error = bob.wait_for_error("connect_timeout")
    assert error["retry"] is True
    assert error["hint"]
    bob.wait_for_state("failed")


def test_no_network_path(room: Room) -> None:
    room.join("ann")
    bob = room.open("bob", config=LATE, init_script=HELD + NO_PATH)
    # They have negotiated: what is left then is the path.
    bob.wait_for_state("connecting")
    let_pass(bob, LATE_MS)
    assert "STUN" in bob.wait_for_error("ice_failed")["hint"]
    bob.wait_for_state("failed")


def test_a_server_that_cannot_be_reached(room: Room) -> None:
    context = room.new_context()
    context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    room.open("ann", config=SOON, context=context).wait_for_error("signaling_lost")


def test_a_server_that_never_answers(room: Room) -> None:
    context = room.new_context()
    context.route_web_socket("**/socket.io/**", lambda socket: None)
    ann = room.open("ann", config=SOON, context=context)
    ann.wait_for_error("signaling_lost")
    ann.wait_for_state("failed")


def test_an_expired_token(room: Room) -> None:
    ann = room.open("ann", query="expires_in=0.001")
    assert ann.wait_for_error("token_expired")["retry"] is False
    ann.wait_for_state("failed")


def test_a_browser_without_webrtc(room: Room) -> None:
    ann = room.open("ann", init_script=NO_WEBRTC)
    assert "WebRTC" in ann.wait_for_error("unsupported")["message"]
    ann.wait_for_state("failed")


def test_a_failed_peer_joins_when_asked_again(room: Room) -> None:
    context = room.new_context()
    context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    ann = room.open("ann", config=LATE, init_script=HELD, context=context)
    let_pass(ann, LATE_MS)
    ann.wait_for_state("failed")
    context.unroute_all()
    context.route_web_socket("**/socket.io/**", lambda socket: socket.connect_to_server())
    ann.call("reconnect")
    ann.wait_for_role("host")


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("undefined", "unsupported"),
        ("{ bytes: new Uint8Array(3) }", "unsupported"),
        ("{ sizes: new Map() }", "unsupported"),
        ("(() => { const a = {}; a.a = a; return a })()", "unsupported"),
        ("10n", "unsupported"),
        ("'x'.repeat(300_000)", "too_large"),
    ],
)
def test_data_that_cannot_be_sent(room: Room, expression: str, code: str) -> None:
    ann = room.join("ann")
    sent = f"document.querySelector('p2p-frame').send({expression}).catch((error) => error.code)"
    assert ann.page.evaluate(sent) == code
    ann.send("and on")
    ann.wait_for_messages([("ann", "and on")])


def test_the_largest_message_arrives(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    text = "ä" * 130_000
    bob.send(text)
    for peer in (ann, bob):
        peer.wait_for_messages([("bob", text)])


def test_an_unknown_option_sends_to_nobody(room: Room) -> None:
    ann = room.join("ann")
    sent = "document.querySelector('p2p-frame').send('secret', { too: 'bob' }).catch((e) => e.code)"
    assert ann.page.evaluate(sent) == "bad_request"
    assert ann.messages == []


class Line:
    """The way of a page's WebSockets to the server, on which its token may be spoiled."""

    def __init__(self, context: BrowserContext) -> None:
        self.spoils = False
        self._sockets: list[WebSocketRoute] = []
        context.route_web_socket("**/socket.io/**", self._open)

    def drop(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._sockets.clear()

    def _open(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: server.send(self._passed(message)))
        self._sockets.append(socket)

    def _passed(self, message: str | bytes) -> str | bytes:
        spoils = self.spoils and isinstance(message, str) and message.startswith("40/p2p,")
        return '40/p2p,{"token":"spoiled"}' if spoils else message


def test_a_host_that_the_server_will_not_have_back_leaves_its_clients_to_the_next(
    room: Room,
) -> None:
    context = room.new_context()
    line = Line(context)
    ann, bob = room.join("ann", context=context), room.join("bob")
    bob.send("before")
    line.spoils = True
    line.drop()
    assert ann.wait_for_error("unauthorized")["retry"] is False
    ann.wait_for_state("failed")
    bob.wait_for_role("host")
    cem = room.join("cem").wait_for_role("client")
    bob.send("after")
    cem.wait_for_messages([("bob", "after")])
    bob.wait_for_messages([("bob", "before"), ("bob", "after")])
    assert ann.messages == [("bob", "before")]


def test_a_token_that_something_else_refuses_to_renew_is_told_while_all_goes_on(
    room: Room,
) -> None:
    room.join("ann")
    context = room.new_context()
    context.route("**/p2p/token", lambda route: route.fulfill(status=400, body="No CSRF token."))
    bob = room.open("bob", query="expires_in=3600", init_script=HELD, context=context)
    bob.wait_for_role("client")
    let_pass(bob, 3_600_000 * 0.75)
    error = bob.wait_for_error("unauthorized")
    assert (error["retry"], "CSRF" in error["hint"]) == (True, True)
    bob.send("all the same")
    assert bob.state == "connected"


def test_a_login_that_stands_before_renewals_is_told(room: Room) -> None:
    context = room.new_context()
    led_to = {"Location": f"{room.url}/plain/elsewhere/ann"}
    context.route("**/p2p/token", lambda route: route.fulfill(status=302, headers=led_to))
    ann = room.open("ann", query="expires_in=3600", init_script=HELD, context=context)
    ann.wait_for_role("host")
    let_pass(ann, 3_600_000 * 0.75)
    assert "redirect" in ann.wait_for_error("unauthorized")["message"]


def test_an_error_that_nobody_listens_for_is_in_the_console(room: Room) -> None:
    for template, script in (("plain", "recorder.js"), ("stimulus", "chat_controller.js")):
        context = room.new_context()
        context.route(f"**/{script}", lambda route: route.fulfill(body=SILENT, content_type=JS))
        context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
        with context.expect_console_message(lambda said: "<p2p-frame>" in said.text) as told:
            room.open("ann", template=template, config=SOON, context=context)
        assert told.value.type == "warning"
        assert "signaling_lost: The server can't be reached. Check" in told.value.text


def test_a_network_that_comes_back_revives_a_page_that_had_failed_without_it(room: Room) -> None:
    context = room.new_context()
    ann = room.open("ann", config=LATE, init_script=HELD, context=context)
    ann.wait_for_role("host")
    context.set_offline(True)
    ann.call("reconnect")
    ann.wait_for_state("negotiating")
    let_pass(ann, LATE_MS)
    ann.wait_for_error("signaling_lost")
    ann.wait_for_state("failed")
    context.set_offline(False)
    ann.wait_for_role("host")

"""The server's socket drops under a running session: the session doesn't notice."""

from playwright.sync_api import BrowserContext, WebSocketRoute

from tests.kit.pages import Room

IS_SEATED = "async (id) => (await (await fetch(`/held/${id}`)).json()).includes('ann')"


class Line:
    """The WebSocket between a page and the server, to be cut; `joined`: by which it has joined."""

    def __init__(self, context: BrowserContext) -> None:
        self.count = 0
        self.joined: set[WebSocketRoute] = set()
        context.route_web_socket("**/socket.io/**", self._connect)
        context.expose_function("countJoined", lambda: len(self.joined))

    def _connect(self, page_side: WebSocketRoute) -> None:
        self.count += 1
        server_side = page_side.connect_to_server()
        self.sides = page_side, server_side

        def pass_on(message: str | bytes) -> None:
            if isinstance(message, str) and '["session_ready",' in message:
                self.joined.add(page_side)
            page_side.send(message)

        server_side.on_message(pass_on)

    def cut(self) -> None:
        for side in self.sides:
            side.close()


def test_a_host_takes_its_seat_again(room: Room) -> None:
    context = room.new_context()
    line = Line(context)
    host = room.join("ann", context=context)
    bob = room.join("bob")
    epoch = host.epoch

    line.cut()
    bob.send("without a server")
    host.wait_for_messages([("bob", "without a server")])
    # A newcomer before that waits for the whole grace, as tests/cluster/test_drops.py has it.
    host.page.wait_for_function("async () => await countJoined() === 2")
    bob.page.wait_for_function(IS_SEATED, arg=room.session_id)
    cem = room.join("cem").wait_for_role("client")

    assert line.count == 2
    assert cem.epoch == bob.epoch == host.epoch == epoch
    host.wait_for_peers({"ann": "connected", "bob": "connected", "cem": "connected"})
    assert [event["name"] for event in bob.events].count("negotiating") == 1


def test_a_client_that_keeps_its_socket_stays_connected(room: Room) -> None:
    host = room.join("ann")
    context = room.new_context()
    line = Line(context)
    bob = room.join("bob", context=context, config={"keep_signaling": True})

    line.cut()
    bob.page.wait_for_function("async () => await countJoined() === 2")
    bob.send("still here")
    host.wait_for_messages([("bob", "still here")])
    assert bob.peers == {"ann": "connected", "bob": "connected"}
    assert [event["name"] for event in bob.events].count("negotiating") == 1
    assert {event["name"] for event in bob.events}.isdisjoint({"disconnected", "error"})

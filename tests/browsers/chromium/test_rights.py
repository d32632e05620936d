"""Who may do what: kicking, closing, locking, readers, peers that never host, and time."""

from tests.kit.pages import FRAME, RENEWALS, Peer, Room

from .test_hostile import CHANNELS, send_raw
from .timers import HELD, let_pass, wait_for_timer

HOUR_MS = 3_600_000
# Keeps what the page says to the server.
SAYINGS = """
  const { send } = WebSocket.prototype
  window.said = []
  WebSocket.prototype.send = function (data) {
    window.said.push(data)
    send.call(this, data)
  }
"""
# Speaks before it is connected.
EARLY = """
document.addEventListener("p2p:negotiating", ({ target: frame }) => {
  const said = [
    frame.send("x"),
    frame.send("x", { to: "ann" }),
    frame.request("ann", "t", 1),
    frame.sendFile(new Blob(["x"]), { to: "ann" }).done,
  ]
  window.early = Promise.all(said.map((one) => one.then(() => "sent", ({ code }) => code)))
}, { once: true })
"""


def outcome_of_sending(peer: Peer) -> str:
    sent = f"{FRAME}.send('hello').then(() => 'sent', (error) => error.code)"
    return str(peer.page.evaluate(sent))


def test_a_client_that_is_kicked_is_out_for_all(room: Room) -> None:
    host, bob, cem = room.join("ann"), room.join("bob"), room.join("cem")
    host.wait_for_sockets(1)
    room.moderate("kick", "bob")
    assert bob.wait_for_error("forbidden")["retry"] is False
    bob.wait_for_state("closed")
    for peer in (host, cem):
        peer.wait_for_peers({"ann": "connected", "bob": "disconnected", "cem": "connected"})
    bob.call("reconnect")
    bob.wait_for_state("connected")


def test_a_client_that_is_banned_stays_out(room: Room) -> None:
    room.join("ann")
    bob = room.join("bob")
    room.moderate("ban", "bob")
    bob.wait_for_state("closed")
    bob.call("reconnect")
    bob.wait_for_state("failed")
    again = room.open("bob")
    again.wait_for_error("forbidden")
    again.wait_for_state("failed")


def test_a_host_that_is_kicked_leaves_the_others_to_the_next(room: Room) -> None:
    host, bob, cem = room.join("ann"), room.join("bob"), room.join("cem")
    room.moderate("ban", "ann")
    host.wait_for_error("forbidden")
    host.wait_for_state("closed")
    for peer in (bob, cem):
        peer.wait_for_peers({"bob": "connected", "cem": "connected"})
    bob.send("without her")
    cem.wait_for_messages([("bob", "without her")])


def test_a_session_that_is_closed_is_over_for_its_pages(room: Room) -> None:
    host, bob = room.join("ann"), room.join("bob")
    room.moderate("close")
    for peer in (host, bob):
        peer.wait_for_error("session_expired")
        peer.wait_for_state("closed")
    bob.call("reconnect")
    bob.wait_for_state("failed")
    room.join("cem").wait_for_role("host")


def test_a_locked_session_takes_nobody_new(room: Room) -> None:
    host, bob = room.join("ann"), room.join("bob")
    host.page.wait_for_function(
        """async (session) => {
          const response = await fetch(`/session/${session}`)
          return (await response.json()).peers.bob === "connected"
        }""",
        arg=room.session_id,
    )
    room.moderate("lock")
    cem = room.open("cem")
    cem.wait_for_error("forbidden")
    bob.page.reload()
    bob.wait_for_role("client")


def test_a_reader_reads_and_is_not_heard(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob", query="can_send=0", init_script=CHANNELS)
    cem = room.join("cem")
    assert outcome_of_sending(bob) == "forbidden"
    send_raw(bob, """'{"type": "Data", "id": 1, "data": "smuggled"}'""")
    cem.send("hello")
    for peer in (host, bob, cem):
        peer.wait_for_messages([("cem", "hello")])


def test_what_a_reader_says_before_it_knows_that_it_is_one_is_refused(room: Room) -> None:
    room.join("ann")
    bob = room.join("bob", query="can_send=0", init_script=EARLY)
    assert bob.page.evaluate("window.early") == ["forbidden"] * 4


def test_a_peer_that_may_not_host_waits_for_one_that_may(room: Room) -> None:
    guest = room.open("ann", query="can_host=0")
    room.join("bob").wait_for_role("host")
    guest.wait_for_role("client")


def test_a_session_ends_when_its_time_is_up(room: Room) -> None:
    host, bob = (room.join(name, query="ends_in=3600", init_script=HELD) for name in ("ann", "bob"))
    # The host last, with whom all are over.
    for peer in (bob, host):
        # What is left of the hour since the page was made.
        let_pass(peer, HOUR_MS, HOUR_MS - 60_000)
        peer.wait_for_error("session_expired")
        peer.wait_for_state("closed")


def test_a_token_is_renewed_without_a_reload(room: Room) -> None:
    room.join("ann")
    bob = room.open("bob", query="expires_in=3600", init_script=HELD + SAYINGS + RENEWALS)
    bob.wait_for_role("client")
    tokens = [bob.page.get_attribute("p2p-frame", "token")]
    for count in (1, 2):
        let_pass(bob, HOUR_MS * 0.75)
        bob.page.wait_for_function("count => renewals.length === count", arg=count)
        renewal = bob.page.evaluate("renewals.at(-1)")
        assert renewal["asked"] == {"token": tokens[-1]}
        answer = renewal["answer"]
        assert (answer["ok"], answer["expires_in_ms"]) == (True, HOUR_MS)
        tokens.append(answer["token"])
    assert len(set(tokens)) == 3
    # By then the page has taken the newest, and waits for the next renewal.
    wait_for_timer(bob, HOUR_MS * 0.75)
    bob.page.evaluate("said.length = 0")
    bob.call("reconnect")
    joins = "token => said.some((one) => one.startsWith('40/p2p,') && one.includes(token))"
    bob.page.wait_for_function(joins, arg=tokens[-1])
    bob.wait_for_role("client")

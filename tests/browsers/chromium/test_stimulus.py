"""The Stimulus controller: every callback, and what a subclass reads and says."""

from tests.kit.pages import Room


def test_a_chat_in_a_controller(room: Room) -> None:
    ann = room.join("ann", template="stimulus")
    bob = room.join("bob", template="stimulus")
    plain = room.join("cem")

    bob.page.get_by_role("textbox").fill("hello")
    bob.page.get_by_role("button").click()
    for peer in (ann, bob):
        peer.page.get_by_text("bob: hello").wait_for()
    plain.wait_for_messages([("bob", "hello")])

    ann.page.get_by_text("connected ann ann true").wait_for()
    bob.page.get_by_text("connected bob ann false").wait_for()


def test_every_callback(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob", template="stimulus", config={"auto_reconnect": False})
    host.page.close()
    bob.wait_for_state("disconnected")
    bob.call("reconnect")
    bob.wait_for_role("host")
    bob.call("close")
    bob.wait_for_state("closed")
    bob.page.evaluate("document.querySelector('[data-controller]').remove()")

    calls = bob.page.evaluate("window.calls")
    wanted = ["connect", "connected bob ann false", "disconnected", "error host_lost"]
    wanted += ["negotiating", "host bob", "connected bob bob true", "closed", "disconnect"]
    rest = iter(calls)
    assert all(call in rest for call in wanted), calls


LATE = """() => {
  const [frame, form] = ["p2p-frame", "form"].map((name) => document.querySelector(name))
  window.calls = []
  form.replaceWith(form.cloneNode(true))
  return frame.path
}"""


def test_the_path_is_told_and_how_well_it_carries(room: Room) -> None:
    config = {"heartbeat": {"interval_mls": 500, "idle_timeout_mls": 60_000}}
    ann = room.join("ann", template="stimulus", config=config)
    bob = room.join("bob", template="stimulus", config=config)
    ann.page.get_by_text("path bob direct").wait_for()
    bob.page.get_by_text("path ann direct").wait_for()

    # A controller that starts late is told the present path.
    assert bob.page.evaluate(LATE) == "direct"
    bob.page.wait_for_function("calls.includes('path ann direct')")

    ann.freeze()
    bob.page.get_by_text("quality ann poor").wait_for()
    ann.thaw()
    bob.page.get_by_text("quality ann good").wait_for()
    assert bob.page.evaluate("document.querySelector('p2p-frame').getAttribute('path')") == "direct"


def test_the_controller_that_the_cli_writes_works_as_it_is(room: Room) -> None:
    ann = room.join("ann", template="generated")
    bob = room.join("bob", template="generated")
    bob.page.get_by_role("textbox").fill("as it is")
    bob.page.get_by_role("button").click()
    for peer in (ann, bob):
        peer.page.get_by_text("bob: as it is").wait_for()
    assert bob.page.get_by_role("textbox").input_value() == ""

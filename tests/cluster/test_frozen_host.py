"""The host's page hangs: its socket is open, and it answers nobody."""

from tests.cluster.cluster import Worker
from tests.cluster.pages import Session

# So that silence is noticed soon, and a page that gets no turn for three seconds isn't lost yet.
CONFIG = {"heartbeat": {"interval_mls": 500, "idle_timeout_mls": 5000}}


def test_clients_go_on_without_a_frozen_host_which_joins_them_when_it_thaws(
    eventlet: Worker, gevent: Worker, session: Session
) -> None:
    ann = session.join("ann", eventlet, config=CONFIG)
    bob = session.join("bob", eventlet, config=CONFIG)
    cem = session.join("cem", gevent, config=CONFIG)
    epoch = ann.epoch
    ann.freeze()
    for page in (bob, cem):
        page.page.wait_for_function(_HAS_A_LATER_HOST, arg=epoch)
        page.wait_for_state("connected")
    session.talk("without the host", bob, cem)
    assert bob.epoch == cem.epoch > epoch

    ann.thaw()
    ann.page.wait_for_function(_HAS_A_LATER_HOST, arg=epoch)
    ann.wait_for_role("client")
    session.talk("with all", ann, bob, cem)
    assert ann.epoch == bob.epoch == cem.epoch
    assert {page.host for page in (ann, bob, cem)} in ({"bob"}, {"cem"})


_HAS_A_LATER_HOST = """(epoch) => {
  const frame = document.querySelector("p2p-frame")
  return frame.epoch > epoch && frame.state === "connected"
}"""

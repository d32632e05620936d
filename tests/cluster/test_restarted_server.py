"""The one server of an app is restarted in the middle of a chat; its cache was in the process."""

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Worker
from tests.cluster.logs import complaints
from tests.cluster.pages import Page, Session


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Worker]:
    server = Worker(request.param)
    server.start()
    yield server
    log = server.log
    server.close()
    assert complaints(log) == []


def restart(server: Worker) -> None:
    server.kill()
    server.start()


def assert_one_session(session: Session, old: tuple[Page, Page], newcomer: Page) -> None:
    newcomer.wait_for_role("client")
    assert newcomer.host == "ann"
    session.talk("with a newcomer", *old, newcomer)
    for page in old:
        page.assert_undisturbed()


@pytest.mark.parametrize("server", ["gevent"], indirect=True)
def test_a_newcomer_after_the_host_is_back(server: Worker, session: Session) -> None:
    ann, bob = session.join("ann", server), session.join("bob", server)
    epoch = ann.epoch
    session.begin_to_watch()
    restart(server)
    session.talk("without a server", ann, bob)
    server.wait_for_peers(session.id, "ann")
    dan = session.open("dan", server)
    assert_one_session(session, (ann, bob), dan)
    assert ann.epoch == bob.epoch == dan.epoch == epoch


@pytest.mark.parametrize("server", ["threading"], indirect=True)
def test_a_newcomer_before_the_host_is_back(server: Worker, session: Session) -> None:
    ann, bob = session.join("ann", server), session.join("bob", server)
    session.begin_to_watch()
    ann.front.turn()
    restart(server)
    # The server knows nothing, and takes the newcomer for the first.
    dan = session.join("dan", server)
    ann.front.turn(server)
    assert_one_session(session, (ann, bob), dan)
    eve = session.join("eve", server)
    assert eve.host == "ann"

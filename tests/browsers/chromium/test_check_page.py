"""The page that says why it doesn't connect: with a real TURN server, and with what goes wrong."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.kit.servers import app, running
from tests.kit.turn import SECRET, TurnServer, running_turn

from .axe import expect_no_violations

PATH = "/p2p/check"
# Long enough for a browser that gets no answer by UDP on a busy machine.
TIMEOUT_MS = 90_000
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def coturn() -> Iterator[TurnServer]:
    with running_turn() as server:
        yield server


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """The address of a site without any ICE servers."""
    with site() as url:
        yield url


@contextmanager
def site(**config: Any) -> Iterator[str]:
    with app("threading", flask={"P2P_CHECK_PAGE": True, **config}) as server:
        yield server.url
        assert "Traceback" not in server.log


def with_turn(server: TurnServer, *transports: str, secret: str = SECRET) -> dict[str, Any]:
    urls = [server.url(transport) for transport in transports]
    return {"P2P_TURN_URLS": urls, "P2P_TURN_SECRET": secret}


def stun(server: TurnServer) -> dict[str, Any]:
    return {"P2P_ICE_SERVERS": [{"urls": f"stun:{server.host}:{server.port}"}]}


class Checked:
    """The page when all checks are done."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.said: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{url}{PATH}")
        page.wait_for_selector("#report:not([hidden])", timeout=TIMEOUT_MS)

    def _hear(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    @property
    def level(self) -> str | None:
        return self.page.get_attribute("#verdict", "data-level")

    @property
    def headline(self) -> str:
        return self.page.inner_text("#headline")

    @property
    def states(self) -> dict[str, str]:
        rows = self.page.query_selector_all("#checks > li")
        return {
            str(row.get_attribute("id")).removeprefix("check-"): str(
                row.get_attribute("data-state")
            )
            for row in rows
        }

    def text(self, check: str) -> str:
        return self.page.inner_text(f"#check-{check}")

    @property
    def report(self) -> str:
        return self.page.input_value("#text")


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


# What may come of it


def test_all_is_fine(page: Page, coturn: TurnServer) -> None:
    with site(**stun(coturn), **with_turn(coturn, "udp", "tcp")) as url:
        checked = Checked(page, url)
        assert checked.states == {
            "socket": "good",
            "direct": "good",
            "stun-1": "good",
            "turn-1": "good",
            "turn-2": "good",
            "relay": "good",
        }
        assert (checked.level, checked.headline) == ("direct", "You can take part directly.")
        assert checked.said == []
        assert page.inner_text("#advice").startswith("Nothing to do")
        for check in ("socket", "direct", "stun-1", "turn-1", "turn-2", "relay"):
            assert " ms" in checked.text(check)
        expect_no_violations(page, "all is fine")
        assert coturn.host not in checked.report
        credential = page.evaluate("JSON.parse(data.textContent).ice_servers.at(-1).credential")
        assert credential
        assert credential not in checked.report


def test_without_turn(page: Page, plain: str) -> None:
    checked = Checked(page, plain)
    assert checked.level == "server"
    assert checked.states["relay"] == "good"
    assert (
        "This site has no TURN server: people behind strict routers talk over the app's server."
        in checked.text("turn")
    )
    assert "Set P2P_TURN_URLS" in page.inner_text("#advice")


def test_another_turn_secret(page: Page, coturn: TurnServer) -> None:
    with site(**with_turn(coturn, "udp", "tcp", secret="not coturn's")) as url:
        checked = Checked(page, url)
        for check in ("turn-1", "turn-2"):
            assert checked.states[check] == "bad"
            assert "It refuses this site's credentials (error 401)." in checked.text(check)
        assert checked.level == "server"
        assert "P2P_TURN_SECRET" in checked.report
        assert "not coturn's" not in page.content()


def test_no_udp(page: Page) -> None:
    with (
        running_turn(options=("--no-udp",)) as server,
        site(**stun(server), **with_turn(server, "udp", "tcp")) as url,
    ):
        checked = Checked(page, url)
        assert checked.states["turn-2"] == "good"
        assert checked.level == "relay"
        for check in ("stun-1", "turn-1"):
            assert checked.states[check] == "bad"
            assert "Your network lets no UDP through." in checked.text(check)
            assert "TURN server over TCP, so you can take part." in checked.text(check)


def test_a_server_that_relays_nothing(page: Page) -> None:
    with site(P2P_RELAY="off") as url:
        checked = Checked(page, url)
        assert checked.level == "near"
        assert checked.states["relay"] == "off"
        assert "lets nobody talk over its server" in checked.text("relay")


def test_a_proxy_that_refuses_websockets(page: Page, plain: str) -> None:
    with proxy_before(plain) as url:
        checked = Checked(page, url)
        assert checked.level == "none"
        assert checked.states["socket"] == "bad"
        assert checked.states["direct"] == "good"
        assert "a proxy stands between" in checked.text("socket")
        assert "Not tried" in checked.text("relay")


def test_long_polling_through_such_a_proxy(page: Page) -> None:
    polling = {"P2P_TRANSPORTS": ["websocket", "polling"]}
    with site(**polling) as straight, proxy_before(straight) as url:
        checked = Checked(page, url)
        assert checked.states["socket"] == "poor"
        assert "long polling" in checked.text("socket")
        assert checked.states["relay"] == "good"
        assert checked.level == "server"


def test_a_browser_without_webrtc(page: Page, plain: str) -> None:
    page.add_init_script("delete window.RTCPeerConnection")
    checked = Checked(page, plain)
    assert checked.level == "server"
    assert "This browser has no WebRTC." in checked.text("direct")


# Policies


@pytest.mark.parametrize("source", ["'self'", "'nonce-NONCE'"])
def test_a_strict_policy(page: Page, coturn: TurnServer, source: str) -> None:
    policy = f"default-src 'none'; script-src {source}; style-src {source}; connect-src 'self'"
    with under(policy, **with_turn(coturn, "udp")) as url:
        checked = Checked(page, url)
        assert set(checked.states.values()) == {"good", "off"}
        assert checked.level == "direct"
        assert checked.said == []
        # The style has come, too.
        assert page.eval_on_selector("main", "main => getComputedStyle(main).display") == "grid"


def test_a_policy_that_forbids_the_websocket(page: Page) -> None:
    policy = "default-src 'none'; script-src 'self'; style-src 'self'"
    with under(policy) as url:
        checked = Checked(page, url)
        assert checked.level == "none"
        assert "Content-Security-Policy forbids" in checked.text("socket")


@contextmanager
def under(policy: str, **config: Any) -> Iterator[str]:
    chosen = {"policy": policy, "P2P_CHECK_PAGE": True, **config}
    with running("tests.browsers.chromium.policy_app", json.dumps(chosen)) as server:
        yield server.url


# For people


def test_the_report_is_copied(context: BrowserContext, page: Page, plain: str) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    checked = Checked(page, plain)
    page.focus("#copy")
    page.keyboard.press("Enter")
    page.wait_for_selector("#copied:text('Copied.')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r\n", "\n") == checked.report
    assert "You can take part over this site's server." in copied
    assert "127.0.0.1" not in copied


def test_a_browser_that_copies_nothing_marks_the_text(page: Page, plain: str) -> None:
    page.add_init_script("delete Navigator.prototype.clipboard")
    checked = Checked(page, plain)
    page.click("#copy")
    page.wait_for_selector("#copied:text('marked')")
    assert page.evaluate("String(getSelection())") == checked.report
    assert page.evaluate("document.activeElement.id") == "text"


def test_it_is_tried_again(page: Page, plain: str) -> None:
    Checked(page, plain)
    page.evaluate("window.isOld = true")
    page.click("#again")
    page.wait_for_function("!window.isOld && !document.getElementById('report').hidden")
    assert page.get_attribute("#verdict", "data-level") == "server"


def test_on_a_phone(browser: Browser, coturn: TurnServer) -> None:
    with (
        site(**stun(coturn), **with_turn(coturn, "udp", secret="another")) as url,
        browser.new_context(viewport=PHONE, has_touch=True) as context,  # type: ignore[arg-type]
    ):
        page = context.new_page()
        Checked(page, url)
        page.click("summary")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        expect_no_violations(page, "on a phone")


def test_readers_of_the_screen_are_told_the_verdict(page: Page, plain: str) -> None:
    Checked(page, plain)
    status = page.get_by_role("status").first
    assert "You can take part over this site's server." in status.inner_text()
    assert not page.get_by_role("progressbar").is_visible()


# The proxy


@contextmanager
def proxy_before(url: str) -> Iterator[str]:
    """Run a proxy that passes on what is asked for, and no header, so that nothing is upgraded."""
    target = url.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(target)
            connection.request(self.command, self.path, sent)
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

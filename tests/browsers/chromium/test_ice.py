"""What the server takes for an ICE server, the browser takes too."""

from playwright.sync_api import Browser

from flask_p2p_streams.ice.servers import MAX_USERNAME_BYTES
from tests.kit.ice import GOOD_URLS, REFUSED_BY_CHROMIUM

LONGEST = "u" * MAX_USERNAME_BYTES
USERS = [("u", "c"), (LONGEST, "c"), ("", "c"), ("u", ""), (f"{LONGEST}uu", "c")]

TRY = """servers => servers.filter(server => {
  try {
    new RTCPeerConnection({ iceServers: [server] }).close()
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
})"""


def server(url: str, username: str = "u", credential: str = "c") -> dict[str, str]:
    return {"urls": url, "username": username, "credential": credential}


def tried(browser: Browser, servers: list[dict[str, str]]) -> list[dict[str, str]]:
    page = browser.new_page()
    try:
        found: list[dict[str, str]] = page.evaluate(TRY, servers)
    finally:
        page.close()
    return found


def taken(browser: Browser, urls: list[str]) -> list[str]:
    return [each["urls"] for each in tried(browser, [server(url) for url in urls])]


def test_no_url_that_the_server_takes_is_refused_by_the_browser(browser: Browser) -> None:
    assert taken(browser, GOOD_URLS) == GOOD_URLS


def test_what_the_browser_refuses_is_known(browser: Browser) -> None:
    # Each of them is refused by the server as well: see tests/unit/ice/test_servers.py.
    assert taken(browser, REFUSED_BY_CHROMIUM) == []


def test_users_that_the_browser_refuses_are_known(browser: Browser) -> None:
    servers = [server("turn:t.example", *user) for user in USERS]
    assert tried(browser, servers) == servers[:2]

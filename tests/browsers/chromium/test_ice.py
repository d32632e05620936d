"""What the server takes for an ICE URL, the browser takes too."""

from playwright.sync_api import Browser

from tests.kit.ice import GOOD_URLS, REFUSED_BY_CHROMIUM

TRY = """urls => urls.filter(url => {
  try {
    new RTCPeerConnection({ iceServers: [{ urls: [url], username: "u", credential: "c" }] }).close()
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
})"""


def taken(browser: Browser, urls: list[str]) -> list[str]:
    page = browser.new_page()
    try:
        found: list[str] = page.evaluate(TRY, urls)
    finally:
        page.close()
    return found


def test_no_url_that_the_server_takes_is_refused_by_the_browser(browser: Browser) -> None:
    assert taken(browser, GOOD_URLS) == GOOD_URLS


def test_what_the_browser_refuses_is_known(browser: Browser) -> None:
    # Each of them is refused by the server as well: see tests/unit/ice/test_servers.py.
    assert taken(browser, REFUSED_BY_CHROMIUM) == []

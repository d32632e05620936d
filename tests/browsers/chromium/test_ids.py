"""Ids in a page: what HTML makes of each character, and who joins by them."""

import pytest
from markupsafe import escape

from flask_p2p_streams.protocol.fields import id_problem
from tests.kit.pages import Room

HIGHEST = 0x10FFFF
PART = 4_096
# Each character stands between two letters, in attributes of some thousand of them.
CHANGED = """() => {
  const changed = []
  for (const { title, dataset } of document.querySelectorAll("i")) {
    let at = 0
    for (let code = Number(dataset.first); code < Number(dataset.end); code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const wanted = `a${String.fromCodePoint(code)}b`
      if (title.slice(at, at + wanted.length) !== wanted) changed.push(code)
      at += wanted.length
    }
    if (at !== title.length) changed.push(`the length at ${dataset.first}`)
  }
  return changed
}"""
ODD_IDS = [
    " ann ",
    "\n",
    "\t\nann\x0c",
    "\ufeffann",
    "&#13;",
    "&#0;",
    "&amp;nbsp",
    "\x01\x1f\x7f\x85",
    "\u2028\u2029",
    "\ufdd0\ufffe\U0010ffff",
    "'\"<>`=",
]


def test_just_those_characters_are_refused_that_html_makes_others_of(room: Room) -> None:
    page = room.new_context().new_page()
    body = "<!doctype html>\n" + "".join(map(_element, range(0, HIGHEST + 1, PART)))
    page.route(
        "**/characters",
        lambda route: route.fulfill(
            body=body.encode(), content_type="text/html; charset=utf-8", status=200
        ),
    )
    page.goto("http://127.0.0.1/characters")
    assert page.locator("i").count() == (HIGHEST + 1) // PART
    changed = set(page.evaluate(CHANGED))
    refused = {code for code in _characters(0, HIGHEST + 1) if id_problem(f"a{chr(code)}b")}
    assert changed == refused == {0x00, 0x0D}


@pytest.mark.parametrize("peer_id", ODD_IDS, ids=ascii)
def test_whoever_joins_by_an_odd_id_knows_itself(room: Room, peer_id: str) -> None:
    host = room.join(peer_id)
    assert host.page.evaluate("document.querySelector('p2p-frame').peerId") == peer_id
    assert host.page.evaluate("document.querySelector('p2p-frame').iamHost")
    client = room.join(f"{peer_id}.")
    client.send("to all")
    host.wait_for_messages([(f"{peer_id}.", "to all")])
    client.page.evaluate(
        "(to) => document.querySelector('p2p-frame').send('to one', { to })", peer_id
    )
    host.wait_for_messages([(f"{peer_id}.", "to all"), (f"{peer_id}.", "to one")])


def _element(first: int) -> str:
    end = min(first + PART, HIGHEST + 1)
    text = "".join(f"a{chr(code)}b" for code in _characters(first, end))
    return f'<i data-first="{first}" data-end="{end}" title="{escape(text)}"></i>'


def _characters(first: int, end: int) -> "list[int]":
    return [code for code in range(first, end) if not 0xD800 <= code <= 0xDFFF]

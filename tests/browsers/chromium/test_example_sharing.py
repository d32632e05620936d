"""What people share in the example app besides words: a board, and files."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.kit.servers import running
from tests.kit.waiting import until

from .chat import enter, say

# Where something is drawn on a canvas: left, top, right and bottom as shares of its size, or null.
BOUNDS = """canvas => {
  const { width, height } = canvas
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height)
  const [xs, ys] = [[], []]
  for (let at = 0; at < width * height; at += 1) if (data[4 * at + 3] > 127) {
    xs.push(at % width)
    ys.push(Math.floor(at / width))
  }
  const least = (list) => list.reduce((one, other) => Math.min(one, other))
  const most = (list) => list.reduce((one, other) => Math.max(one, other))
  return xs.length && [least(xs) / width, least(ys) / height, most(xs) / width, most(ys) / height]
}"""

# A drop as the browser reports it, of one file.
DROP = """([name, text]) => {
  const data = new DataTransfer()
  data.items.add(new File([text], name))
  return data
}"""

KIND = """async () => {
  const { harmless } = await import("/static/pictures.js")
  return harmless(new Blob([""], { type: "text/html" })).type
}"""

NONSENSE = """async () => {
  const frame = document.querySelector("p2p-frame")
  const stroke = { id: 1, colour: "ink", width: 4, points: [1, 2] }
  const bad = [null, 1, "x", {}, { ...stroke, points: "x" }, { ...stroke, points: [1, "2"] },
    { ...stroke, points: [1] }, { ...stroke, colour: "<b>" }, { ...stroke, width: 1e9 }]
  for (const data of bad) {
    await frame.send(data, { topic: "stroke" })
    for (const topic of ["preview", "cursor"]) await frame.send(data, { topic, reliable: false })
  }
  await frame.send({ ...stroke, from: 1e9 }, { topic: "preview", reliable: false })
  for (const data of [null, { kind: "chat" }, { kind: "chat", text: 1 }]) await frame.send(data)
  await frame.send({ kind: "chat", text: "from the past", at: -9e15 })
}"""

LINE = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.5)]


class Pair(NamedTuple):
    context: BrowserContext
    address: str
    ada: Page
    ben: Page

    def enter(self, name: str) -> Page:
        return enter(self.context, self.address, name, "studio")


@pytest.fixture(scope="module")
def pair(browser: Browser) -> Iterator[Pair]:
    """Two people in a room, for all tests: joining takes longer than most of them."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    with running("example_app", "--port") as server:
        ada, ben = (enter(context, server.url, name, "studio") for name in ("Ada", "Ben"))
        for page in (ada, ben):
            expect(page.locator(".people .person[data-state=connected]")).to_have_count(2)
        yield Pair(context, server.url, ada, ben)
    context.close()


def give(page: Page, name: str, kind: str, content: bytes) -> None:
    chooser = page.locator("[data-files-target=chooser]")
    chooser.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def row(page: Page, name: str) -> Locator:
    return page.locator(".file").filter(has_text=name)


def press(row: Locator, control: str) -> None:
    row.get_by_role("button", name=control).click()


def picture(width: int, height: int) -> bytes:
    """Return a blue PNG."""
    line = b"\0" + b"\x20\x40\xc0" * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(line * height), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )


def test_a_file_arrives_byte_for_byte(pair: Pair) -> None:
    content = bytes(range(256)) * 1200
    give(pair.ben, "<b>notes.bin", "text/html", content)
    theirs = row(pair.ada, "<b>notes.bin")
    expect(theirs).to_contain_text("307 kB from Ben")
    press(theirs, "Accept")
    with pair.ada.expect_download() as download:
        theirs.get_by_role("link", name="Save").click()
    assert download.value.path().read_bytes() == content
    expect(row(pair.ben, "notes")).to_contain_text("Done.")
    # A link to what it says it is could be opened as a page of this site.
    assert pair.ada.evaluate(KIND) == "application/octet-stream"


def test_a_file_is_declined_and_an_empty_one_arrives(pair: Pair) -> None:
    give(pair.ada, "dull.txt", "text/plain", b"dull")
    give(pair.ada, "empty.txt", "text/plain", b"")
    press(row(pair.ben, "dull.txt"), "Decline")
    expect(row(pair.ada, "dull.txt")).to_contain_text("The file was not accepted.")
    expect(row(pair.ben, "dull.txt")).to_have_count(0)
    press(row(pair.ben, "empty.txt"), "Accept")
    expect(row(pair.ben, "empty.txt")).to_contain_text("Done.")
    press(row(pair.ada, "dull.txt"), "Remove")
    expect(row(pair.ada, "dull.txt")).to_have_count(0)


def test_pictures_show_themselves_and_what_only_says_so_does_not(pair: Pair) -> None:
    give(pair.ada, "liar.png", "image/png", b"<script>alert(1)</script>")
    expect(row(pair.ben, "liar.png")).to_contain_text("Done.")
    give(pair.ada, "sea.png", "image/png", picture(40, 30))
    for page in (pair.ada, pair.ben):
        image = page.locator(".chat .picture img")
        expect(image).to_have_js_property("naturalWidth", 40)
        expect(row(page, "sea.png").locator("img")).to_have_js_property("naturalWidth", 40)
        expect(row(page, "liar.png").locator("img")).to_have_count(0)
    give(pair.ada, "drawing.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    press(row(pair.ben, "drawing.svg"), "Decline")


def test_a_file_dropped_on_a_person_goes_to_nobody_else(pair: Pair) -> None:
    mei = pair.enter("Mei")
    data = pair.ada.evaluate_handle(DROP, ["secret.txt", "for Ben"])
    ben = pair.ada.locator(".person").filter(has_text="Ben")
    ben.dispatch_event("dragover", {"dataTransfer": data})
    expect(ben).to_have_attribute("data-drop", "")
    ben.dispatch_event("drop", {"dataTransfer": data})
    expect(row(pair.ada, "secret.txt")).to_contain_text("to Ben")
    press(row(pair.ben, "secret.txt"), "Accept")
    expect(row(pair.ada, "secret.txt")).to_contain_text("Done.")
    expect(mei.locator(".file")).to_have_count(0)
    with pair.ada.expect_file_chooser() as chooser:
        pair.ada.get_by_role("button", name="Send Mei files").click()
    chooser.value.set_files({"name": "mei.txt", "mimeType": "text/plain", "buffer": b"for Mei"})
    press(row(mei, "mei.txt"), "Decline")
    expect(row(pair.ben, "mei.txt")).to_have_count(0)
    mei.close()


def test_a_file_that_waits_says_whom_for(pair: Pair) -> None:
    mei = pair.enter("Mei")
    expect(pair.ada.locator(".people .person[data-state=connected]")).to_have_count(3)
    give(pair.ada, "plan.txt", "text/plain", b"for both")
    expect(row(pair.ada, "plan.txt")).to_contain_text("to Ben and Mei")
    expect(row(mei, "plan.txt")).to_contain_text("from Ada")
    mei.close()
    expect(row(pair.ada, "plan.txt")).to_contain_text("to Ben")
    expect(row(pair.ada, "plan.txt")).not_to_contain_text("Mei")
    press(row(pair.ben, "plan.txt"), "Decline")


def draw(page: Page, points: list[tuple[float, float]], *, begins: bool = True) -> None:
    box = page.locator(".paper").bounding_box()
    assert box
    for index, (x, y) in enumerate(points):
        place = box["x"] + x * box["width"], box["y"] + y * box["height"]
        page.mouse.move(*place, steps=5)
        if begins and index == 0:
            page.mouse.down()


def bounds(page: Page, canvas: str) -> Any:
    return page.locator(f"canvas[data-board-target={canvas}]").evaluate(BOUNDS)


def wait_for_drawing(page: Page, canvas: str = "dry", some: bool = True) -> None:
    selector = f"canvas[data-board-target={canvas}]"
    script = f"([selector, some]) => Boolean(({BOUNDS})(document.querySelector(selector))) === some"
    page.wait_for_function(script, arg=[selector, some])


def test_what_one_draws_everybody_sees_and_who_comes_later_too(pair: Pair) -> None:
    say(pair.ada, "Look at the board")
    expect(pair.ben.get_by_text("Look at the board", exact=True)).to_be_visible()
    said = pair.ben.locator(".message").count()

    draw(pair.ada, LINE)
    # Previews may be lost, but not all of them.
    until(
        lambda: bounds(pair.ben, "wet"),
        "No preview is shown.",
        meanwhile=lambda: draw(pair.ada, LINE[1:], begins=False),
    )
    pair.ada.mouse.up()
    wait_for_drawing(pair.ben)
    wait_for_drawing(pair.ben, "wet", some=False)
    mei = pair.enter("Mei")
    for page in (pair.ada, pair.ben, mei):
        wait_for_drawing(page)
        assert bounds(page, "dry") == pytest.approx([0.25, 0.25, 0.75, 0.5], abs=0.01)
    expect(mei.get_by_text("Said before you came:")).to_be_visible()
    expect(mei.locator(".message.earlier").filter(has_text="Look at the board")).to_be_visible()
    assert pair.ben.locator(".message").count() == said

    pair.ben.get_by_role("button", name="Clear").click()
    for page in (pair.ada, pair.ben, mei):
        wait_for_drawing(page, some=False)
    expect(mei.get_by_text("Ben cleared the board.")).to_be_visible()
    mei.close()


def test_what_makes_no_sense_is_passed_over(pair: Pair) -> None:
    errors: list[Any] = []
    pair.ada.on("pageerror", lambda error: errors.append(error))
    pair.ben.evaluate(NONSENSE)
    say(pair.ben, "Good bye, nonsense")
    expect(pair.ada.get_by_text("Good bye, nonsense", exact=True)).to_be_visible()
    expect(pair.ada.get_by_text("from the past", exact=True)).to_be_visible()
    assert not bounds(pair.ada, "dry")
    assert errors == []


def test_a_pointer_shows_with_its_name_and_goes_with_its_person(pair: Pair) -> None:
    zoe = pair.enter("Zoë")
    expect(zoe.locator(".people .person[data-state=connected]")).to_have_count(3)
    cursor = pair.ada.locator(".cursor").filter(has_text="Zoë")

    def is_in_the_middle() -> bool:
        places = cursor.evaluate_all("all => all.map(({ style }) => [style.left, style.top])")
        return bool(places == [["50%", "50%"]])

    def point() -> None:
        # A place may be lost: she moves a little, and back.
        zoe.locator(".paper").hover(position={"x": 9, "y": 9})
        zoe.locator(".paper").hover()
        zoe.wait_for_timeout(100)

    until(is_in_the_middle, "It isn't in the middle.", meanwhile=point)
    expect(cursor).to_be_visible()
    expect(zoe.locator(".cursor").filter(has_text="Zoë")).to_have_count(0)
    zoe.locator(".people").hover()
    expect(cursor).to_have_class("cursor idle")
    zoe.close()
    expect(cursor).to_have_count(0)

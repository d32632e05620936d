"""What the README and the docs say of their examples, beyond that these run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from .blocks import Block, blocks_of
from .reader import address_of, browsing_at
from .tabs import Tab, served, tabs

Tabs = dict[str, Tab]


def page_of(path: str, number: int) -> Block:
    return [each for each in blocks_of(path) if each.is_template][number]


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, browser: Browser, tmp_path: Path
) -> "Iterator[Tabs]":
    block = page_of(*request.param)
    browsing_at(block).write_to(tmp_path)
    with served(tmp_path) as url, tabs(browser, url + address_of(block)) as opened:
        yield opened


@pytest.mark.parametrize("opened", [("README.md", 0)], indirect=True)
def test_the_readmes_field_sends_once_and_is_cleared(opened: "Tabs") -> None:
    ann, bob = opened["ann"].page, opened["bob"].page
    field = bob.get_by_role("textbox")
    field.fill("hello")
    field.press("Enter")
    expect(ann.get_by_text("bob: hello")).to_be_visible()
    expect(field).to_have_value("")
    field.fill("not yet said")
    field.blur()
    field.fill("done")
    field.press("Enter")
    expect(ann.get_by_text("bob: done")).to_be_visible()
    expect(ann.get_by_text("not yet said")).to_have_count(0)


@pytest.mark.parametrize("opened", [("docs/files.md", 0)], indirect=True)
def test_a_file_that_is_chosen_can_be_saved_by_the_other(opened: "Tabs") -> None:
    for name, wanted in (("ann", "#cancel"), ("bob", "#link")):
        for block in blocks_of("docs/files.md"):
            is_wanted = block.language == "js" and wanted in block.text
            if is_wanted or "(selector) =>" in block.text:
                assert opened[name].type(block.text) is None
    chosen: FilePayload = {"name": "hello.txt", "mimeType": "text/plain", "buffer": b"hello"}
    opened["ann"].page.set_input_files("input[type=file]", chosen)
    expect(opened["ann"].page.get_by_text("It is there.")).to_be_visible()
    with opened["bob"].page.expect_download() as saved:
        opened["bob"].page.click("#link")
    assert Path(saved.value.path()).read_bytes() == b"hello"
    assert saved.value.suggested_filename == "hello.txt"


@pytest.mark.parametrize("opened", [("docs/stimulus.md", 0)], indirect=True)
def test_the_controller_says_who_hosts_and_shows_what_is_said(opened: "Tabs") -> None:
    ann, bob = opened["ann"].page, opened["bob"].page
    expect(bob.get_by_text("ann hosts this room.")).to_be_visible()
    bob.get_by_role("textbox").fill("hello")
    bob.get_by_role("button").click()
    expect(ann.get_by_text("bob: hello")).to_be_visible()
    expect(bob.get_by_text("I: hello")).to_be_visible()
    expect(bob.get_by_role("textbox")).to_have_value("")


APP = """
from flask import Flask, render_template_string
from flask_p2p_streams import P2PStreams

app = Flask(__name__)
app.config["SECRET_KEY"] = "change-me"
p2p = P2PStreams(app)


@app.after_request
def set_policy(response):
    response.headers["Content-Security-Policy"] = POLICY
    return response


@app.get("/<name>")
def room(name):
    return render_template_string("{{ p2p_frame_tag(session_id='r', peer_id=name) }}", name=name)
"""
IMPORT = """import("p2p/frame").then(() => "loaded", () => "unknown")"""


@pytest.mark.parametrize("policy", ["default-src 'self'", "script-src 'self'"])
def test_without_a_nonce_frames_connect_and_specifiers_are_unknown(
    policy: str, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(f'POLICY = "{policy}"\n{APP}', "utf-8")
    with served(tmp_path) as url, tabs(browser, url) as opened:
        for tab in opened.values():
            assert any("Content Security Policy" in error for error in tab.errors)
            assert tab.page.evaluate(IMPORT) == "unknown"


def test_a_nonce_that_the_extension_does_not_find_keeps_the_client_out(
    browser: Browser, tmp_path: Path
) -> None:
    policy = "script-src 'nonce-abc' 'strict-dynamic'"
    (tmp_path / "app.py").write_text(f'POLICY = "{policy}"\n{APP}', "utf-8")
    with served(tmp_path) as url:
        context = browser.new_context()
        tab = Tab(context, f"{url}/ann")
        assert tab.page.evaluate("customElements.get('p2p-frame') === undefined")
        assert tab.page.get_attribute("p2p-frame", "state") is None
        assert len([each for each in tab.errors if "Content Security Policy" in each]) == 2
        context.close()

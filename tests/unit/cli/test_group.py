from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from flask_p2p_streams.web import assets

CALLBACKS = [
    "p2pNegotiating",
    "p2pConnecting",
    "p2pConnected",
    "p2pDisconnected",
    "p2pClosed",
    "p2pError",
    "p2pHostChanged",
    "p2pPathChanged",
    "p2pQualityChanged",
    "p2pReceivedMessage",
    "p2pReceivedFile",
    "p2pProgress",
    "p2pMissed",
    "p2pForked",
]


@pytest.fixture(autouse=True)
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package" / "static" / "dist"
    (folder / "types").mkdir(parents=True)
    (folder / "p2p.js").write_text("export {}")
    (folder / "types" / "index.d.ts").write_text("export {}")
    monkeypatch.setattr(assets, "PACKAGE", tmp_path / "package")
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    return folder


def run(app: Flask, *arguments: str, answers: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["p2p", *arguments], input=answers)


def test_install_copies_the_client_and_its_types(app: Flask) -> None:
    result = run(app, "install")
    assert result.exit_code == 0, result.output
    assert Path("static/p2p/p2p.js").read_text() == "export {}"
    assert Path("static/p2p/types/index.d.ts").exists()
    assert "static/p2p/p2p-stimulus.js" in result.output


def test_install_asks_before_it_overwrites(app: Flask) -> None:
    run(app, "install", "js")
    Path("js/p2p.js").write_text("mine")
    assert "Kept js/p2p.js" in run(app, "install", "js", answers="n\n").output
    assert Path("js/p2p.js").read_text() == "mine"
    run(app, "install", "js", answers="y\n")
    assert Path("js/p2p.js").read_text() == "export {}"


def test_install_by_force(app: Flask) -> None:
    run(app, "install", "js")
    Path("js/p2p.js").write_text("mine")
    run(app, "install", "js", "--force")
    assert Path("js/p2p.js").read_text() == "export {}"


def test_install_again_changes_nothing(app: Flask) -> None:
    run(app, "install", "js")
    result = run(app, "install", "js")
    assert result.exit_code == 0
    assert "Unchanged js/p2p.js" in result.output


def test_install_without_a_built_client(app: Flask, client: Path) -> None:
    (client / "p2p.js").unlink()
    result = run(app, "install")
    assert result.exit_code == 1
    assert "make build" in result.output


@pytest.mark.parametrize(
    ("name", "file", "identifier"),
    [
        ("chat", "chat_controller.js", "chat"),
        ("chat-room", "chat_room_controller.js", "chat-room"),
        ("chat_room", "chat_room_controller.js", "chat-room"),
        ("ChatRoom", "chat_room_controller.js", "chat-room"),
        ("ChatRoomController", "chat_room_controller.js", "chat-room"),
        ("chat_controller", "chat_controller.js", "chat"),
        ("controller", "controller_controller.js", "controller"),
    ],
)
def test_controller(app: Flask, name: str, file: str, identifier: str) -> None:
    result = run(app, "controller", name)
    assert result.exit_code == 0, result.output
    text = (Path("static/controllers") / file).read_text()
    assert f'data-controller="{identifier}"' in text
    assert f'data-controller="{identifier}"' in result.output
    assert "IDENTIFIER" not in text
    for callback in CALLBACKS:
        assert f"  {callback}(" in text


@pytest.mark.parametrize(
    ("directory", "source"),
    [
        ("static", "{{ url_for('static', filename='index.js') }}"),
        ("static/js/rooms", "{{ url_for('static', filename='js/rooms/index.js') }}"),
        ("frontend", "URL-OF/index.js"),
    ],
)
def test_controller_says_how_its_module_gets_into_the_page(
    app: Flask, directory: str, source: str
) -> None:
    said = run(app, "controller", "chat", directory).output
    assert f"such as {directory}/index.js:" in said
    assert f'<script type="module" src="{source}"></script>' in said


def test_controller_elsewhere_asks_before_it_overwrites(app: Flask) -> None:
    run(app, "controller", "chat", "js")
    Path("js/chat_controller.js").write_text("mine")
    run(app, "controller", "chat", "js", answers="\n")
    assert Path("js/chat_controller.js").read_text() == "mine"
    run(app, "controller", "chat", "js", "--force")
    assert "P2pController" in Path("js/chat_controller.js").read_text()


@pytest.mark.parametrize("name", ["", "1chat", "chat room", "../chat", "chat/room", "é", "-chat"])
def test_a_wrong_name(app: Flask, name: str) -> None:
    result = run(app, "controller", "--", name)
    assert result.exit_code == 2
    assert list(Path().iterdir()) == []

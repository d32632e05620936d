from pathlib import Path

import pytest
from flask import Flask

from flask_p2p_streams.errors import ConfigurationError
from flask_p2p_streams.web import assets


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "checkout" / "flask_p2p_streams"
    monkeypatch.setattr(assets, "PACKAGE", package)
    return package


def build(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "p2p.js").write_text("export {}")
    (folder / "notes.txt").write_text("x")
    return folder


def get(app: Flask, name: str) -> tuple[int, str, str]:
    with app.test_client() as client, client.get(f"/p2p/0.1.0/{name}") as response:
        kept = response.headers.get("Cache-Control", "")
        return response.status_code, response.headers["Content-Type"], kept


def test_an_installed_client_is_kept_for_ever(app: Flask, package: Path) -> None:
    build(package / "static" / "dist")
    status, mimetype, kept = get(app, "p2p.js")
    assert (status, mimetype) == (200, "text/javascript; charset=utf-8")
    assert "max-age=31536000" in kept
    assert "immutable" in kept


def test_the_client_of_a_checkout_is_asked_for_again(app: Flask, package: Path) -> None:
    build(package.parent / "static" / "dist")
    assert get(app, "p2p.js")[0] == 200
    assert "immutable" not in get(app, "p2p.js")[2]
    assert "31536000" not in get(app, "p2p.js")[2]


def test_the_package_goes_before_the_checkout(package: Path) -> None:
    build(package.parent / "static" / "dist")
    inner = build(package / "static" / "dist")
    assert assets.find_client() == inner


def test_other_files_keep_their_type(app: Flask, package: Path) -> None:
    build(package / "static" / "dist")
    assert get(app, "notes.txt")[1].startswith("text/plain")


@pytest.mark.parametrize("name", ["missing.js", "../p2p.js", "%2e%2e/secret", "..%2f..%2fx", ""])
def test_nothing_else_is_served(app: Flask, package: Path, name: str) -> None:
    build(package / "static" / "dist")
    (package / "secret").write_text("x")
    assert get(app, name)[0] == 404


def test_a_client_that_was_not_built(package: Path) -> None:
    with pytest.raises(ConfigurationError, match="make build"):
        assets.find_client()

"""What a user installs: built, installed and asked for its client as a user would."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    *(".git", ".venv*", "node_modules", "dist", ".dist-*", "build", "_build", "__pycache__"),
    "*.egg-info",
    # What other tests and tools keep, who may write it, and take it away, in the middle of a copy.
    *(".hypothesis", ".*_cache", ".coverage*"),
)
CLIENT = {
    "p2p.js",
    "p2p-check.css",
    "p2p-check.js",
    "p2p-stimulus.js",
    "stimulus.js",
    "THIRD_PARTY_LICENSES.txt",
    "types/index.d.ts",
}
IMPORT = re.compile(r"""(?:from|import)\s*\(?["'](\./[^"']+)["']""")
APP = """
from flask import Flask, render_template_string
from flask_socketio import SocketIO
from flask_p2p_streams import P2PStreams

app = Flask(__name__)
app.config["SECRET_KEY"] = "for this test only"
app.config["P2P_CHECK_PAGE"] = True
socketio = SocketIO(app, async_mode="threading")
P2PStreams(app)

@app.get("/")
def page():
    return render_template_string("{{ p2p_frame_tag(session_id='room', peer_id='ada') }}")

socketio.run(app, host="127.0.0.1", port=0, allow_unsafe_werkzeug=True)
"""


class Built(NamedTuple):
    checkout: Path
    sdist: Path
    wheel: Path
    wheel_from_sdist: Path


def run(*command: str | Path, cwd: Path, path: str | None = None) -> None:
    """Run a command; what it printed is told only where it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"


def build(kind: str, source: Path, out: Path, path: str | None = None) -> Path:
    run(
        *(sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", out, source),
        cwd=out.parent,
        path=path,
    )
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build from a copy of the checkout; from the sdist, without Node.js."""
    folder = tmp_path_factory.mktemp("built")
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=NOT_SOURCE)
    sdist = build("sdist", checkout, folder / "sdist")

    (folder / "unpacked").mkdir()
    run("tar", "-xf", sdist, "-C", folder / "unpacked", cwd=folder)
    (unpacked,) = (folder / "unpacked").iterdir()
    nothing = folder / "no-programs"
    nothing.mkdir()
    return Built(
        checkout=checkout,
        sdist=sdist,
        wheel=build("wheel", checkout, folder / "wheel"),
        wheel_from_sdist=build("wheel", unpacked, folder / "wheel-from-sdist", path=str(nothing)),
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that holds the locked versions of the dependencies."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for requirement in locked():
        copy_installed(requirement, packages)
    return folder / "bin" / "python"


def locked() -> Iterator[Requirement]:
    """Yield what is locked for this version of Python."""
    for line in (ROOT / "requirements" / "demo.txt").read_text().splitlines():
        if "==" in line:
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def copy_installed(requirement: Requirement, packages: Path) -> None:
    """Copy a dependency from where these tests run: `make` has installed it from the same lock."""
    distribution = metadata.distribution(requirement.name)
    assert distribution.version in requirement.specifier, f"{requirement} is locked: run make"
    for file in distribution.files or ():
        source = Path(str(distribution.locate_file(file)))
        if ".." not in file.parts and source.exists():
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, packages / file)


def pip(python: Path, *arguments: str | Path, cwd: Path) -> None:
    """Run the pip of these tests on another environment, which has none of its own."""
    run(sys.executable, "-m", "pip", "--python", python, *arguments, cwd=cwd)


@pytest.fixture
def python(environment: Path, tmp_path: Path) -> Iterator[Path]:
    """The same without the package, which each test installs in its own way."""
    yield environment
    pip(environment, "uninstall", "--yes", "Flask-P2P-Streams", cwd=tmp_path)


@contextmanager
def serving(python: Path, folder: Path) -> Iterator[str]:
    """Run the small app; the address is the one that its server prints."""
    (folder / "app.py").write_text(APP)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [python, "app.py"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        printed = []
        try:
            for line in server.stderr:
                printed.append(line)
                if found := re.search(r"Running on (http://\S+)", line):
                    yield found[1]
                    return
            pytest.fail("The app ended before it served:\n" + "".join(printed))
        finally:
            server.terminate()
            server.stderr.read()


def fetch(address: str) -> tuple[str, str]:
    with urlopen(address, timeout=60) as response:
        assert response.status == 200
        return response.headers.get_content_type(), response.read().decode()


def assert_serves_the_client(python: Path, folder: Path) -> None:
    with serving(python, folder) as address:
        _, page = fetch(address)
        seen: set[str] = set()
        scripts = {urljoin(address, path) for path in re.findall(r"[\"']([^\"'\s]+\.js)\b", page)}
        assert {script.rsplit("/", 1)[1] for script in scripts} >= {"p2p.js", "p2p-stimulus.js"}
        while scripts:
            script = scripts.pop()
            kind, text = fetch(script)
            assert kind in {"text/javascript", "application/javascript"}, script
            assert "export" in text
            seen.add(script)
            # What it loads later is there, too.
            scripts |= {urljoin(script, path) for path in IMPORT.findall(text)} - seen
        assert_has_the_check_page(address)


def assert_has_the_check_page(address: str) -> None:
    _, page = fetch(urljoin(address, "/p2p/check"))
    for name, kind in {"p2p-check.js": "text/javascript", "p2p-check.css": "text/css"}.items():
        [path] = re.findall(rf'(?:src|href)="([^"]+/{name})"', page)
        assert fetch(urljoin(address, path))[0] == kind


def test_the_wheel_holds_the_package_and_its_client(built: Built) -> None:
    names = set(zipfile.ZipFile(built.wheel).namelist())
    assert names >= {f"flask_p2p_streams/static/dist/{name}" for name in CLIENT}
    assert "flask_p2p_streams/py.typed" in names
    assert "flask_p2p_streams/web/templates/p2p_streams/check.html" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_holds_nothing_else(built: Built) -> None:
    names = zipfile.ZipFile(built.wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "flask_p2p_streams"
    }  # The package and its .dist-info.
    assert not [name for name in names if "static/js/" in name or name.endswith(".map")]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_readme_leads_to_nothing_that_an_index_lacks(built: Built, kind: str) -> None:
    """PyPI shows it, where neither the docs nor the pictures are."""
    text = wheel_metadata(built) if kind == "wheel" else sdist_metadata(built)
    told = message_from_string(text)
    assert told["Description-Content-Type"] == "text/markdown"
    readme = str(told.get_payload())
    assert "## Five lines" in readme
    places = [place for token in MarkdownIt().parse(readme) for place in leads_to(token)]
    assert "https://stimulus.hotwired.dev" in places
    assert [place for place in places if not place.startswith("https://")] == []


def wheel_metadata(built: Built) -> str:
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        return archive.read(name).decode()


def sdist_metadata(built: Built) -> str:
    with tarfile.open(built.sdist) as archive:
        (name,) = [each for each in archive.getnames() if re.fullmatch("[^/]+/PKG-INFO", each)]
        file = archive.extractfile(name)
        assert file is not None
        return file.read().decode()


def leads_to(token: Token) -> Iterator[str]:
    """Yield the addresses of a token's links and pictures."""
    for name in ("href", "src"):
        if name in token.attrs:
            yield str(token.attrs[name])
    for child in token.children or ():
        yield from leads_to(child)


def test_the_sdist_holds_sources_tests_docs_and_the_built_client(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {f"static/dist/{name}" for name in CLIENT}
    assert names >= {
        "LICENSE",
        "README.md",
        "Makefile",
        "docs/conf.py",
        "example_app/__main__.py",
        "package-lock.json",
        "requirements/dev.txt",
        "static/js/index.js",
        "tests/packaging/test_packaging.py",
        "tools/build_client.mjs",
        "tools/socketio/parser.js",
    }
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_sdist_builds_the_same_wheel_without_node(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as one, zipfile.ZipFile(built.wheel_from_sdist) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_an_installed_wheel_serves_the_client(built: Built, python: Path, tmp_path: Path) -> None:
    pip(python, "install", "--no-deps", built.wheel, cwd=tmp_path)
    pip(python, "check", cwd=tmp_path)
    assert_serves_the_client(python, tmp_path)


def test_an_editable_install_serves_the_checkouts_client(
    built: Built, python: Path, tmp_path: Path
) -> None:
    options = ("--no-deps", "--no-build-isolation", "--editable")
    pip(python, "install", *options, built.checkout, cwd=tmp_path)
    assert_serves_the_client(python, tmp_path)

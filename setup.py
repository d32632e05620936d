"""What is peculiar to this package: where `static/` lies, how the client gets built, and a README
that reads well where the files beside it aren't.

Everything else is in pyproject.toml.
"""

import re
import shutil
import subprocess
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
CLIENT = ROOT / "static" / "dist" / "p2p.js"
PICTURE = re.compile(r"^!\[[^]]*\]\((?!https?:)[^)]*\)\n\n", re.MULTILINE)
LINK = re.compile(r"\[([^]]*)\]\((?!https?:)[^)]*\)")


def readme_for_an_index() -> str:
    """Without what leads to files beside it: a package index shows the README alone."""
    text = (ROOT / "README.md").read_text("utf-8")
    return LINK.sub(r"\1", PICTURE.sub("", text))


def client_is_current() -> bool:
    """An unpacked sdist (it holds a PKG-INFO) ships the client; a checkout compares the times."""
    if not CLIENT.exists() or (ROOT / "PKG-INFO").exists():
        return CLIENT.exists()
    sources = [ROOT / "package-lock.json", *(ROOT / "tools").rglob("*js")]
    sources += (ROOT / "static" / "js").rglob("*.*s")
    return CLIENT.stat().st_mtime >= max(source.stat().st_mtime for source in sources)


def build_client() -> None:
    if client_is_current():
        return
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        raise SystemExit(
            "The browser client is not built, and building it needs Node.js (20.19 or newer)."
            " Install these, or run `make build`, or install a released wheel."
        )
    subprocess.run([npm, "ci"], cwd=ROOT, check=True)
    subprocess.run([node, "tools/build_client.mjs"], cwd=ROOT, check=True)


class BuildWithClient(build_py):
    def run(self) -> None:
        build_client()
        super().run()


class SdistWithClient(sdist):
    def run(self) -> None:
        build_client()
        super().run()


setup(
    packages=[
        *find_packages(include=["flask_p2p_streams", "flask_p2p_streams.*"]),
        "flask_p2p_streams.static",
    ],
    package_dir={"flask_p2p_streams.static": "static"},
    long_description=readme_for_an_index(),
    long_description_content_type="text/markdown",
    cmdclass={"build_py": BuildWithClient, "sdist": SdistWithClient},
)

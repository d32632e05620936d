"""What is peculiar to this package: its `static/` lies at the top, and its client gets built.

Everything else is in pyproject.toml.
"""

import shutil
import subprocess
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
CLIENT = ROOT / "static" / "dist" / "p2p.js"


def client_is_current() -> bool:
    """An unpacked sdist (it holds a PKG-INFO) ships the client; a checkout compares the times."""
    if not CLIENT.exists() or (ROOT / "PKG-INFO").exists():
        return CLIENT.exists()
    sources = [ROOT / "package-lock.json", *(ROOT / "tools").rglob("*js")]
    sources += (ROOT / "static" / "js").rglob("*.js")
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
    cmdclass={"build_py": BuildWithClient, "sdist": SdistWithClient},
)

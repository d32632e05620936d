"""The commands of the README and the docs, and the files that other programs read."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

import pytest

from example_app.cluster import NGINX, SITE
from flask_p2p_streams.doctor.ice import IceServer
from flask_p2p_streams.doctor.turn import allocations
from flask_p2p_streams.ice.credentials import turn_server
from tests.kit.servers import free_port
from tests.kit.stores import program
from tests.kit.turn import configured_turn, self_signed
from tests.kit.waiting import PATIENCE

from .blocks import Block, all_blocks
from .commands import check_line, commands_in

RUN = [block for block in all_blocks() if block.reason_not_to_run is None]
SHELLS = [block for block in RUN if block.language in {"sh", "console"}]
NGINXES = [block for block in RUN if block.language == "nginx"]
UNITS = [block for block in RUN if block.language == "systemd"]
PROCFILES = [block for block in RUN if block.language == "procfile"]
DOCKERFILES = [block for block in RUN if block.language == "dockerfile"]
COTURNS = [block for block in RUN if block.path == "turnserver.conf"]
SETTINGS = [*NGINXES, *UNITS, *PROCFILES, *DOCKERFILES, *COTURNS]

WORKERS = "server 127.0.0.1:8000"
PLACES = {
    "beside the server": "server {",
    "in the server": "    # WebSockets.",
    "in location /socket.io/": "        # From one address",
    "in place of location /": "    # WebSockets.",
    "in the upstream": "    least_conn;",
    "in place of least_conn": "    least_conn;",
}
"""Where in the example's nginx the lines go that a block's comments name so."""


@pytest.mark.parametrize("block", SHELLS, ids=str)
def test_commands_are_known(block: Block) -> None:
    lines = commands_in(block.text) if block.language == "console" else block.text.splitlines()
    assert lines
    for line in lines:
        check_line(line)


@pytest.mark.parametrize("block", NGINXES, ids=str)
def test_nginx_takes_it(block: Block, tmp_path: Path) -> None:
    for pieces in _ways_to_use(block.text):
        site = Template(SITE.read_text("utf-8")).safe_substitute(LISTEN="8080", WORKERS=WORKERS)
        for piece in pieces:
            site = _put(piece, site)
        (tmp_path / "site.conf").write_text(site, "utf-8")
        (tmp_path / "nginx.conf").write_text(Template(NGINX).substitute(folder=tmp_path), "utf-8")
        command = [_nginx(), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def _ways_to_use(text: str) -> list[list[str]]:
    """Return the pieces of a block; where it says "one of", a way for each of its lines."""
    if "one of" not in text:
        return [re.split(r"\n\n+", text.strip())]
    head, *lines = text.strip().splitlines()
    return [[f"{head}\n{line}"] for line in lines]


def _put(piece: str, site: str) -> str:
    place = next(place for said, place in PLACES.items() if said in piece)
    assert place in site
    before, found, after = site.partition(place)
    old = "" if found.strip() == "least_conn;" else found
    return f"{before}{piece}\n{old}{after}"


def _nginx() -> str:
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or program("nginx")


@pytest.mark.parametrize("block", COTURNS, ids=str)
def test_coturn_takes_it_and_relays(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port, secure, text = free_port(), free_port(), block.text
    ports = {"listening-port": port, "tls-listening-port": secure}
    places = {**ports, "cert": certificate, "pkey": key}
    for name, place in places.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={place}", text, flags=re.MULTILINE)
        assert count == 1
    (tmp_path / "turnserver.conf").write_text(text, "utf-8")
    (secret,) = re.findall("^static-auth-secret=(.*)$", text, re.MULTILINE)
    with configured_turn(tmp_path / "turnserver.conf", port, secret) as server:
        urls = [server.url("udp"), server.url("tcp"), f"turns:127.0.0.1:{secure}"]
        given = turn_server(urls, secret, "ann", int(time.time() + 600))
        servers = [
            IceServer(url, given["username"], given["credential"], "P2P_TURN_URLS") for url in urls
        ]
        # In a thread, because Playwright's loop runs in this one once there is a browser.
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(allocations, servers, PATIENCE / 2).result()
        assert [each.level for each in found] == ["ok"] * 3, f"{found}\n{server.log}"
        assert "Bad configuration" not in server.log


@pytest.mark.parametrize("block", UNITS, ids=str)
def test_systemd_takes_it(block: Block, tmp_path: Path) -> None:
    (started,) = re.findall(r"^ExecStart=(.*)$", block.text, re.MULTILINE)
    check_line(started)
    # Whether the program is there, it looks as well.
    here = block.text.replace(started.split()[0], sys.executable)
    assert block.path is not None
    (tmp_path / block.path).write_text(here, "utf-8")
    command = [program("systemd-analyze"), "verify", str(tmp_path / block.path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", PROCFILES, ids=str)
def test_procfiles_start_a_known_program(block: Block) -> None:
    for line in block.text.splitlines():
        _, command = line.split(": ", 1)
        check_line(command.replace("$PORT", "8000"))


@pytest.mark.parametrize("block", DOCKERFILES, ids=str)
def test_dockerfiles_are_well_formed(block: Block) -> None:
    for line in block.text.splitlines():
        word, _, rest = line.partition(" ")
        assert word in {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "CMD"}, line
        if word == "RUN":
            check_line(rest)
        elif word == "CMD":
            check_line(shlex.join(json.loads(rest)))

"""``flask p2p``: the client for a bundler, a controller to start from, and moderation."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from .assets import PACKAGE, find_client
from .errors import ConfigurationError, P2PStreamsError
from .fields import id_problem
from .moderation import Moderation

TEMPLATE = PACKAGE / "templates" / "p2p_controller.js"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")

p2p = AppGroup("p2p", help="Peer-to-peer sessions between browsers.")

force_option = click.option("--force", is_flag=True, help="Overwrite files without asking.")


@p2p.command()
@click.argument("directory", default="static/p2p", type=click.Path(file_okay=False, path_type=Path))
@force_option
def install(directory: Path, force: bool) -> None:
    """Copy the browser client and its types into DIRECTORY, for a bundler."""
    try:
        client = find_client()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    for source in sorted(path for path in client.rglob("*") if path.is_file()):
        _copy(source, directory / source.relative_to(client), force)
    click.echo(f"\nImport the element from {directory}/p2p.js, the Stimulus controller from")
    click.echo(f"{directory}/p2p-stimulus.js (with '@hotwired/stimulus' from your own bundle).")
    click.echo("Run this command again after an upgrade of Flask-P2P-Streams.")


@p2p.command()
@click.argument("name")
@click.argument(
    "directory", default="static/controllers", type=click.Path(file_okay=False, path_type=Path)
)
@force_option
def controller(name: str, directory: Path, force: bool) -> None:
    """Write a Stimulus controller called NAME into DIRECTORY."""
    identifier = _identifier(name)
    path = directory / f"{identifier.replace('-', '_')}_controller.js"
    text = TEMPLATE.read_text(encoding="utf-8").replace("IDENTIFIER", identifier)
    if not _may_write(path, text.encode(), force):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {path}\n")
    click.echo(_next_steps(identifier, path))


class _Id(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    name = "id"

    def convert(self, value: str, param: object, ctx: object) -> str:
        problem = id_problem(value)
        if problem:
            raise click.BadParameter(f"{problem}.")
        return value


@p2p.command()
@click.argument("session", type=_Id())
@click.argument("peer", type=_Id())
@click.option("--ban-for", default=0.0, type=click.FloatRange(0, 366 * 86_400), metavar="SECONDS")
def kick(session: str, peer: str, ban_for: float) -> None:
    """Remove PEER from SESSION, and refuse it for some seconds."""
    with _moderation() as moderation:
        moderation.kick(session, peer, ban_for)
    click.echo(f"Removed {peer} from {session}.")


@p2p.command()
@click.argument("session", type=_Id())
def close(session: str) -> None:
    """End SESSION for everybody; pages rendered from now on open it anew."""
    with _moderation() as moderation:
        moderation.close(session)
    click.echo(f"Closed {session}.")


@p2p.command()
@click.argument("session", type=_Id())
@click.option("--unlock", is_flag=True, help="Let everybody in again.")
def lock(session: str, unlock: bool) -> None:
    """Let nobody into SESSION who isn't in it now."""
    with _moderation() as moderation:
        moderation.lock(session, not unlock)
    click.echo(f"{'Unlocked' if unlock else 'Locked'} {session}.")


@contextmanager
def _moderation() -> Iterator[Moderation]:
    moderation: Moderation = current_app.extensions["p2p_streams"].signaling.moderation
    try:
        moderation.check_reach()
        yield moderation
    except P2PStreamsError as error:
        raise click.ClickException(str(error)) from error


def _identifier(name: str) -> str:
    if not NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is no name for a controller. Use letters, digits and dashes, "
            "beginning with a letter: chat-room.",
            param_hint="NAME",
        )
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()
    return words.removesuffix("-controller") or words


def _next_steps(identifier: str, path: Path) -> str:
    constant = "".join(word.capitalize() for word in identifier.split("-")) + "Controller"
    return (
        "Next, in the page's module:\n\n"
        '  import { Application } from "@hotwired/stimulus"\n'
        f'  import {constant} from "./{path.name}"\n'
        f'  Application.start().register("{identifier}", {constant})\n\n'
        "and inside p2p_frame_tag, where the controller finds its targets:\n\n"
        f'  <div data-controller="{identifier}">\n'
        f'    <ul data-{identifier}-target="messages"></ul>\n'
        f'    <form data-action="{identifier}#sendMessage">\n'
        f'      <input data-{identifier}-target="input"><button>Send</button>\n'
        "    </form>\n"
        "  </div>"
    )


def _copy(source: Path, target: Path, force: bool) -> None:
    if not _may_write(target, source.read_bytes(), force):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    click.echo(f"Wrote {target}")


def _may_write(path: Path, content: bytes, force: bool) -> bool:
    if force or not path.exists():
        return True
    if path.is_file() and path.read_bytes() == content:
        click.echo(f"Unchanged {path}")
        return False
    if click.confirm(f"{path} exists and differs. Overwrite it?"):
        return True
    click.echo(f"Kept {path}")
    return False

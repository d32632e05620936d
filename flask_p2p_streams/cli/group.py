"""The group ``flask p2p``, with the commands that copy files: ``install``, ``controller``."""

import re
import shutil
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..errors import ConfigurationError
from ..web.assets import find_client
from .doctor import doctor
from .moderation import close, kick, lock, unban
from .sessions import sessions

TEMPLATE = Path(__file__).parent / "templates" / "p2p_controller.js"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")


class _Group(AppGroup):
    # If an app refuses to start, the error is shown in one line, without a traceback.
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error


p2p = _Group("p2p", help="Peer-to-peer sessions between browsers.")
for command in (sessions, doctor, kick, unban, close, lock):
    p2p.add_command(command)

force_option = click.option("--force", is_flag=True, help="Overwrite files without asking.")


@p2p.command(with_appcontext=False)
@click.argument("directory", default="static/p2p", type=click.Path(file_okay=False, path_type=Path))
@force_option
def install(directory: Path, force: bool) -> None:
    """Copy the browser client and its types into DIRECTORY, for a bundler."""
    client = find_client()
    for source in sorted(path for path in client.rglob("*") if path.is_file()):
        _copy(source, directory / source.relative_to(client), force)
    click.echo(f"\nImport the element from {directory}/p2p.js, the Stimulus controller from")
    click.echo(f"{directory}/p2p-stimulus.js (with '@hotwired/stimulus' from your own bundle).")
    click.echo("Run this command again after an upgrade of Flask-P2P-Streams.")


@p2p.command(with_appcontext=False)
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
    module = path.parent / "index.js"
    return (
        f"Next, in a module beside it, such as {module}:\n\n"
        '  import { Application } from "@hotwired/stimulus"\n'
        f'  import {constant} from "./{path.name}"\n'
        f'  Application.start().register("{identifier}", {constant})\n\n'
        "inside p2p_frame_tag, where the controller finds its targets:\n\n"
        f'  <div data-controller="{identifier}">\n'
        f'    <ul data-{identifier}-target="messages"></ul>\n'
        f'    <form data-action="{identifier}#sendMessage">\n'
        f'      <input data-{identifier}-target="input" aria-label="Message">'
        "<button>Send</button>\n"
        "    </form>\n"
        "  </div>\n\n"
        "and below that, or in the head after p2p_script_tag(), the module:\n\n"
        f'  <script type="module" src="{_source(module)}"></script>'
    )


def _source(module: Path) -> str:
    if module.parts[0] != "static":
        return f"URL-OF/{module.name}"
    return f"{{{{ url_for('static', filename='{Path(*module.parts[1:]).as_posix()}') }}}}"


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

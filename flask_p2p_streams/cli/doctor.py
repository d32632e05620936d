"""``flask p2p doctor``: what is wrong with the app, and how to correct it."""

import json
from collections.abc import Sequence

import click
from flask.cli import ScriptInfo

from ..doctor.examine import examine
from ..doctor.findings import CheckContext, Finding
from ..errors import ConfigurationError
from .context import app_state

COLORS = {"error": "red", "warning": "yellow", "ok": "green"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.option("--strict", is_flag=True, help="Exit with 1 for a warning, too.")
@click.option("--offline", is_flag=True, help="Leave out what has to be reached over the network.")
@click.pass_context
def doctor(context: click.Context, as_json: bool, strict: bool, offline: bool) -> None:
    """Say what is wrong with the app and how to mend it; exit with 1 for an error."""
    findings = _findings(context.ensure_object(ScriptInfo), offline)
    if as_json:
        click.echo(json.dumps([_record(each) for each in findings], indent=2))
    else:
        _report(findings)
    bad = ("error", "warning") if strict else ("error",)
    context.exit(1 if any(finding.level in bad for finding in findings) else 0)


def _findings(info: ScriptInfo, offline: bool) -> list[Finding]:
    try:
        app = info.load_app()
    except ConfigurationError as error:
        return [Finding("error", error.key or "setup", str(error))]
    with app.app_context():
        state = app_state()
        return examine(CheckContext(app, state.config, state.server, state.store), offline=offline)


def _record(finding: Finding) -> dict[str, str]:
    names = ("level", "check", "problem", "hint")
    return {name: getattr(finding, name) for name in names}


def _report(findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        level = click.style(f"{finding.level:7}", fg=COLORS[finding.level])
        click.echo(f"{level}  {finding.check:{width}}  {finding.text}")
    counts = [sum(each.level == level for each in findings) for level in ("error", "warning")]
    click.echo(f"\n{_count(counts[0], 'error')}, {_count(counts[1], 'warning')}.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

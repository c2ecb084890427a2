"""`cnngraph check`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, refuse_others
from cnngraph.plural import many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnngraph.diagnostics import Diagnostic
    from cnngraph.network import Network
    from cnngraph.reading import Reading


def _warnings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    from cnngraph.diagnostics.codes import headlines

    for code in values:
        if code not in headlines():
            raise click.BadParameter(f"there is no code {code}; `cnngraph explain` lists them")
        if not code.startswith("W"):
            raise click.BadParameter(f"{code} is an error, and errors cannot be ignored")
    return frozenset(values)


@click.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, callback=named)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How mistakes are written.",
)
@click.option("--fix", "fixes", is_flag=True, help="Apply the fixes that messages offer, in the files themselves.")
@click.option("--ignore", multiple=True, metavar="W", callback=_warnings, help="A warning to leave out; repeatable.")
@network_options
def command(
    files: tuple[str, ...],
    format_: str,
    fixes: bool,
    ignore: frozenset[str],
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Check specs: the language, every volume, every claim. Exit status 1 when something is wrong.

    `cnngraph explain CODE` says more about a mistake.
    """
    from cnngraph.diagnostics import CnngraphError, Severity

    if fixes:
        refuse_others(files, "--fix changes files; standard input is none")
    found: list[Diagnostic] = []
    for file in files:
        try:
            reading = _fixed(file, settings, max_nodes) if fixes else _read(file, settings, max_nodes)
        except CnngraphError as error:
            diagnostics, network = error.diagnostics, None
        else:
            diagnostics = tuple(each for each in reading.diagnostics if each.code not in ignore)
            network = reading.network
        found += diagnostics
        if format_ == "text":
            from cnngraph.diagnostics.terminal import print_diagnostics, summary

            print_diagnostics(diagnostics)
            if network is None:
                click.echo(f"{file}: {summary(diagnostics)}")
                continue
            remarks = f"; {summary(diagnostics)}" if diagnostics else ""
            counts = f"{many(len(network), 'layer')}, {network.counts}{_asked(network)}"
            click.echo(f"{network.file}: {network.name} is fine: {counts}{remarks}")
    if format_ != "text":
        _print_for_programs(found, format_)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        sys.exit(1)


def _asked(network: Network) -> str:
    """What it asks of its free sizes."""
    if network.is_fixed:
        return ""
    from cnngraph.sizes import conditions, said

    asked = said(conditions(network))
    return f"; {asked}" if asked else ""


def _read(file: str, settings: dict[str, str], max_nodes: int) -> Reading:
    from cnngraph.fronts import read

    return read(file, settings, max_nodes=max_nodes)


def _fixed(file: str, settings: dict[str, str], max_nodes: int) -> Reading:
    """Mends *file* and says on standard error what was mended."""
    from cnngraph.fixing import fix

    reading, mended = fix(file, settings, max_nodes=max_nodes)
    for each in mended:
        assert each.fix is not None
        span = each.fix.span
        click.echo(f"{file}:{span.line}:{span.column}: {each.code} fixed: {each.message}; {each.fix.about}", err=True)
    return reading


def _print_for_programs(found: Iterable[Diagnostic], format_: str) -> None:
    match format_:
        case "json":
            from cnngraph.diagnostics.machine import as_json

            click.echo(as_json(found))
        case "github":
            from cnngraph.diagnostics.machine import as_github

            text = as_github(found)
            click.echo(text, nl=bool(text))
        case "sarif":
            from cnngraph.diagnostics.sarif import as_sarif

            click.echo(as_sarif(found))

"""`cnngraph check`"""

from __future__ import annotations

import sys

import click

from cnngraph.cli.inputs import network_options


@click.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How mistakes are written.",
)
@network_options
def command(files: tuple[str, ...], format_: str, settings: dict[str, str], max_nodes: int) -> None:
    """Check specs: the language, every volume, every claim. Exit status 1 when something is wrong."""
    from cnngraph.diagnostics import CnngraphError, Diagnostic, Severity
    from cnngraph.reading import read

    if format_ == "sarif":
        raise click.UsageError("--format sarif is not available in this version; json and github are")
    found: list[Diagnostic] = []
    for file in files:
        try:
            reading = read(file, settings, max_nodes=max_nodes)
        except CnngraphError as error:
            diagnostics, network = error.diagnostics, None
        else:
            diagnostics, network = reading.diagnostics, reading.network
        found += diagnostics
        if format_ == "text":
            from cnngraph.diagnostics.terminal import print_diagnostics, summary

            print_diagnostics(diagnostics)
            if network is None:
                click.echo(f"{file}: {summary(diagnostics)}")
                continue
            remarks = f"; {summary(diagnostics)}" if diagnostics else ""
            macs = f", {network.macs:,} multiply-accumulates" if network.macs is not None else ""
            counts = f"{len(network)} layers, {network.params:,} parameters{macs}"
            click.echo(f"{network.file}: {network.name} is fine: {counts}{remarks}")
    if format_ == "json":
        from cnngraph.diagnostics.machine import as_json

        click.echo(as_json(found))
    elif format_ == "github":
        from cnngraph.diagnostics.machine import as_github

        click.echo(as_github(found), nl=bool(found))
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        sys.exit(1)

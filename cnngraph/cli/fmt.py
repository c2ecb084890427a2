"""`cnngraph fmt`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cnngraph.cli.inputs import named, refuse_others


@click.command("fmt")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, callback=named)
@click.option(
    "--check", is_flag=True, help="Write nothing; name the files that are not in canonical form, and exit with 1."
)
@click.option("--volumes", is_flag=True, help="Add to each line the volume that it makes, as a claim: => 28x28x6.")
def command(files: tuple[str, ...], check: bool, volumes: bool) -> None:
    """Put specs into canonical form, in place; - formats standard input to standard output.

    There are no options of style. A file with mistakes is left as it is, but for tabs and line ends, which this mends.
    """
    from cnngraph.canonical import canonical
    from cnngraph.diagnostics import CnngraphError, Diagnostic
    from cnngraph.files import write
    from cnngraph.fronts import source

    refuse_others(files)
    mistakes: list[Diagnostic] = []
    changed = 0
    for file in files:
        try:
            found = source(file)
            text = canonical(found, volumes=volumes)
            if file == "-":
                if check:
                    changed += text != found.text
                else:
                    sys.stdout.buffer.write(text.encode())
                continue
            path = Path(file).resolve()
            if text.encode() == path.read_bytes():
                continue
            changed += 1
            if not check:
                write(path, text.encode())
            click.echo(f"{file} {'is not in canonical form' if check else 'formatted'}")
        except CnngraphError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise CnngraphError(mistakes)
    if check and changed:
        sys.exit(1)

"""`cnngraph new`"""

from __future__ import annotations

import click


@click.command("new")
@click.argument("name", metavar="NAME")
def command(name: str) -> None:
    """Print a spec to start from: that of a network that ships with cnngraph, and where it comes from.

    cnngraph new resnet18 > mine.spec
    """
    from importlib.metadata import version

    from cnngraph.cli.show import text_of

    text = text_of(name)
    click.echo(
        f"# From {name.removesuffix('.spec')}, which ships with cnngraph {version('cnngraph')}.\n{text}", nl=False
    )

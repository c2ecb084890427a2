"""`cnngraph list`"""

from __future__ import annotations

import click


@click.command("list")
def command() -> None:
    """List the networks that ship with cnngraph."""
    from cnngraph.shipped import names

    networks = names()
    width = max(map(len, networks))
    for name, about in networks.items():
        click.echo(f"{name:<{width}}  {about}")

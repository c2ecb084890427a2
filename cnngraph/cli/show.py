"""`cnngraph show`"""

from __future__ import annotations

import click


@click.command("show")
@click.argument("name", metavar="NAME")
def command(name: str) -> None:
    """Print the spec of a network that ships with cnngraph, as it is."""
    click.echo(text_of(name), nl=False)


def text_of(name: str) -> str:
    """The spec that ships as *name*. Raises `CnngraphError` when none does."""
    from cnngraph.diagnostics import CnngraphError
    from cnngraph.shipped import names, shipped_text

    text = shipped_text(name)
    if text is None:
        import difflib

        near = difflib.get_close_matches(name, names(), n=1)
        help = f"did you mean {near[0]}?" if near else "`cnngraph list` shows their names"
        raise CnngraphError.of("E0110", f"no network called {name} ships with cnngraph", help=help)
    return text

"""`cnngraph explain`"""

from __future__ import annotations

import sys

import click


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Say what a code such as E0401 means, with a wrong and a right example; without CODE, list all codes."""
    from cnngraph.diagnostics.codes import FAMILIES, headlines, page

    known = headlines()
    if code is None:
        for family, title in FAMILIES.items():
            click.echo(f"{title}:")
            for each, headline in known.items():
                if each.startswith(family):
                    click.echo(f"  {each}  {headline}")
        return
    if code.upper() not in known:
        raise click.UsageError(f"there is no code {code}; {_near(code.upper(), known)}")
    text = page(code.upper())
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text, code_theme="ansi_dark"))


def _near(code: str, known: dict[str, str]) -> str:
    import difflib

    near = difflib.get_close_matches(code, known, n=1)
    return f"did you mean {near[0]}?" if near else "`cnngraph explain` lists all"

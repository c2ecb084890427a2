"""`cnngraph lsp`"""

from __future__ import annotations

import click


@click.command("lsp")
def command() -> None:
    """Answer an editor's questions on standard input and output: a language server for specs.

    docs/editor.md says how editors are told about it.
    """
    try:
        from cnngraph.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException('the language server needs pygls:  pip install "cnngraph[lsp]"') from None
    serve()

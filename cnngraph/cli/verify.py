"""`cnngraph verify`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, onnx_file, read_model
from cnngraph.cli.weights import Asked, weight_options

if TYPE_CHECKING:
    from cnngraph.runtime.verify import Verdict


@click.command("verify")
@click.argument("file", metavar="FILE", callback=named)
@weight_options
@click.option("--opset", type=int, help="ONNX operator set, 17 to 22; 20 unless said.")
@click.option(
    "--reference/--no-reference",
    default=None,
    help="Whether onnx's own evaluator, which is slow, runs it too; small networks unless said.",
)
@network_options
def command(
    file: str,
    asked: Asked,
    opset: int | None,
    reference: bool | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Export, run in several ways, and compare every shape and output.

    FILE is a spec, or an .onnx file. Exit status 1 when something differs.
    """
    refusal = "--weights, --set and --opset are for a spec; an .onnx file has its own"
    if (path := onnx_file(file, bool(asked.anything or settings or opset), refusal)) is not None:
        from cnngraph.runtime.verify import verify

        verdict = verify(path, reference=bool(reference))
        _say_sizes(verdict)
        _report(file, verdict)
        return
    network, brought = read_model(file, settings, max_nodes)
    brought, parts = asked.model(network, brought)
    from cnngraph.verbs import verified

    chosen = asked.choose(network, brought)
    for changes, verdict in verified(network, lambda: chosen, opset=opset, reference=reference, parts=parts):
        if not changes:
            _say_sizes(verdict)
        for change in changes:
            click.echo(str(change))
        _report("after that" if changes else "as written", verdict)


def _say_sizes(verdict: Verdict) -> None:
    from cnngraph.sizes import assigned

    if verdict.sizes:
        click.echo(f"free sizes: {assigned(verdict.sizes)}", err=True)


def _report(what: str, verdict: Verdict) -> None:
    click.echo(f"{what}: {verdict.tensors} tensors have the shapes that are declared")
    for each in verdict.agreements:
        also = f", as it does by {each.unsettled:.1e} for an input that is a millionth off" if each.unsettled else ""
        click.echo(f"  {each.output}: {each.way} differs by {each.difference:.1e} of the largest number{also}")

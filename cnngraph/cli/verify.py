"""`cnngraph verify`"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import network_options, read_network
from cnngraph.cli.weights import Asked, weight_options

if TYPE_CHECKING:
    from cnngraph.runtime.verify import Verdict

_QUICK = 2_000_000_000
"""Multiply-accumulates up to which onnx's evaluator, plain numpy, is asked without being told to."""


@click.command("verify")
@click.argument("file", metavar="FILE")
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
    from cnngraph.runtime.verify import verify

    if file.endswith(".onnx"):
        if asked.anything or settings or opset:
            raise click.UsageError("--weights, --set and --opset are for a spec; an .onnx file has its own")
        _report(file, verify(Path(file), reference=bool(reference)))
        return
    network = read_network(file, settings, max_nodes)
    from cnngraph.onnx.lower import DEFAULT_OPSET, lower
    from cnngraph.onnx.passes import run_passes
    from cnngraph.onnx.write import write

    chosen = asked.choose(network)
    graph = lower(network, opset=opset or DEFAULT_OPSET)
    small, small_weights, done = run_passes(graph, chosen)
    small_enough = network.macs is not None and network.macs < _QUICK
    with tempfile.TemporaryDirectory(prefix="cnngraph-") as folder:
        path = Path(folder) / f"{network.name}.onnx"
        write(graph, chosen, path)
        _report("as written", verify(path, reference=small_enough if reference is None else reference))
        if changes := [str(each) for each in done if each.count]:
            for change in changes:
                click.echo(change)
            write(small, small_weights, path)
            _report("after that", verify(path, reference=False))


def _report(what: str, verdict: Verdict) -> None:
    click.echo(f"{what}: {verdict.tensors} tensors have the shapes that are declared")
    for each in verdict.agreements:
        click.echo(f"  {each.output}: {each.way} differs by {each.difference:.1e} of the largest number")

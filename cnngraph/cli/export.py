"""`cnngraph export`"""

from __future__ import annotations

from pathlib import Path

import click

from cnngraph.cli.inputs import network_options, output_stem, read_network
from cnngraph.cli.weights import Asked, weight_options


@click.command("export")
@click.option("--onnx", is_flag=True, required=True, help="Write ONNX.")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; NAME.onnx unless said.")
@weight_options
@click.option("--opset", type=int, help="ONNX operator set, 17 to 22; 20 unless said.")
@click.option("--batch", type=click.IntRange(min=1), help="Fix the batch; free unless said.")
@click.option(
    "--fold-bn/--no-fold-bn", default=True, show_default=True, help="Batch normalization into the layer before it."
)
@click.option("--explain", is_flag=True, help="Say what was changed on the way.")
@network_options
def command(
    onnx: bool,
    file: str,
    output: Path | None,
    asked: Asked,
    opset: int | None,
    batch: int | None,
    fold_bn: bool,
    explain: bool,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write the network as an ONNX file that runs in onnxruntime."""
    network = read_network(file, settings, max_nodes)
    from cnngraph.onnx.lower import DEFAULT_OPSET, lower
    from cnngraph.onnx.write import write

    graph = lower(network, opset=opset or DEFAULT_OPSET, batch=batch)
    chosen = asked.choose(network)
    if fold_bn:
        from cnngraph.onnx.passes.fold_bn import FoldedWeights, fold_batch_norm

        graph, folds = fold_batch_norm(graph)
        chosen = FoldedWeights(chosen, folds) if folds else chosen
        if explain:
            click.echo(f"fold-bn: {len(folds)} batch normalizations folded into the layers before them", err=True)
    written = write(graph, chosen, output or Path(f"{output_stem(network)}.onnx"))
    click.echo(f"{written.path}: {written.size:,} bytes, {written.nodes} nodes, opset {written.opset}")

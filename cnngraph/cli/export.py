"""`cnngraph export`"""

from __future__ import annotations

from pathlib import Path

import click

from cnngraph.cli.inputs import network_options, output_stem, read_network


@click.command("export")
@click.option("--onnx", is_flag=True, required=True, help="Write ONNX.")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; NAME.onnx unless said.")
@click.option("--weights", metavar="W", help="A .safetensors or .npz file, or `random`.")
@click.option("--seed", type=click.IntRange(min=0), help="Of random weights; 0 unless said.")
@click.option("--opset", type=int, help="ONNX operator set, 17 to 22; 20 unless said.")
@click.option("--batch", type=click.IntRange(min=1), help="Fix the batch; free unless said.")
@network_options
def command(
    onnx: bool,
    file: str,
    output: Path | None,
    weights: str | None,
    seed: int | None,
    opset: int | None,
    batch: int | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write the network as an ONNX file that runs in onnxruntime."""
    network = read_network(file, settings, max_nodes)
    from cnngraph.onnx.lower import DEFAULT_OPSET, lower
    from cnngraph.onnx.write import write
    from cnngraph.weights.choose import choose

    graph = lower(network, opset=opset or DEFAULT_OPSET, batch=batch)
    chosen = choose(network, weights, seed)
    written = write(graph, chosen, output or Path(f"{output_stem(network)}.onnx"))
    click.echo(f"with {chosen.about}", err=True)
    click.echo(f"{written.path}: {written.size:,} bytes, {written.nodes} nodes, opset {written.opset}")

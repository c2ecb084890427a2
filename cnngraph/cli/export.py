"""`cnngraph export`"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, output_stem, read_model, read_network
from cnngraph.cli.weights import Asked, record, weight_options
from cnngraph.diagnostics import CnngraphError
from cnngraph.files import keep, write
from cnngraph.preprocessing import FORMS, UNSAID, Form, Preprocessing

if TYPE_CHECKING:
    from cnngraph.network import Network
    from cnngraph.onnx.model import Model


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([KMG]?)B?", value.strip().upper())
    if not found:
        raise click.BadParameter(f"{value!r} is not a size, such as 64MB")
    return int(found[1]) * {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}[found[2]]


@click.command("export")
@click.option("--onnx", is_flag=True, help="Write ONNX.")
@click.option("--torch", "as_torch", is_flag=True, help="Write PyTorch code, to train and to edit.")
@click.option("--keras", "as_keras", is_flag=True, help="Write Keras code, likewise.")
@click.option(
    "--triton", type=click.Path(path_type=Path), metavar="DIR", help="Write ONNX into a model repository of Triton's."
)
@click.option("--with-training", is_flag=True, help="With --torch: beside it train.py, a script to be edited.")
@click.argument("file", metavar="FILE", callback=named)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write; NAME.onnx or NAME.py unless said."
)
@weight_options
@click.option("--opset", type=int, help="ONNX operator set, 17 to 22; 20 unless said.")
@click.option("--batch", type=click.IntRange(1, 2**31 - 1), help="Fix the batch; free unless said.")
@click.option(
    "--fold-bn/--no-fold-bn", default=True, show_default=True, help="Batch normalization into the layer before it."
)
@click.option("--without", multiple=True, metavar="PASS", help="Leave out what --explain names; repeatable.")
@click.option("--explain", is_flag=True, help="Say what was changed on the way.")
@click.option(
    "--dtype", type=click.Choice(["float32", "float16"]), default="float32", show_default=True, help="Of the weights."
)
@click.option(
    "--external-data",
    callback=_size,
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="Weights into a file of their own, FILE.data, when the model would be larger; 0 for always.",
)
@click.option("--logits", is_flag=True, help="Without the softmax at the end, as torchvision's networks are.")
@click.option(
    "--preprocess",
    type=click.Choice(FORMS),
    help="Put what pictures go through into the file: it takes their bytes, 0 to 255, in this order of axes.",
)
@click.option("--json", "as_json", is_flag=True, help="What was written, which weight came from where, as JSON.")
@click.option("--int8", is_flag=True, help="Quantize to 8 bits with the pictures of --calibrate; says what it costs.")
@click.option("--calibrate", type=click.Path(path_type=Path), metavar="DIR", help="Pictures like those it will see.")
@network_options
@click.pass_context
def command(
    ctx: click.Context,
    onnx: bool,
    as_torch: bool,
    as_keras: bool,
    triton: Path | None,
    with_training: bool,
    file: str,
    output: Path | None,
    asked: Asked,
    opset: int | None,
    batch: int | None,
    fold_bn: bool,
    without: tuple[str, ...],
    explain: bool,
    dtype: str,
    external_data: int,
    logits: bool,
    preprocess: Form | None,
    as_json: bool,
    int8: bool,
    calibrate: Path | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write the network as an ONNX file that runs in onnxruntime, or as PyTorch or Keras code."""
    if [onnx, as_torch, as_keras, triton is not None].count(True) != 1:
        raise click.UsageError("say what to write: --onnx, --triton DIR, --torch or --keras")
    if with_training and not as_torch:
        raise click.UsageError("--with-training is for --torch")
    if as_torch or as_keras:
        _refuse_others(ctx)
        said = " ".join([file, *(f"--set {name}={value}" for name, value in settings.items())])
        network = read_network(file, settings, max_nodes)
        path = output or Path(f"{output_stem(network)}.py")
        if as_torch:
            _torch(network, file, path, said, with_training)
        else:
            _keras(network, file, path, said)
        return
    if triton and output:
        raise click.UsageError("--triton DIR says where the files go: leave -o out")
    if int8 != (calibrate is not None):
        raise click.UsageError("--int8 goes with --calibrate DIR, a folder of pictures that the network could see")
    if int8 and as_json:
        raise click.UsageError("--json is for a file in floating point")
    if int8 and dtype == "float16":
        raise click.UsageError("--int8 starts from float32: leave --dtype out")
    if int8 and preprocess:
        raise click.UsageError("--preprocess is for a file in floating point")
    network, brought = read_model(file, settings, max_nodes)
    brought, parts = asked.model(network, brought)
    if logits:
        from cnngraph.verbs import of_logits

        network = of_logits(network)
    from cnngraph.onnx.triton import MOST, configure, folder, place

    path = output or Path(f"{output_stem(network)}{'.int8' if int8 else ''}.onnx")
    if triton:
        path = place(triton, output_stem(network))
    keep(file, path)
    if asked.passthrough is not None:
        keep(asked.passthrough, path)
    from cnngraph.onnx.model import lowered
    from cnngraph.onnx.passes import PASSES

    if unknown := [name for name in without if name not in PASSES]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(PASSES)}", param_hint="--without")
    left_out = {*without, *(() if fold_bn else ("fold-bn",))}
    if calibrate is not None:
        from cnngraph.runtime.quantize import UNSUITED

        left_out |= UNSUITED
    model = lowered(
        network, lambda: asked.choose(network, brought, table=not as_json), opset=opset, batch=batch, parts=parts
    )
    chosen, model = model.weights, model.passed(left_out)
    if explain:
        for each in model.done:
            click.echo(str(each), err=True)
        for name in PASSES:
            if name in left_out:
                click.echo(f"{name}: left out", err=True)
    if dtype == "float16":
        model = model.half()
    if preprocess:
        _warn(model)
        model = model.prepared(preprocess)
    with folder(path) if triton else nullcontext():
        if calibrate is not None:
            _quantized(model, path, calibrate)
        else:
            _written(model, path, external_data, record(chosen) if as_json else None)
    if triton:
        config = configure(model.graph, path)
        if not as_json:
            click.echo(f"{config}: up to {MOST} in a batch" if batch is None else f"{config}: batches of {batch}")


def _written(model: Model, path: Path, external_data: int, record: object | None) -> None:
    """Writes the file and says so; as JSON with the *record* of its weights where there is one."""
    written = model.write(path, external_data)
    if record is not None:
        data = {"path": str(written.data), "size": written.data_size} if written.data else None
        about = {"path": str(written.path), "size": written.size, "nodes": written.nodes, "opset": written.opset}
        passes = {each.name: each.count for each in model.done}
        click.echo(json.dumps({**about, "data": data, "passes": passes, "weights": record}, indent=2))
        return
    click.echo(f"{written.path}: {written.size:,} bytes, {written.nodes} nodes, opset {written.opset}")
    if written.data:
        click.echo(f"{written.data}: {written.data_size:,} bytes, which {written.path.name} needs beside it")


_OF_CODE = ("as_torch", "as_keras", "with_training", "file", "output", "settings", "max_nodes")
"""The options of code; those of weights have the names of `weight_options`."""


def _refuse_others(ctx: click.Context) -> None:
    """Raises `click.UsageError` where an option is given that says nothing of code."""
    for param in ctx.command.params:
        source = ctx.get_parameter_source(str(param.name))
        if param.name not in _OF_CODE and source is not None and source.name == "COMMANDLINE":
            is_weights = param.name in ("weights", "renames", "fresh", "seed", "table")
            help = "; code is written without weights: load them as its first lines say" if is_weights else ""
            raise click.UsageError(f"{param.opts[-1]} is for --onnx{help}")


def _torch(network: Network, file: str, path: Path, said: str, with_training: bool) -> None:
    """Writes PyTorch code, and the script that trains it."""
    from cnngraph.torch.generate import generate
    from cnngraph.torch.training import training

    script = path.with_name("train.py") if with_training else None
    if script == path:
        raise click.UsageError(f"{path} is the script of --with-training: give the code another name")
    keep(file, path, script)
    made = generate(network, said)
    text = training(made, path.stem, said) if script else ""
    _code(path, made.text, made.top, made.parameters, made.remarks)
    if script:
        write(script, text.encode())
        click.echo(f"{script}: {len(text.splitlines())} lines; python {script} DATA  with a folder for each class")


def _keras(network: Network, file: str, path: Path, said: str) -> None:
    """Writes Keras code."""
    from cnngraph.keras.generate import generate

    keep(file, path)
    made = generate(network, said)
    _code(path, made.text, made.top, made.parameters, made.remarks)


def _code(path: Path, text: str, top: str, parameters: Mapping[str, object], remarks: Iterable[str]) -> None:
    """Writes *text*, in which *top* takes *parameters*, and says so."""
    write(path, text.encode())
    params = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    click.echo(f"{path}: {len(text.splitlines())} lines, {top}({params}), compared with the network")
    for remark in remarks:
        click.echo(f"note: {remark}", err=True)


def _warn(model: Model) -> None:
    """Says when real weights are to see pictures of which nothing is said."""
    from cnngraph.weights.initialise import RandomWeights

    if model.graph.about.pictures is None and not isinstance(model.weights, RandomWeights):
        click.echo(UNSAID, err=True)


def _quantized(model: Model, output: Path, folder: Path) -> None:
    """Writes 8 bits to *output*, and says its size, speed and answers beside those of float32."""
    from cnngraph.runtime.bench import bench, cores
    from cnngraph.runtime.images import inside
    from cnngraph.runtime.quantize import quantize

    if not os.path.isdir(folder):
        raise CnngraphError.of("E0819", f"{folder} is not a folder", help="--calibrate takes a folder of pictures")
    found = inside(folder)
    _warn(model)
    with tempfile.TemporaryDirectory(prefix="cnngraph-") as place:
        exact = Path(place) / "float32.onnx"
        size = model.write(exact).size
        compared = quantize(exact, output, found, model.graph.about.pictures or Preprocessing())
        times = [bench(path, batch=1, threads=cores(), seconds=1.0).median for path in (exact, output)]
    small = output.stat().st_size
    click.echo(f"{output}: {small:,} bytes, 8 bits, ranges from {compared.pictures:,} pictures in {folder}")
    click.echo(f"  size     {small / size:.2f} of float32's {size:,} bytes")
    click.echo(f"  latency  {times[1] * 1e3:,.3f} ms, {times[1] / times[0]:.2f} of float32's {times[0] * 1e3:,.3f} ms")
    click.echo(
        f"  answers  differ by up to {compared.difference:.1e} of the largest output; "
        f"the same class for {compared.agreeing:,} of {compared.pictures:,} pictures"
    )

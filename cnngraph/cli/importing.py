"""`cnngraph import`"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import network_options
from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.plural import many

if TYPE_CHECKING:
    from cnngraph.importing import Imported, Names


@click.command("import")
@click.argument("file", metavar="MODEL")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The spec to write; printed unless said.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="OUT.safetensors",
    help="Write the model's weights too, by the names in the spec, and compare the answers.",
)
@click.option(
    "--keys",
    type=click.Choice(["plain", "source"]),
    default="plain",
    show_default=True,
    help="What --weights calls weights: by the spec, or as the model does, for the program that it is from.",
)
@click.option("--flat", is_flag=True, help="A line for each step, without blocks.")
@click.option(
    "--names",
    type=click.Choice(["plain", "source"]),
    default="plain",
    show_default=True,
    help="What to call layers: as their kind and number, or also as the model does, in an @origin.",
)
@click.option("--strict", is_flag=True, help="Refuse a model with parts that no layer here does.")
@click.option("--input", "size", metavar="HxWxC", help="The size of its input, where it does not say it: 224x224x3.")
@network_options
def command(
    file: str,
    output: Path | None,
    weights: Path | None,
    keys: Names,
    flat: bool,
    names: Names,
    strict: bool,
    size: str | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write a model from elsewhere as a spec: .onnx, darknet's .cfg, Caffe's .prototxt.

    The spec has the blocks, repeats and skips that are found in the model, and is read again and compared with it,
    layer by layer, before it is written.
    """
    from cnngraph.diagnostics.terminal import print_diagnostics
    from cnngraph.files import keep
    from cnngraph.importing import imported

    if weights is not None and weights.suffix != ".safetensors":
        raise click.UsageError("--weights names the file to write, a .safetensors file")
    if keys == "source" and weights is None:
        raise click.UsageError("--keys says how --weights calls them")
    keep(file, output, weights)
    found = imported(file, settings, flat=flat, names=names, size=_sizes(size), max_nodes=max_nodes)
    if strict and (not found.network.is_known or found.precision == "int8"):
        raise CnngraphError([_refused(file, found)])
    if found.diagnostics:
        print_diagnostics(found.diagnostics)
    if weights is not None:
        _write_weights(file, weights, found, keys)
    if output is None:
        click.echo(found.text, nl=False)
    else:
        from cnngraph.files import write

        write(output, found.text.encode())
    _say(file, output, found)
    if weights is not None:
        _compare(file, found)


def _sizes(size: str | None) -> dict[str, str]:
    """``224x224x3`` as settings."""
    if size is None:
        return {}
    parts = size.lower().replace("×", "x").split("x")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise click.BadParameter(f"{size!r} is not height x width x channels, as in 224x224x3", param_hint="--input")
    return dict(zip("HWC", parts, strict=True))


def _refused(file: str, found: Imported) -> Diagnostic:
    if found.network.is_known:
        return Diagnostic(
            "E0117", f"{file} rounds to 8 bits, which no layer here does", file=file,
            help="without --strict the spec is of the network that does not round",
        )  # fmt: skip
    unknown = [layer.kind.caption().name for layer in found.network.layers if not layer.kind.is_known]
    count = f"{len(unknown)} parts" if len(unknown) > 1 else "a part"
    return Diagnostic(
        "E0117", f"{file} has {count} that no layer here does", file=file, reason=", ".join(dict.fromkeys(unknown)),
        help="without --strict each is an `opaque` line of the spec",
    )  # fmt: skip


def _say(file: str, output: Path | None, found: Imported) -> None:
    """What was proved."""
    if not found.is_structured:
        click.echo("a line for each step, without blocks", err=True)
    for line in found.given_up:
        click.echo(line, err=True)
    where = str(output) if output else "this text"
    layers = many(len(found.network), "layer")
    if found.left_out:
        layers += f"; {found.left_out:,} of its nodes are left out"
    what = "what is left of" if found.left_out else "the network in"
    click.echo(f"proved: {where} reads as {what} {file} ({layers}, 0 differ)", err=True)


def _write_weights(file: str, path: Path, found: Imported, keys: Names) -> None:
    from cnngraph.weights.brought import BroughtWeights
    from cnngraph.weights.readers.tensors import KEYS
    from cnngraph.weights.writing import write_safetensors

    unknown = [layer for layer in found.network.layers if not layer.kind.is_known and layer.params]
    if unknown and found.parts is None:
        raise CnngraphError.of(
            "E0701", f"{file} has weights in parts that no layer here does", file=file,
            help="leave --weights out; the spec has those parts as `opaque`",
        )  # fmt: skip
    if found.weights is None:
        raise CnngraphError.of("E0701", f"{file} has no weights", file=file, help="leave --weights out")
    about = {"source": Path(file).name, "sha256": _digest(file), "names": json.dumps(dict(found.called))}
    own = found.weights.keys if keys == "source" and isinstance(found.weights, BroughtWeights) else None
    if own is not None:
        about[KEYS] = json.dumps({key: name for name, key in own.items()})
    size = write_safetensors(path, found.network, found.weights, about, own)
    left = f"; {sum(layer.params for layer in unknown):,} weights of `opaque` lines stay in {file}" if unknown else ""
    click.echo(f"{path}: {size:,} bytes{left}", err=True)


def _digest(file: str) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compare(file: str, found: Imported) -> None:
    """Runs the model and what is exported of the spec, where the model is a file that runs."""
    from cnngraph.fronts import is_model

    if not is_model(file) or found.weights is None:
        return
    from cnngraph.onnx.model import lowered
    from cnngraph.runtime.agree import CLOSE, alike, differ
    from cnngraph.sizes import chosen

    weights = found.weights
    sizes = [chosen(found.network, size) for size in (64, 96)]
    try:
        model = lowered(found.network, lambda: weights, parts=found.parts)
    except CnngraphError as error:
        # The spec is right all the same: what it cannot do is run without the model.
        said = error.diagnostics[0]
        click.echo(f"not compared: {said.message}" + (f": {said.reason}" if said.reason else ""), err=True)
        return
    with model.file() as path:
        close = CLOSE[found.precision]
        answers = alike(Path(file), path, sizes, found.unlike, close=close)
    if answers.unrun:
        click.echo(f"not compared: onnxruntime does not run {file}: {answers.unrun}", err=True)
    if answers.compared < answers.outputs:
        count = answers.outputs - answers.compared
        click.echo(f"not compared: {count} of {answers.outputs} outputs, which are others in the spec", err=True)
    if not answers.compared:
        return
    if not answers.is_within(close):
        raise differ(file, answers, close)
    runs = f"{answers.runs} random inputs, onnxruntime on both"
    if found.precision == "int8":
        click.echo(
            f"answers differ by {answers.difference:.1e} of the largest number of an output, for the model rounds to "
            f"8 bits ({runs})", err=True,
        )  # fmt: skip
        return
    if answers.difference > close:
        click.echo(
            f"answers differ by {answers.difference:.1e} of the largest number of an output, and those of {file} by "
            f"{answers.unsettled:.1e} for an input that is a millionth off: with these weights no more can be told "
            f"({runs})", err=True,
        )  # fmt: skip
        return
    how = f"; the model computes with {found.precision}" if found.precision != "float32" else ""
    click.echo(f"same answers: {answers.difference:.1e} of the largest number of an output ({runs}{how})", err=True)

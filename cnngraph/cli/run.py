"""`cnngraph run`"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, onnx_file, read_model
from cnngraph.cli.weights import Asked, weight_options
from cnngraph.diagnostics import CnngraphError
from cnngraph.preprocessing import UNSAID

if TYPE_CHECKING:
    from rich.console import Console

    from cnngraph.runtime.feeds import PictureInput
    from cnngraph.runtime.session import Array, Port, Session


def _numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in value.split(",")) if value else ()
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a number or numbers with commas between, as in 0.485,0.456,0.406"
        ) from None


def _part(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    number, _, of = value.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"{value!r} is no part, as 3/8 is the third of eight")
    return int(number), int(of)


@click.command("run")
@click.argument("file", metavar="FILE", callback=named)
@click.argument("more", metavar="", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="P...",
    help="Pictures, or folders of them, one or several.",
)
@click.option(
    "--images",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="All pictures in a folder and below, to a file of answers: -o X.csv or X.jsonl.",
)
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", help="Of --images, how many at a time; 16 unless said."
)
@click.option(
    "--part", callback=_part, metavar="I/N", help="Of --images, the I-th of N parts, which have every picture once."
)
@click.option(
    "--input", "inputs", multiple=True, metavar="[NAME=]X.npy", help="An array; with a name for one of several inputs."
)
@weight_options
@click.option("--top", "k", type=click.IntRange(min=1), default=5, show_default=True, help="How many classes to show.")
@click.option("--labels", type=click.Path(path_type=Path), help="Names of the classes, one per line.")
@click.option(
    "--mean", callback=_numbers, metavar="M", help="Subtracted from a picture's values: one number, or R,G,B."
)
@click.option("--std", callback=_numbers, metavar="S", help="Divided by, after --mean.")
@click.option(
    "--invert/--no-invert",
    default=None,
    help="Whether pictures are dark on white and the network wants bright on black.",
)
@click.option("--json", "as_json", is_flag=True, help="Answers as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Save the outputs: .npy for one, .npz for several. With --images the answers, .csv or .jsonl, with which a "
    "stopped run goes on.",
)
@network_options
def command(
    file: str,
    more: tuple[Path, ...],
    images: tuple[Path, ...],
    folder: Path | None,
    batch: int | None,
    part: tuple[int, int] | None,
    inputs: tuple[str, ...],
    asked: Asked,
    k: int,
    labels: Path | None,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    invert: bool | None,
    as_json: bool,
    output: Path | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Run a network on pictures (--image), on a folder of them (--images) or on an array (--input).

    FILE is a spec, the name of a shipped network, or an .onnx file. How a picture becomes numbers is
    said in the spec (@bgr, @invert, @scale, @normalize on its `input`), which an .onnx file that cnngraph wrote says
    too, or by the options here; it is printed.
    """
    if more and not images:
        raise click.UsageError(f"what is {more[0]}? Pictures stand behind --image")
    if bool(images) + bool(inputs) + bool(folder) != 1:
        raise click.UsageError("give pictures with --image, a folder with --images, or an array with --input")
    if folder is None and (batch or part):
        raise click.UsageError("--batch and --part are for a folder of pictures: --images FOLDER")
    if inputs and (mean or std or invert is not None):
        raise click.UsageError("--mean, --std and --invert are for pictures; an array is taken as it is")
    if folder is not None:
        from cnngraph.runtime.rows import FORMS

        if output is None or output.suffix not in FORMS or as_json:
            raise click.UsageError("the answers to a folder go to a file: -o X.csv, or -o X.jsonl for lines of JSON")
        session, are_real = _session(file, asked, settings, max_nodes, with_file=True)
        pictures = _pictures(session, are_real, invert, mean, std)
        _on_folder(session, pictures, folder, part or (1, 1), batch, k, labels, output)
        return
    if images:
        from cnngraph.runtime.images import each_of

        images = tuple(each_of((*images, *more)))
    if output and (output.suffix not in (".npy", ".npz") or len(images) > 1):
        raise click.UsageError("-o takes a .npy or .npz file, for one picture or array")
    session, are_real = _session(file, asked, settings, max_nodes)
    from cnngraph.runtime.answers import labels_for

    if inputs:
        answers = [("", session.run(_arrays(session, inputs)))]
    else:
        answers = list(_on_pictures(file, session, images, _pictures(session, are_real, invert, mean, std)))
    names = labels_for(labels, {name: each.shape for name, each in answers[0][1].items()}, session.about.classes)
    if as_json:
        from cnngraph.runtime.answers import record

        records = [({"source": name} if name else {}) | record(outputs, k, names) for name, outputs in answers]
        click.echo(json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        for name, outputs in answers:
            _show(name, outputs, k, names)
    if output:
        _save(output, answers[0][1])


def _session(
    file: str, asked: Asked, settings: dict[str, str], max_nodes: int, *, with_file: bool = False
) -> tuple[Session, bool]:
    """The network ready to run, and whether its weights mean something."""
    from cnngraph.runtime.session import Session

    refusal = "--weights, --seed and --set are for a spec; an .onnx file has its weights"
    if (path := onnx_file(file, bool(asked.anything or settings), refusal)) is not None:
        return Session(path, with_file=with_file), True
    network, brought = read_model(file, settings, max_nodes)
    brought, parts = asked.model(network, brought)
    from cnngraph.verbs import session
    from cnngraph.weights.initialise import RandomWeights

    chosen = asked.choose(network, brought)
    are_random = isinstance(chosen, RandomWeights)
    if are_random:
        click.echo("the answers mean nothing: give --weights for real ones", err=True)
    return session(network, lambda: chosen, parts, with_file=with_file), not are_random


def _pictures(
    session: Session, are_real: bool, invert: bool | None, mean: tuple[float, ...], std: tuple[float, ...]
) -> PictureInput:
    """The input of *session* for pictures, and what they go through there, which is said."""
    from cnngraph.runtime.feeds import PictureInput

    if are_real and session.about.pictures is None and not (mean or std or invert is not None):
        click.echo(UNSAID, err=True)
    done = session.done.given(invert, mean, std)
    pictures = PictureInput.of(session, done, f"give arrays:  {_input_help(session)}")
    click.echo(pictures.about, err=True)
    return pictures


def _on_pictures(
    file: str, session: Session, images: tuple[Path, ...], pictures: PictureInput
) -> Iterator[tuple[str, dict[str, Array]]]:
    """The answers to pictures, one after the other."""
    from rich.progress import track

    hidden = len(images) == 1 or not sys.stderr.isatty()
    for path in track(images, "running", console=_errors(), disable=hidden, transient=True):
        fed = pictures.feed(path)
        try:
            answers = session.run(fed)
        except CnngraphError:
            if session.network is None:
                _need_fit(file, pictures.port, fed[pictures.port.name], path)
            raise
        yield str(path), answers


def _need_fit(file: str, port: Port, array: Array, path: Path) -> None:
    """Raises `CnngraphError` (E0822) when the model *file* does not run with pictures as large as that at *path*, which
    is *array*; not when that is not known."""
    from cnngraph.fronts import load
    from cnngraph.runtime.feeds import need_fit

    try:
        network = load(file)
    except CnngraphError:
        return
    upright = array.transpose(0, 3, 1, 2) if port.channels_last else array
    need_fit(network, {network.inputs[0].name: upright}, str(path))


def _on_folder(
    session: Session,
    pictures: PictureInput,
    folder: Path,
    part: tuple[int, int],
    batch: int | None,
    k: int,
    labels: Path | None,
    output: Path,
) -> None:
    """The answers to the pictures in *part* of *folder*, as far as they are not in *output*, added there batch by
    batch."""
    from rich.progress import Progress

    from cnngraph.files import appending
    from cnngraph.runtime import folder as by_folder
    from cnngraph.runtime.answers import labels_for
    from cnngraph.runtime.images import names
    from cnngraph.runtime.rows import Csv, Form, JsonLines, resumed, run_of

    sources = [str(folder / name) for name in names(folder, by_folder.Part(*part).has)]
    batch = by_folder.batch_of(session, pictures, batch)
    called = labels_for(labels, {port.name: port.dims for port in session.outputs}, session.about.classes)
    assert session.file is not None
    run = run_of(session.file.digest, (pictures.done, k, sorted((name, *each) for name, each in called.items())))
    form: Form = Csv(run, session.outputs, k) if output.suffix == ".csv" else JsonLines(run)
    with appending(output) as stream:
        found = resumed(stream, output, form, sources)
        if there := len(sources) - len(found.waiting):
            click.echo(f"{output} has {there:,} of {len(sources):,} pictures already", err=True)
        errors, head = found.errors, found.head
        with Progress(console=_errors(), disable=not sys.stderr.isatty(), transient=True) as progress:
            task = progress.add_task("running", total=len(sources), completed=there)
            for rows in by_folder.answered(session, pictures, found.waiting, batch, k, called):
                stream.write(head + b"".join(map(form.line, rows)))
                stream.flush()
                head = b""
                errors += sum(bool(row.error) for row in rows)
                progress.advance(task, len(rows))
        stream.write(head)  # of a part without pictures
    unread = f", {errors:,} of them without an answer: their rows say why" if errors else ""
    click.echo(f"{output}: {len(sources):,} pictures{unread}", err=True)


def _errors() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _arrays(session: Session, inputs: tuple[str, ...]) -> dict[str, Array]:
    """What ``--input [NAME=]X.npy`` gives, by the name of the model's input."""
    from cnngraph.runtime.feeds import array_feed

    parts = (value.partition("=") if "=" in value else ("", "", value) for value in inputs)
    return array_feed(session, ((name, Path(path)) for name, _, path in parts), f"give  {_input_help(session)}")


def _input_help(session: Session) -> str:
    return "  ".join(f"--input {port.name}=X.npy" for port in session.inputs)


def _show(name: str, outputs: dict[str, Array], k: int, labels: Mapping[str, Sequence[str]]) -> None:
    """A table for each vector; the measures of anything else."""
    from cnngraph.runtime.answers import top

    for output, array in outputs.items():
        head = ", ".join(filter(None, (name, output if len(outputs) > 1 else "")))
        if array.ndim != 2:
            measures = f"min {array.min():.6g}, max {array.max():.6g}, mean {array.mean():.6g}"
            click.echo(f"{head or output}: {'x'.join(map(str, array.shape))}, {measures}")
            continue
        for number, row in enumerate(array):
            if head or len(array) > 1:
                click.echo(", ".join(filter(None, (head, f"row {number}" if len(array) > 1 else ""))))
            guesses = top(row, k, labels.get(output, ()))
            width = max(len(guess.label) for guess in guesses)
            for guess in guesses:
                bar = "" if isnan(guess.score) else "█" * round(20 * min(max(guess.score, 0.0), 1.0))
                click.echo(f"  {guess.label:>{width}}  {guess.score:8.4f}  {bar}".rstrip())


def _save(path: Path, outputs: dict[str, Array]) -> None:
    import numpy as np

    from cnngraph.files import replacing

    if path.suffix == ".npy" and len(outputs) > 1:
        raise CnngraphError.of("E0816", f"the network has {len(outputs)} outputs", help="save them in an .npz file")
    with replacing(path) as stream:
        if path.suffix == ".npy":
            np.save(stream, next(iter(outputs.values())))
        else:
            np.savez(stream, allow_pickle=False, **outputs)
    click.echo(f"wrote {path}", err=True)

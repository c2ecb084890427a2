"""`cnngraph diff`"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnngraph.cli.inputs import named, network_options, parted, read_model, settings_option
from cnngraph.cli.looks import dpi_option, font_option, theme_option, width_option

if TYPE_CHECKING:
    from cnngraph.comparison.changes import Change
    from cnngraph.comparison.compare import Comparison, Row
    from cnngraph.runtime.compared import Apart
    from cnngraph.weights.compared import Difference
    from cnngraph.weights.source import Weights


def _figure(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    from cnngraph.figure.writers import FORMATS

    if value is not None and value.suffix.lower().removeprefix(".") not in FORMATS:
        raise click.BadParameter(f"the suffix of {value} says the format; there are {', '.join(FORMATS)}")
    return value


@click.command("diff")
@click.argument("a", metavar="A", callback=named)
@click.argument("b", metavar="B", callback=named)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    callback=_figure,
    help="A figure of both, with what was changed marked in it.",
)
@width_option
@theme_option
@font_option
@dpi_option
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--weights", nargs=2, metavar="WA WB", help="Files of weights, or `random`; they are compared too.")
@click.option(
    "--image",
    type=click.Path(path_type=Path),
    help="A picture that both are run on: which layer answers differently first.",
)
@click.option("--exit-code", is_flag=True, help="Exit status 1 when they differ, as `git diff` has it.")
@settings_option("--set-a", "of_a", "The same for A alone.")
@settings_option("--set-b", "of_b", "The same for B alone.")
@network_options
def command(
    a: str,
    b: str,
    output: Path | None,
    width: float | None,
    theme: str | None,
    font: str | None,
    dpi: int | None,
    format_: str,
    weights: tuple[str, str] | None,
    image: Path | None,
    exit_code: bool,
    of_a: dict[str, str],
    of_b: dict[str, str],
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """What was changed from A to B: causes first, then what follows from them.

    A and B are networks in any format, or files out of git: HEAD:x.spec. Exit status 0 whether they differ or not,
    unless --exit-code asks.
    """
    look = {"width": width, "theme": theme, "font": font, "dpi": dpi}
    for name in (name for name, value in look.items() if value is not None and output is None):
        raise click.UsageError(f"--{name} is of the figure: give -o a name for that")
    own = parted([a, b], settings)
    one, mine = read_model(a, {**own[0], **of_a}, max_nodes)
    other, theirs = read_model(b, {**own[1], **of_b}, max_nodes)
    from cnngraph.comparison.compare import compare

    found = compare(one, other)
    chosen = _chosen(found, weights, (mine, theirs)) if weights or image else None
    numbers = _numbers(found, chosen) if weights and chosen else ()
    answers = _answers(found, chosen, image) if image and chosen else ()
    if output:
        _draw(found, output, width, theme, font, dpi)
    if format_ == "json":
        click.echo(json.dumps(record(found, numbers, answers), indent=2, ensure_ascii=False))
    else:
        click.echo(str(found))
        for line in [*_on_weights(numbers), *_on_answers(answers, image)]:
            click.echo(line)
    is_same = found.is_same and all(each.is_equal for each in numbers) and all(each.is_alike for each in answers)
    if exit_code and not is_same:
        sys.exit(1)


def _chosen(
    found: Comparison, asked: tuple[str, str] | None, brought: tuple[Weights | None, ...]
) -> tuple[Weights, Weights]:
    from cnngraph.cli.weights import Asked
    from cnngraph.weights.initialise import RandomWeights

    a, b = (
        Asked(weights, {}, None).choose(network, own, table=False)
        for network, weights, own in zip((found.a, found.b), asked or (None, None), brought, strict=True)
    )
    if asked is None and (isinstance(a, RandomWeights) or isinstance(b, RandomWeights)):
        raise click.UsageError("random weights answer at random: give --weights WA WB with --image")
    return a, b


def _numbers(found: Comparison, weights: tuple[Weights, Weights]) -> tuple[Difference, ...]:
    from cnngraph.weights.compared import differences

    return differences(found.a, weights[0], found.b, weights[1], found.layers)


def _answers(found: Comparison, weights: tuple[Weights, Weights], image: Path) -> tuple[Apart, ...]:
    from cnngraph.runtime.compared import apart

    live = found.a.live, found.b.live
    pairs = [
        (row.one.layers[-1].name, row.other.layers[-1].name)
        for row in found.rows
        if row.one is not None and row.other is not None and row.one.lead.inputs
    ]
    pairs = [(here, there) for here, there in pairs if here in live[0] and there in live[1]]
    return apart(found.a, weights[0], found.b, weights[1], pairs, image)


def _draw(
    found: Comparison, output: Path, width: float | None, theme: str | None, font: str | None, dpi: int | None
) -> None:
    from cnngraph.figure.writers import write
    from cnngraph.files import write as write_file
    from cnngraph.verbs import differences

    scene = differences(found, width, theme, font)
    for remark in scene.remarks:
        click.echo(remark, err=True)
    write_file(output, write(scene, output.suffix.lower().removeprefix("."), dpi=dpi))
    click.echo(output, err=True)


# In text -------------------------------------------------------------------------------------

_MOST = 10
"""How many tensors are named; those that differ most."""


def _on_weights(numbers: tuple[Difference, ...]) -> list[str]:
    if not numbers:
        return []
    other = [each for each in numbers if not each.is_equal]
    if not other:
        return [f"weights  all {len(numbers):,} tensors are equal"]
    lines = [f"weights  {len(other):,} of {len(numbers):,} tensors differ"]
    shown = sorted(other, key=_share, reverse=True)[:_MOST]
    width = max(len(each.a) for each in shown)
    for each in shown:
        if each.greatest is None:
            sizes = " → ".join("×".join(map(str, shape)) for shape in each.shapes)
            lines.append(f"  {each.a:<{width}}  {sizes}")
        else:
            lines.append(
                f"  {each.a:<{width}}  differs by up to {each.greatest:.2g}, its largest number is {each.largest:.2g}; "
                f"{100 * each.equal:.3g} % of its numbers are equal"
            )
    return [*lines, f"  and {len(other) - _MOST:,} more"] if len(other) > _MOST else lines


def _share(each: Difference) -> float:
    """The greatest difference of the largest number."""
    if each.greatest is None:
        return float("inf")
    return each.greatest / each.largest if each.largest else each.greatest


def _on_answers(answers: tuple[Apart, ...], image: Path | None) -> list[str]:
    if not answers:
        return []
    first = next((at for at, each in enumerate(answers) if not each.is_alike), None)
    if first is None:
        worst = max(each.difference or 0.0 for each in answers)
        return [f"on {image}  all {len(answers):,} units answer alike, but for {worst:.1e} of their largest numbers"]
    each = answers[first]
    name = each.a if each.a == each.b else f"{each.a} → {each.b}"
    lines = [f"on {image}  {name} is the first that answers differently: {_far(each)}"]
    if first:
        lines.append(f"  the {first:,} units before it answer alike")
    if (last := answers[-1]) is not each:
        lines.append(f"  {last.a}, the last: {_far(last)}")
    return lines


def _far(each: Apart) -> str:
    if each.difference is None:
        return "it makes another volume"
    return f"by up to {each.difference:.2g} of its largest number"


# As JSON -------------------------------------------------------------------------------------


def record(found: Comparison, numbers: tuple[Difference, ...] = (), answers: tuple[Apart, ...] = ()) -> dict[str, Any]:
    """The JSON: pairs are of A and B in this order; names those of layers."""
    a, b = found.a, found.b
    return {
        "a": {"name": a.name, "file": a.file},
        "b": {"name": b.name, "file": b.file},
        "verdict": found.verdict,
        "totals": {"layers": [len(a), len(b)], "params": [a.params, b.params], "macs": [a.macs, b.macs]},
        "what": [_change(each) for each in found.what],
        "rows": [_row(row) for row in found.rows],
        "wording": [{"layers": [mine, its], **_change(each)} for mine, its, each in found.wording],
        **({"weights": [_tensor(each) for each in numbers]} if numbers else {}),
        **({"answers": [_answer(each) for each in answers]} if answers else {}),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "a": list(row.a),
        "b": list(row.b),
        "what": [_change(each) for each in row.what],
        "params": list(row.params),
        "macs": list(row.macs),
    }


def _change(each: Change) -> dict[str, str]:
    return {"field": each.field, "a": each.a, "b": each.b}


def _tensor(each: Difference) -> dict[str, Any]:
    shapes = [list(shape) for shape in each.shapes]
    greatest = None if each.greatest is None else _number(each.greatest)
    return {"a": each.a, "b": each.b, "shapes": shapes, "greatest": greatest, "equal": each.equal}


def _answer(each: Apart) -> dict[str, Any]:
    difference = None if each.difference is None else _number(each.difference)
    return {"a": each.a, "b": each.b, "difference": difference, "alike": each.is_alike}


def _number(value: float) -> float | str:
    """As JSON has it, which knows nothing infinite."""
    return value if value != float("inf") else "infinite"

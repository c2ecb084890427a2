"""What commands that take weights share: `--weights`, `--rename`, `--seed`, and the report of what went where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnngraph.network import Network
from cnngraph.weights.readers import suffixes

if TYPE_CHECKING:
    from cnngraph.weights.match import Matching
    from cnngraph.weights.source import Weights


def _renames(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    renames = {}
    for value in values:
        lines = [value] if "=" in value else _lines(value)
        for line in lines:
            old, equals, new = line.partition("=")
            if not equals or not old.strip():
                raise click.BadParameter(f"{line!r} is not FROM=TO, as in features.0=conv1")
            renames[old.strip()] = new.strip()
    return renames


def _lines(file: str) -> list[str]:
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file!r} is neither FROM=TO nor a file of such lines: {error}") from None
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@dataclass(frozen=True)
class Asked:
    """Weights as the command line asks for them."""

    weights: str | None
    renames: dict[str, str]
    seed: int | None

    @property
    def anything(self) -> bool:
        return self != Asked(None, {}, None)

    def choose(self, network: Network, *, table: bool = True) -> Weights:
        """The weights; as a *table*, what of a file went where, and what is doubtful about it, on standard error."""
        from cnngraph.weights.choose import RANDOM, choose
        from cnngraph.weights.files import MatchedWeights

        if self.renames and self.weights in (None, RANDOM):
            raise click.UsageError("--rename is for the tensors of a file: give it with --weights")
        chosen = choose(network, self.weights, self.seed, self.renames)
        click.echo(f"{network.name} with {chosen.about}", err=True)
        if table and isinstance(chosen, MatchedWeights):
            for line in report(chosen.matching):
                click.echo(line, err=True)
        return chosen


def weight_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--weights``, ``--rename`` and ``--seed``, together as ``asked``."""

    @wraps(command)
    def together(*, weights: str | None, renames: dict[str, str], seed: int | None, **rest: Any) -> Any:
        return command(asked=Asked(weights, renames, seed), **rest)

    for option in (
        click.option("--seed", type=click.IntRange(min=0), help="Of random weights; 0 unless said."),
        click.option(
            "--rename",
            "renames",
            multiple=True,
            metavar="FROM=TO",
            callback=_renames,
            help="Another name for a tensor of W, or for all below a prefix; nothing after = leaves it out. "
            "Repeatable; or a file of such lines.",
        ),
        click.option(
            "--weights",
            metavar="W",
            help=f"A {suffixes('or')} file, or `random`. "
            "Unless said, those that ship for the network, else random ones.",
        ),
    ):
        together = option(together)
    return together


def report(matching: Matching) -> list[str]:
    """A table of what was not found under its own name, a line each layer; and the remarks."""
    from cnngraph.weights.match import shown

    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in matching.matches:
        own, _, weight = each.weight.rpartition(".")
        other, _, name = each.entry.name.rpartition(".")
        if each.how != "name":
            there = "" if name == weight else f" from {name}"
            rows.setdefault((own, other, each.how), []).append(f"{weight} {shown(each.entry.shape)}{there}")
    lines = []
    if rows:
        widths = [max(len(row[at]) for row in rows) for at in range(2)]
        how = {"order": "by order and shape", "rename": "renamed"}
        lines = [
            f"  {own:<{widths[0]}} <- {other:<{widths[1]}}  {how[kind]}: {', '.join(held)}"
            for (own, other, kind), held in rows.items()
        ]
    return lines + [f"  note: {remark}" for remark in matching.remarks]


def record(weights: Weights) -> dict[str, Any]:
    """The same as JSON: every weight with the tensor it is, its shape there, and how it was found."""
    from cnngraph.weights.files import MatchedWeights

    matching = weights.matching if isinstance(weights, MatchedWeights) else None
    return {
        "from": weights.about,
        "matches": [
            {"weight": each.weight, "tensor": each.entry.name, "shape": list(each.entry.shape), "by": each.how}
            for each in (matching.matches if matching else ())
        ],
        "notes": list(matching.remarks) if matching else [],
    }

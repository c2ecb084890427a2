"""What commands that take weights share: `--weights`, `--rename`, `--seed`, `--table`; and what went where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnngraph.network import Network
from cnngraph.weights.readers import suffixes

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts
    from cnngraph.weights.match import How, Matching
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
    table: bool = False
    """Whether all is to be said of what went where."""
    passthrough: str | None = None
    """The model that the network was imported from."""
    fresh: tuple[str, ...] = ()
    """Layers and blocks that are not to have the weights of the file."""

    @property
    def anything(self) -> bool:
        return self != Asked(None, {}, None)

    def model(self, network: Network, brought: Weights | None) -> tuple[Weights | None, Parts | None]:
        """The weights that come with *network*, those that its file *brought* or those of the model that it was
        imported from, and what is passed through from that model."""
        from cnngraph.fronts import model_of

        found = model_of(network, self.passthrough)
        return (brought, None) if found is None else (found.weights, found.parts)

    def choose(self, network: Network, brought: Weights | None = None, *, table: bool = True) -> Weights:
        """The weights; those that the network's file *brought* when no others are asked for, or that file is.

        Unless *table* is False, what of a file went where is said on standard error: in a line, and layer by layer when
        that is asked for, or when some have their own names and others were looked for.
        """
        from cnngraph.weights.choose import RANDOM, choose
        from cnngraph.weights.files import MatchedWeights

        is_own = brought is not None and self.weights is not None and Path(self.weights) == Path(network.file)
        weights = None if is_own else self.weights
        if self.renames and weights in (None, RANDOM):
            raise click.UsageError("--rename is for the tensors of a file: give it with --weights")
        if self.fresh and weights in (None, RANDOM):
            raise click.UsageError("--fresh is what is not taken from a file: give it with --weights")
        chosen = choose(network, weights, self.seed, self.renames, brought, self.fresh)
        if not isinstance(chosen, MatchedWeights) or weights is None:
            click.echo(f"{network.name} with {chosen.about}", err=True)
            return chosen
        ways = Counter(each.how for each in chosen.matching.matches)
        mixed = table and ways["name"] > 0 and ways["order"] > 0
        shown = self.table or mixed
        summary = ", ".join(f"{count:,} {_HOW[how]}" for how, count in ways.items())
        more = "" if shown or ways.keys() <= {"name"} else " (--table shows which)"
        click.echo(f"{network.name} with {chosen.about}: {summary}{more}", err=True)
        if shown:
            for line in rows(chosen.matching, whole=self.table):
                click.echo(line, err=True)
        for remark in chosen.matching.remarks if table else ():
            click.echo(f"  note: {remark}", err=True)
        return chosen


def weight_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--weights``, ``--rename``, ``--fresh``, ``--seed``, ``--table`` and ``--passthrough``, together as
    ``asked``."""

    @wraps(command)
    def together(
        *,
        weights: str | None,
        renames: dict[str, str],
        fresh: tuple[str, ...],
        seed: int | None,
        table: bool,
        passthrough: str | None,
        **rest: Any,
    ) -> Any:
        return command(asked=Asked(weights, renames, seed, table, passthrough, fresh), **rest)

    for option in (
        click.option(
            "--passthrough",
            metavar="MODEL.onnx",
            help="The model that a spec was imported from: what `opaque` lines stand for is passed through from it, "
            "and its weights are taken unless said.",
        ),
        click.option("--table", is_flag=True, help="Say of each layer which tensors of W it has."),
        click.option("--seed", type=click.IntRange(min=0), help="Of random weights; 0 unless said."),
        click.option(
            "--fresh",
            multiple=True,
            metavar="NAME",
            help="Random weights for a layer or block, whatever W has there: a head for other classes. Repeatable.",
        ),
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


_HOW: dict[How, str] = {"name": "by name", "order": "by order and shape", "rename": "renamed"}


def rows(matching: Matching, *, whole: bool = False) -> list[str]:
    """A table of which tensors are whose, a line each layer and way; of the *whole*, or of what was not found under its
    own name."""
    from cnngraph.weights.match import shown

    held: dict[tuple[str, str, How], list[str]] = {}
    for each in matching.matches:
        own, _, weight = each.weight.rpartition(".")
        other, _, name = each.entry.name.rpartition(".")
        there = "" if name == weight else f" from {name}"
        if not whole and each.how == "name":
            continue
        held.setdefault((own, other, each.how), []).append(f"{weight} {shown(each.entry.shape)}{there}")
    widths = [max((len(row[at]) for row in held), default=0) for at in range(2)]
    return [
        f"  {own:<{widths[0]}} <- {other:<{widths[1]}}  {_HOW[how]}: {', '.join(weights)}"
        for (own, other, how), weights in held.items()
    ]


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

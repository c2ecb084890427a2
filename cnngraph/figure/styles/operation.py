"""The style of the lecture's 1×1 convolution: one layer explained, input ∗ filter = output.

The window is marked on the one map and the cell that belongs to it on the other; below stands how the sizes, the
parameters and the multiply-accumulates come about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.field import Box
from cnngraph.figure.heading import heading
from cnngraph.figure.live import Live, key_height
from cnngraph.figure.page import SLIDE, height, too_narrow
from cnngraph.figure.picture import png_of
from cnngraph.figure.pictured import need_one_input
from cnngraph.figure.scene import Item, Scene, Text
from cnngraph.figure.styles.arithmetic import arithmetic, sentence
from cnngraph.figure.styles.bodies import Measure
from cnngraph.figure.styles.equation import LEADING, Part, Row
from cnngraph.figure.styles.example import Example, example
from cnngraph.figure.styles.maps import Filter, Map, Mark, scale_for
from cnngraph.figure.styles.numbers import Numbers, applies, cell_for, filter_of, made_of, source_of
from cnngraph.figure.styles.seen import Seen, box_of
from cnngraph.figure.styles.stops import drawn_volumes
from cnngraph.figure.styles.summed import summed
from cnngraph.figure.styles.vectors import Columns, Vector, Weights
from cnngraph.figure.text import ascent, descent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.layers.values import Pair
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer, Network
from cnngraph.units import Unit
from cnngraph.volume import Volume, as_int

_SLIDE_TEXT, _LEAST_TEXT = 14.0, 6.5
"""Points, as in the volumes style."""
_LARGEST, _PREFERRED, _SMALLEST = 12.0, 6.0, 4.0
"""Ems, the longest side of a front face: the most it grows to, the least before a row is added, the least at all."""
_MARGIN, _ROW_GAP = 0.9, 1.6
"""Ems: the page's border, and the air between rows."""
_HEADING = 0.7
"""How large the title is, compared with that of a whole network."""
_CAPTION, _FORMULA = 7.5, 13.0
"""Ems after which a caption goes on in a second line, and ems that the formulas need."""
_LISTED = 12
"""How many layers a message lists."""


def operation(
    network: Network,
    layer: str | None,
    *,
    width: float,
    theme: Theme,
    title: str | None = None,
    cell: Pair | None = None,
    picture: bytes | None = None,
    live: Callable[[], Live] | None = None,
) -> Scene:
    """The layer called *layer*, or the only convolution or pool, at most *width* points wide.

    *cell* is the row and column, from 0, of the cell that is marked: of the map that it makes, or of its input where
    that is what windows belong to, as in a transposed convolution. On the *picture*, an image file, is what it sees.

    Raises `CnngraphError` when there is no such layer (E0611), when it is of a kind that the style does not
    show (E0612), when none is named and several could be meant (E0613), for a cell that there is not (E0620), for
    a picture that cannot be read (E0605) or does not stand for one input (E0814), and when the width is too small
    (E0604).
    """
    shown = chosen(network, layer)
    made = None if live is None else live()
    title = title or _title(network, shown)
    em = max(_LEAST_TEXT, _SLIDE_TEXT * min(width, SLIDE) / SLIDE)
    margin = _MARGIN * em
    words = _Words.of(shown, em, width - 2 * margin)
    source, sizes = network[shown.inputs[0]], drawn_volumes(network)
    if made is not None:
        sizes |= made.volumes(network.inputs[0].name)
    seen = None
    if isinstance(shown.kind, Windowed):
        seen = example(shown, sizes[source.name], cell)
    elif cell is not None:
        raise CnngraphError.of("E0620", f"`{shown.name}` makes a vector, which has no cells", help="leave --cell out")
    parts = _parts(source, shown, seen, em, theme)
    if picture is not None:
        panel = _panel(network, shown, seen, picture, sizes, em, theme, is_whole=made is not None)
        parts = _pictured(panel, parts)
    numbers = [] if seen is None else _numbers(source, shown, seen, em, theme)
    if made is not None:
        numbers = [] if seen is None else summed(network, shown, seen, made, em, width, theme)
    numbers = [row for row in numbers if row.width <= width - 2 * margin]
    if made is not None and not numbers:
        raise _unnumbered(shown)
    head = heading(title, _HEADING * em, width, margin, theme)
    left = height(width) - head.y - words.height - margin - _ROW_GAP * em
    left -= math.fsum(row.height + _ROW_GAP * em for row in numbers)
    left -= 0.0 if made is None else key_height(made, em)
    rows = _fitted(parts, em, width, left if numbers else math.inf, grows=made is None)
    if made is not None or math.fsum(row.height + _ROW_GAP * em for row in rows) <= left:
        rows = [*numbers, *rows]
    used = max(words.width, text_width(head.content, head.font, head.size), *(row.width for row in rows))
    items: list[Item] = [head]
    y = head.y + _ROW_GAP * em
    for row in rows:
        items += row.draw(margin + (used - row.width) / 2, y, theme)
        y += row.height + _ROW_GAP * em
    items += words.draw(margin + (used - words.width) / 2, y, theme)
    return Scene(
        width=used + 2 * margin,
        height=y + words.height + margin,
        items=tuple(items),
        title=title,
        description="; ".join([sentence(shown), *(" ".join(row) for row in arithmetic(shown))]),
        background=theme.background,
    )


def _unnumbered(shown: Layer) -> CnngraphError:
    return CnngraphError.of(
        "E0608",
        f"the figure of `{shown.name}` has no place for a network's numbers (--live)",
        reason="it shows those of a window of a convolution or a pool, of a small one on a page that is wide enough",
        help="leave --live out; --style volumes shows all maps",
    )


def _title(network: Network, shown: Layer) -> str:
    """The network's, and the layer's name or label, where there are others that could be meant."""
    name = network.title or network.name
    if shown.label:
        return f"{name}: {shown.label}"
    return name if [layer for layer in network if sentence(layer)] == [shown] else f"{name}: {shown.name}"


# Which layer ---------------------------------------------------------------------------------


def chosen(network: Network, name: str | None) -> Layer:
    """The layer to be shown. Raises `CnngraphError` as `operation` does."""
    shown = [layer for layer in network if sentence(layer)]
    if name is None:
        candidates = [layer for layer in shown if isinstance(layer.kind, Windowed)] or shown
        if len(candidates) == 1:
            return candidates[0]
        raise CnngraphError.of(
            "E0613",
            "the style `operation` explains one layer; which?" if candidates else _nothing(network),
            file=network.file,
            reason=f"{network.name} has {_listed(candidates)}" if candidates else "",
            help=f"--layer {candidates[0].name}" if candidates else "",
        )
    found = network.by_name.get(name)
    if found is None and name in network.blocks:
        inside = [layer for layer in shown if f"{layer.block}.".startswith(f"{name}.")]
        raise CnngraphError.of(
            "E0611",
            f"`{name}` is a block, and the style `operation` explains one layer",
            file=network.file,
            reason=f"in it are {_listed(inside)}" if inside else "",
            help=f"--layer {inside[0].name}" if inside else "",
        )
    if found is None:
        raise CnngraphError.of(
            "E0611",
            f"{network.name} has no layer `{name}`",
            file=network.file,
            reason=f"the style `operation` can show {_listed(shown)}" if shown else _nothing(network),
            help=_near(name, [layer.name for layer in shown]),
        )
    if not sentence(found):
        lead = network.by_name.get(found.unit)
        raise CnngraphError.of(
            "E0612",
            "the style `operation` shows convolutions, pools and fully connected layers;"
            f" `{name}` is none of them ({found.kind.caption().name})",
            file=network.file,
            reason=f"in {network.name} it can show {_listed(shown)}" if shown else _nothing(network),
            help=f"--layer {lead.name}" if lead is not None and sentence(lead) else "",
        )
    return found


def _nothing(network: Network) -> str:
    return f"{network.name} has no convolution, pool or fully connected layer"


def _listed(layers: Sequence[Layer]) -> str:
    names = [layer.name for layer in layers[:_LISTED]]
    more = len(layers) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _near(name: str, names: list[str]) -> str:
    """A question after the layer that was probably meant; a name without its block counts."""
    from difflib import get_close_matches

    inside = [each for each in names if each.endswith(f".{name}")]
    near = inside[:1] or get_close_matches(name, names, n=1)
    return f"did you mean `{near[0]}`?" if near else ""


# Parts and rows ------------------------------------------------------------------------------


def _fitted(parts: _Parts, em: float, width: float, left: float, *, grows: bool) -> list[Row]:
    """*parts* in as few rows as the preferred scale needs, at the largest scale that needs no more and is not
    higher than what is *left*, if that can be; else at the largest of all if it *grows*, or the preferred one."""
    room = width - 2 * _MARGIN * em

    def count(side: float) -> int:
        return len(_rows(parts(side * em), em, room))

    least = next((side for side in (_PREFERRED, _SMALLEST) if count(side)), None)
    if least is None:
        raise too_narrow(width, max(Row((part,), em).width for part in parts(_SMALLEST * em)) + 2 * _MARGIN * em)
    most = count(least)

    def fits(side: float) -> bool:
        rows = _rows(parts(side * em), em, room)
        return 0 < len(rows) <= most and math.fsum(row.height + _ROW_GAP * em for row in rows) <= limit

    limit = left
    low, high = next((side for side in (least, _SMALLEST) if fits(side)), least), _LARGEST
    limit = left if fits(low) else math.inf if grows else 0.0
    for _ in range(8):
        side = (low + high) / 2
        low, high = (side, high) if fits(side) else (low, side)
    return _rows(parts(low * em), em, room)


def _rows(parts: tuple[Part, ...], em: float, room: float) -> list[Row]:
    """*parts* in rows no wider than *room*; none when one of them is wider."""
    rows: list[Row] = []
    for part in parts:
        longer = Row((*rows[-1].parts, part), em) if rows else None
        if longer is not None and longer.width <= room:
            rows[-1] = longer
        else:
            rows.append(Row((part,), em))
            if rows[-1].width > room:
                return []
    return rows


_Parts = Callable[[float], tuple[Part, ...]]
"""What is drawn, as a function of the length of the longest side."""


def _parts(source: Layer, layer: Layer, shown: Example | None, em: float, theme: Theme) -> _Parts:
    if shown is None:
        return lambda side: (_dense(source, layer, em, side, theme),)
    return lambda side: _windowed(source, layer, shown, em, side, theme)


def _pictured(panel: Callable[[float], Part], parts: _Parts) -> _Parts:
    """*parts* behind *panel*."""

    def drawn(side: float) -> tuple[Part, ...]:
        first, *others = parts(side)
        return (panel(side), replace(first, sign="→"), *others)

    return drawn


def _panel(
    network: Network,
    layer: Layer,
    shown: Example | None,
    picture: bytes,
    sizes: Mapping[str, Volume],
    em: float,
    theme: Theme,
    *,
    is_whole: bool,
) -> Callable[[float], Part]:
    """The picture that goes in, cut to the shape of the input or whole, and on it what the marked cell sees."""
    port = need_one_input(network)
    height, width, channels = map(as_int, sizes[port.name].dims)
    if shown is None:
        box: Box | None = Box(0, 0, height - 1, width - 1)
        said = "each number sees all of it"
    else:
        of = network[layer.inputs[0]] if shown.spreads else layer
        box = box_of(network, of, (shown.rows.cell, shown.columns.cell), (height, width))
        said = "the cell sees nothing" if box is None else f"the cell sees {box.height}×{box.width}"
    png = png_of(picture, None if is_whole else width / height, grey=channels == 1)
    lines = (port.output.caption, said)
    return lambda side: Part(
        "", Seen(f"{layer.name}.field", png, (height, width), box, side, em, theme), lines, port.name + ".picture",
        "decoration", _about(port),
    )  # fmt: skip


# A window that slides ------------------------------------------------------------------------


def _windowed(
    source: Layer, layer: Layer, shown: Example, em: float, side: float, theme: Theme
) -> tuple[Part, Part, Part]:
    """Input ∗ filter = output."""
    rows, columns = shown.rows, shown.columns
    over, other = (shown.made, shown.source) if shown.spreads else (shown.source, shown.made)
    lengths = (*other[:2], over[0] + sum(rows.padding), over[1] + sum(columns.padding))
    scale = scale_for(em, side, lengths, (over[2], other[2]), theme)
    padding = (rows.padding[0], columns.padding[0], rows.padding[1], columns.padding[1])
    window, cell = (rows.taps, columns.taps), (_single(rows.cell), _single(columns.cell))
    if shown.spreads:
        seen, made = _mark(layer, "cell", cell, shown.depth), _mark(layer, "window", window, 1)
        volume = Map(scale, shown.source, seen, groups=_groups(layer))
        outcome = Map(scale, shown.made, made, padding)
    else:
        seen, made = _mark(layer, "window", window, shown.depth), _mark(layer, "cell", cell, 1)
        volume = Map(scale, shown.source, seen, padding, _groups(layer))
        outcome = Map(scale, shown.made, made)
    mark = replace(seen, rows=window[0], columns=window[1])
    apart = Filter(outcome if shown.spreads else volume, mark, shown.source[2])
    size = (_filter_size(layer, shown), *_filter_words(layer, apart, em))
    result = tuple(_broken(_made(layer), max(outcome.width, _CAPTION * em), em))
    about = f"{layer.name}: {sentence(layer)}"
    return (
        Part("", volume, (source.output.caption,), source.name, "layer", _about(source)),
        Part(layer.kind.caption().sign, apart, size, f"{layer.name}.filter", "decoration", about),
        Part("=", outcome, result, layer.name, "layer", _about(layer)),
    )


def _numbers(source: Layer, layer: Layer, shown: Example, em: float, theme: Theme) -> list[Row]:
    """The same in numbers, for one channel of a map that is small."""
    if not source.output.is_fixed or not applies(layer, shown):
        return []
    rows, columns = shown.rows, shown.columns
    given, weights = source_of(*shown.source[:2]), filter_of(*shown.window)
    made = made_of(layer, shown)
    of, part = shown.source[2], f"{layer.name}.numbers"
    sizes = [f"{len(grid)}×{len(grid[0])}" for grid in (given, weights, made)]
    one = [f"1 of {of} channels" if of > 1 else ""]
    one += [f"1 of {shown.depth} channels", "its part of the sum"] if shown.depth > 1 else ["", ""]
    cell = cell_for((given, weights, made), em)
    drawn = [
        Numbers(given, rows.taps, columns.taps, cell, em, theme),
        Numbers(weights, (), (), cell, em, theme),
        Numbers(made, _single(rows.cell), _single(columns.cell), cell, em, theme),
    ]
    signs = ["", layer.kind.caption().sign, "="]
    row = Row(
        tuple(
            Part(sign, body, (size, *filter(None, [words])), f"{part}.{number}", "decoration", "an example")
            for number, (sign, body, size, words) in enumerate(zip(signs, drawn, sizes, one, strict=True), start=1)
        ),
        em,
    )
    return [row]


def _single(cell: int) -> range:
    return range(cell, cell + 1)


def _mark(layer: Layer, word: str, cells: tuple[range, range], channels: int) -> Mark:
    """Its title counts from 1: ``window: rows 3 to 5, columns 2 to 4``."""
    places = []
    for axis, taps in zip(("row", "column"), cells, strict=True):
        first, last = taps[0] + 1, taps[-1] + 1
        places.append(f"{axis} {first}" if first == last else f"{axis}s {first} to {last}")
    return Mark(f"{layer.name}.{word}", f"{word}: {', '.join(places)}", *cells, channels)


def _groups(layer: Layer) -> int:
    return layer.kind.groups if isinstance(layer.kind, Windowed) else 1


def _about(layer: Layer) -> str:
    return Unit((layer,), layer.inputs).about


def _filter_size(layer: Layer, shown: Example) -> str:
    """``11×11×3``; a pool's window has no depth of its own."""
    kind, (source,) = layer.kind, layer.input_volumes
    if kind.family == "pool":
        height, width = (source.height, source.width) if kind.reach((source,)) is None else shown.window
        return f"{height}×{width}"
    return f"{shown.window[0]}×{shown.window[1]}×{shown.depth}"


def _filter_words(layer: Layer, apart: Filter, em: float) -> list[str]:
    """``s = 2, p = 1``, and how much larger the filter is drawn than on its map."""
    caption = layer.kind.caption()
    words = []
    if caption.stride is not None:
        down, across = caption.stride
        words.append(f"s = {down}" if down == across else f"s = {down}×{across}")
    words += [word for word in (caption.padding, *caption.details) if word]
    phrases = [*(f"{word}," for word in words[:-1]), *words[-1:]]
    lines = _broken(phrases, max(apart.width, _CAPTION * em), em)
    times = apart.enlarged
    if times > 1:
        lines.append(f"drawn {times:.0f}× larger" if times >= 10 else f"drawn {times:.2g}× larger")
    return lines


def _made(layer: Layer) -> list[str]:
    """``6×6×16``, ``(16 filters)``"""
    caption, count = layer.output.caption, layer.output.channels
    if layer.kind.family == "pool":
        return [caption]
    return [caption, "(1 filter)" if count == 1 else f"({count} filters)"]


# Fully connected -----------------------------------------------------------------------------


def _dense(source: Layer, layer: Layer, em: float, side: float, theme: Theme) -> Part:
    """Both vectors and the weights between them."""
    sizes = as_int(source.output.channels), as_int(layer.output.channels)
    columns = Columns(
        Measure(em, side, max(sizes), 1, theme),
        Vector(source.name, _about(source), sizes[0]),
        Vector(layer.name, _about(layer), sizes[1]),
        Weights(f"{layer.name}.weight", f"{layer.name}: {sentence(layer)}"),
    )
    return Part("", columns, (), "", "decoration", "")


# Words ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """What the layer does, and below it the arithmetic as a table of labels and formulas, in broken lines."""

    em: float
    sentence: list[str]
    table: list[tuple[str, list[str]]]
    indent: float
    """Where the formulas begin."""

    @classmethod
    def of(cls, layer: Layer, em: float, room: float) -> _Words:
        rows = arithmetic(layer)
        indent = max(text_width(label, "serif", em) for label, _ in rows) + em
        if room < indent + _FORMULA * em:
            raise too_narrow(room + 2 * _MARGIN * em, indent + (_FORMULA + 2 * _MARGIN) * em)
        name = fit(f"{layer.name}:", "serif", em, room)
        table = [(label, _broken(formula.split(" "), room - indent, em)) for label, formula in rows]
        return cls(em, _broken([name, *sentence(layer).split(" ")], room, em), table, indent)

    @property
    def width(self) -> float:
        ends = [text_width(line, "serif", self.em) for line in self.sentence]
        ends += [self.indent + text_width(line, "serif", self.em) for _, lines in self.table for line in lines]
        return max(ends)

    @property
    def height(self) -> float:
        count = len(self.sentence) + sum(len(lines) for _, lines in self.table)
        return ascent("serif", self.em) + (count - 1) * LEADING * self.em + descent("serif", self.em)

    def draw(self, x: float, y: float, theme: Theme) -> Iterator[Text]:
        em, baseline = self.em, y + ascent("serif", self.em)
        for line in self.sentence:
            yield Text(x, baseline, line, em, fill=theme.ink)
            baseline += LEADING * em
        for label, lines in self.table:
            yield Text(x, baseline, label, em, fill=theme.faint)
            for line in lines:
                yield Text(x + self.indent, baseline, line, em, fill=theme.ink)
                baseline += LEADING * em


def _broken(phrases: Sequence[str], room: float, em: float) -> list[str]:
    """*phrases* in lines no wider than *room*, if each of them is not."""
    lines: list[str] = []
    for phrase in phrases:
        longer = f"{lines[-1]} {phrase}" if lines else phrase
        if lines and text_width(longer, "serif", em) <= room:
            lines[-1] = longer
        else:
            lines.append(phrase)
    return lines

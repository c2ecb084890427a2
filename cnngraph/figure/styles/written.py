"""A residual block written out: Linear, ReLU, Linear, ⊕, ReLU, the short cut above and the formulas below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import fsum

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Sign
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import Circle, Curve, Group, Item, Line, Move, Path, Primitive, Scene, Stroke, Text, edge
from cnngraph.figure.shapes import arrow, arrowhead
from cnngraph.figure.spine import Arc, Spine, spine
from cnngraph.figure.styles.columns import LEAST_TEXT, SLIDE_TEXT, script_width, scripted
from cnngraph.figure.text import ascent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import adds, is_sum, levels
from cnngraph.network import Layer, Network

_MARGIN, _ARROW, _AIR = 1.0, 2.6, 0.4
"""Ems: the page's border, an arrow's length, and the air beside it."""
_RISE, _LEVEL = 2.6, 2.2
"""Ems: how high the short cut runs above the path, and the next one above it."""
Term = tuple[str, str] | str
"""A letter with its superscript, or signs between."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One word on the path."""

    layer: Layer
    x: float
    """Its middle."""
    width: float


def written(network: Network, *, width: float, theme: Theme, title: str | None) -> Scene:
    """*network*, one path with shortcuts over it, layer by layer on one line.

    Raises `CnngraphError` when it is not that (E0606), or too long for a line of *width* points (E0604).
    """
    path = spine(network, "units")
    em = max(LEAST_TEXT, SLIDE_TEXT * min(width, SLIDE) / SLIDE)
    layers = [layer for unit in path.units for layer in unit.layers if not layer.kind.idle]
    places, end = _places(layers, em)
    heights = levels([(arc.source + 1, arc.join) for arc in path.arcs])
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + 1.2 * em)
    y += (_RISE + _LEVEL * (max(heights, default=1) - 1) + 1.6) * em if path.arcs else em
    items: list[Item] = [] if head is None else [head]
    items += _path(places, {_tail(path, arc).name for arc in path.arcs}, y, em, theme)
    tip = end + _ARROW * em
    items.append(
        Group(
            "out", "decoration", (*_arrow(end + _AIR * em, tip, y, em, theme), *_last(path, places, tip, y, em, theme))
        )
    )
    right = tip + 0.4 * em + script_width("a", "[l+0]", em)
    items += _arcs(path, places, heights, y, em, theme)
    if path.arcs:
        items += _bracket(places[0].x - places[0].width / 2, right, y + 1.2 * em, em, theme)
        y += 3.0 * em
    formulas = _formulas(path)
    rows: list[list[list[Term]]] = []
    for formula in formulas:
        wide = _formula_width(formula, em)
        if rows and fsum(_formula_width(f, em) + 2 * em for f in rows[-1]) + wide <= max(
            width - 2 * _MARGIN * em, wide
        ):
            rows[-1].append(formula)
        else:
            rows.append([formula])
    for row in rows:
        y += 2.4 * em
        x = _MARGIN * em
        for formula in row:
            items.append(Group("formula", "decoration", tuple(_formula(formula, x, y, em, theme))))
            x += _formula_width(formula, em) + 2 * em
        right = max(right, x - 2 * em)
    if head is not None:
        right = max(right, head.x + text_width(head.content, head.font, head.size))
    if right + _MARGIN * em > width + 0.01:
        raise CnngraphError.of(
            "E0604",
            f"{network.name} is too long to be written out on one line",
            reason=f"it takes {right + _MARGIN * em:.0f} pt, and there are {width:g}",
            help="leave --no-fold out: text grows with --width",
        )
    return Scene(
        width=right + _MARGIN * em,
        height=y + (_MARGIN + 0.8) * em,
        items=tuple(items),
        title=title or network.title or network.name,
        description=", ".join(f"{layer.name} {layer.output.caption}" for layer in layers),
        background=theme.background,
    )


def _word(layer: Layer) -> str:
    if layer.label or not layer.inputs:
        return layer.label
    caption = layer.kind.caption()
    match layer.kind.family:
        case "dense":
            return "Linear"
        case "conv":
            return caption.name[:1].upper() + caption.name[1:]
        case "norm":
            return caption.short
    return caption.name


def _places(layers: list[Layer], em: float) -> tuple[list[_Place], float]:
    found: list[_Place] = []
    x = _MARGIN * em
    for layer in layers:
        if not layer.inputs:
            wide = script_width("a", "[l]", em) if layer.name == "a" else text_width(layer.name, "serif", em)
        else:
            wide = 1.5 * em if adds(layer) else text_width(_word(layer), "serif", em)
        x += (_ARROW + 2 * _AIR) * em if found else 0.0
        found.append(_Place(layer, x + wide / 2, wide))
        x += wide
    return found, x


def _arrow(start: float, tip: float, y: float, em: float, theme: Theme) -> tuple[Primitive, ...]:
    return arrow((start, y), (tip, y), Stroke(theme.ink, 0.085 * em), 0.65 * em)


def _path(places: list[_Place], tapped: set[str], y: float, em: float, theme: Theme) -> Iterator[Item]:
    """What stands on the line; behind the layers in *tapped* a short cut leaves."""
    weighted = 0
    for number, place in enumerate(places):
        layer = place.layer
        if number:
            before = places[number - 1]
            start, tip = before.x + before.width / 2 + _AIR * em, place.x - place.width / 2 - _AIR * em
            drawn = list(_arrow(start, tip, y, em, theme))
            named = before.layer.kind.family == "activation" and before.layer.name not in tapped
            if layer.kind.family == "dense" and weighted and named:
                drawn += scripted((start + tip) / 2, y - 0.5 * em, "a", f"[l+{weighted}]", em, theme.ink)
            yield edge(before.layer.name, layer.name, drawn)
        weighted += layer.kind.family in ("dense", "conv")
        about = f"{layer.name}: {layer.output.caption}"
        if adds(layer):
            yield from Sign(Measure(em, 0.0, theme), layer.name, "+", about, (layer.name,)).draw(place.x - 0.75 * em, y)
        elif not layer.inputs and layer.name == "a":
            letter = tuple(scripted(place.x, y + 0.3 * em, "a", "[l]", em, theme.ink))
            yield Group(layer.name, "layer", letter, about, layers=(layer.name,))
        else:
            word = Text(place.x, y + 0.33 * em, _word(layer) or layer.name, em, "serif", "middle", fill=theme.ink)
            yield Group(layer.name, "layer", (word,), about, layers=(layer.name,))


def _last(path: Spine, places: list[_Place], x: float, y: float, em: float, theme: Theme) -> list[Text]:
    weighted = sum(unit.weighted for unit in path.units)
    script = f"[l+{weighted}]" if path.units[0].name == "a" else "[l]"
    letter = "z" if places[-1].layer.kind.family in ("dense", "conv", "norm") else "a"
    return scripted(x + 0.4 * em, y + 0.3 * em, letter, script, em, theme.ink, "start")


def _tail(path: Spine, arc: Arc) -> Layer:
    """The layer on the line behind which *arc* leaves."""
    before = (layer for unit in path.units[arc.source :: -1] for layer in unit.layers[::-1])
    return next(layer for layer in before if not layer.kind.idle)


def _arcs(path: Spine, places: list[_Place], levels: list[int], y: float, em: float, theme: Theme) -> Iterator[Item]:
    """From a dot behind the source, above all, and down onto the join: before its non-linearity."""
    at = {place.layer.name: place for place in places}
    ends: list[tuple[float, float]] = []
    for arc, level in zip(path.arcs, levels, strict=True):
        tail, join = at[_tail(path, arc).name], at[path.units[arc.join].name]
        beside = sorted(other for each, other in zip(path.arcs, levels, strict=True) if each.join == arc.join)
        land = join.x + (beside.index(level) - (len(beside) - 1) / 2) * 0.6 * em
        ends.append((tail.x + tail.width / 2 + (_AIR + 0.7) * em, land))
    for number, (arc, level, (tap, land)) in enumerate(zip(path.arcs, levels, ends, strict=True)):
        source, join_name = _tail(path, arc).name, path.units[arc.join].name
        floor = y - (0.75 if is_sum(path.units[arc.join]) else 0.55) * em
        top, bend = y - (_RISE + _LEVEL * (level - 1)) * em, 0.5 * em
        dash = (0.3 * em, 0.22 * em) if arc.through else ()
        steps = (
            Move((tap, y)),
            Line((tap, top + bend)),
            Curve((tap, top + 0.4 * bend), (tap + 0.6 * bend, top), (tap + bend, top)),
            Line((land - bend, top)),
            Curve((land - 0.4 * bend, top), (land, top + 0.6 * bend), (land, top + bend)),
            Line((land, floor - 0.5 * em)),
        )
        drawn: list[Primitive] = [
            Circle(tap, y, 0.17 * em, theme.ink),
            Path(steps, Stroke(theme.ink, 0.085 * em, dash)),
            arrowhead((land, floor), (0.0, 1.0), 0.65 * em, theme.ink),
        ]
        words = "“short cut” / skip connection"
        half, middle = text_width(words, "serif", em) / 2, (tap + land) / 2
        free = all(abs(x - middle) > half + 0.2 * em for x in chain.from_iterable(ends))
        if number == 0 and free:
            drawn.append(Text(middle, top - 0.45 * em, words, em, "serif", "middle", fill=theme.ink))
        layers = tuple(name for unit in arc.through for name in unit.names)
        made = edge(source, join_name, drawn, "shortcut", layers)
        yield made._replace(id=made.id + path.mark(arc))


def _bracket(left: float, right: float, y: float, em: float, theme: Theme) -> Iterator[Item]:
    line = Path(
        (Move((left, y)), Line((left, y + 0.5 * em)), Line((right, y + 0.5 * em)), Line((right, y))),
        Stroke(theme.faint, 0.07 * em),
    )
    words = Text((left + right) / 2, y + 1.7 * em, "“main path”", em, "serif", "middle", fill=theme.ink)
    yield Group("main-path", "decoration", (line, words))


def _formulas(path: Spine) -> list[list[Term]]:
    """``z = W a + b`` and ``a = g(z)`` of every fully connected layer, as the path has them; none for a path of which
    they do not say all: with other layers, weights used twice, several projections, or two sums of one layer."""
    value: Term = ("a", "[l]") if path.units[0].name == "a" else ("x", "")
    values = [value]
    arcs: dict[int, list[Arc]] = {}
    for arc in path.arcs:
        arcs.setdefault(arc.join, []).append(arc)
    projections = [unit for arc in path.arcs for unit in arc.through]
    does = [[layer for layer in unit.layers if not layer.kind.idle] for unit in path.units]
    words = {layer.kind.word for layers in does for layer in layers[1:]}
    if len(projections) > 1 or any(unit.lead.kind.family != "dense" or len(unit.layers) > 1 for unit in projections):
        return []
    found: list[list[Term]] = []
    defined: list[Term] = []
    layer = 0
    for number, unit in enumerate(path.units[1:], start=1):
        silent = does[number][1:] if does[number] else []
        if unit.shares or any(each.kind.family != "activation" for each in silent) or len(silent) > 1:
            return []
        layer += unit.weighted
        script = f"[l+{layer}]"
        g: Term = "g" if len(words) == 1 else ("g", script)
        if unit.lead.kind.family == "dense" and number not in arcs:
            bias: list[Term] = [" + ", ("b", script)] if "bias" in unit.lead.parameters else []
            inner: list[Term] = [("z", script)]
            found.append([*inner, " = ", ("W", script), " ", value, *bias])
            defined.append(value := ("z", script))
        elif is_sum(unit) and number in arcs:
            inner = [value]
            for arc in arcs[number]:
                projection: list[Term] = [("W", "s"), " "] if arc.through else []
                shift: list[Term] = (
                    [" + ", ("b", "s")] if arc.through and "bias" in projections[0].lead.parameters else []
                )
                inner += [" + ", *projection, values[arc.source], *shift]
        elif unit.idle:
            values.append(value)
            continue
        else:
            return []
        if silent:
            found.append([("a", script), " = ", g, "(", *inner, ")"])
        elif number in arcs:
            found.append([("a", script), " = ", *inner])
        if silent or number in arcs:
            defined.append(value := ("a", script))
        values.append(value)
    return found if len(defined) == len(set(defined)) else []


def _formula_width(formula: list[Term], em: float) -> float:
    return fsum(_term_width(term, em) for term in formula)


def _term_width(term: Term, em: float) -> float:
    if isinstance(term, str):
        return text_width(term, "serif-italic" if term == "g" else "serif", em) + 1.1
    return script_width(*term, em) + 1.1


def _formula(formula: list[Term], x: float, y: float, em: float, theme: Theme) -> Iterator[Text]:
    for term in formula:
        if isinstance(term, str):
            if term.strip():
                yield Text(x, y, term, em, "serif-italic" if term == "g" else "serif", fill=theme.ink)
        else:
            yield from (text for text in scripted(x, y, *term, em, theme.ink, "start") if text.content)
        x += _term_width(term, em)

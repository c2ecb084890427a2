"""A residual block written out: Linear, ReLU, Linear, ⊕, ReLU, the short cut above and the formulas below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Sign
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import Circle, Curve, Group, Item, Line, Move, Path, Primitive, Scene, Stroke, Text
from cnngraph.figure.shapes import arrow, arrowhead
from cnngraph.figure.spine import Spine, spine
from cnngraph.figure.styles.columns import LEAST_TEXT, SLIDE_TEXT, script_width, scripted
from cnngraph.figure.text import ascent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
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
    em = max(LEAST_TEXT, SLIDE_TEXT * width / SLIDE)
    layers = [layer for unit in path.units for layer in unit.layers if not layer.kind.idle]
    places, end = _places(layers, em)
    if end + (_ARROW + 3) * em > width:
        raise CnngraphError.of(
            "E0604",
            f"{network.name} is too long to be written out on one line",
            reason=f"it takes {end + (_ARROW + 3) * em:.0f} pt, and there are {width:g}",
            help="leave --no-fold out, or give it a larger --width",
        )
    levels = _levels(path)
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + 1.2 * em)
    y += (_RISE + _LEVEL * (max(levels, default=1) - 1) + 1.6) * em if path.arcs else em
    items: list[Item] = [] if head is None else [head]
    items += _path(places, y, em, theme)
    tip = end + _ARROW * em
    items.append(
        Group("out", "decoration", (*_arrow(end + _AIR * em, tip, y, em, theme), *_last(path, tip, y, em, theme)))
    )
    right = tip + 0.4 * em + script_width("a", "[l+0]", em)
    items += _arcs(path, places, levels, y, em, theme)
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
    return Scene(
        width=right + _MARGIN * em,
        height=y + (_MARGIN + 0.8) * em,
        items=tuple(items),
        title=title or network.title or network.name,
        description=", ".join(f"{layer.name} {layer.output.caption}" for layer in layers),
        background=theme.background,
    )


def _word(layer: Layer) -> str:
    if not layer.inputs:
        return ""
    caption = layer.kind.caption()
    match layer.kind.family:
        case "dense":
            return "Linear"
        case "conv":
            return caption.name[:1].upper() + caption.name[1:]
        case "norm":
            return caption.short
    return caption.name


def _is_sum(layer: Layer) -> bool:
    return layer.kind.family == "join" and layer.kind.caption().sign == "+"


def _places(layers: list[Layer], em: float) -> tuple[list[_Place], float]:
    found: list[_Place] = []
    x = _MARGIN * em
    for layer in layers:
        if not layer.inputs:
            wide = script_width("a", "[l]", em) if layer.name == "a" else text_width(layer.name, "serif", em)
        else:
            wide = 1.5 * em if _is_sum(layer) else text_width(_word(layer), "serif", em)
        x += (_ARROW + 2 * _AIR) * em if found else 0.0
        found.append(_Place(layer, x + wide / 2, wide))
        x += wide
    return found, x


def _arrow(start: float, tip: float, y: float, em: float, theme: Theme) -> tuple[Primitive, ...]:
    return arrow((start, y), (tip, y), Stroke(theme.ink, 0.085 * em), 0.65 * em)


def _path(places: list[_Place], y: float, em: float, theme: Theme) -> Iterator[Item]:
    linear = 0
    for number, place in enumerate(places):
        layer = place.layer
        if number:
            before = places[number - 1]
            start, tip = before.x + before.width / 2 + _AIR * em, place.x - place.width / 2 - _AIR * em
            drawn = list(_arrow(start, tip, y, em, theme))
            if layer.kind.family == "dense" and linear:
                drawn += scripted((start + tip) / 2, y - 0.5 * em, "a", f"[l+{linear}]", em, theme.ink)
            data = (("src", before.layer.name), ("dst", layer.name))
            yield Group(f"{before.layer.name}--{layer.name}", "edge", tuple(drawn), data=data)
        linear += layer.kind.family in ("dense", "conv")
        about = f"{layer.name}: {layer.output.caption}"
        if _is_sum(layer):
            yield from Sign(Measure(em, 0.0, theme), layer.name, "+", about, (layer.name,)).draw(place.x - 0.75 * em, y)
        elif not layer.inputs and layer.name == "a":
            letter = tuple(scripted(place.x, y + 0.3 * em, "a", "[l]", em, theme.ink))
            yield Group(layer.name, "layer", letter, about, layers=(layer.name,))
        else:
            word = Text(place.x, y + 0.33 * em, _word(layer) or layer.name, em, "serif", "middle", fill=theme.ink)
            yield Group(layer.name, "layer", (word,), about, layers=(layer.name,))


def _last(path: Spine, x: float, y: float, em: float, theme: Theme) -> list[Text]:
    weighted = sum(unit.weighted for unit in path.units)
    script = f"[l+{weighted}]" if path.units[0].name == "a" else "[l]"
    return scripted(x + 0.4 * em, y + 0.3 * em, "a", script, em, theme.ink, "start")


def _levels(path: Spine) -> list[int]:
    """For each arc how many lie within it, and itself."""
    found = []
    for arc in path.arcs:
        inside = [other for other in path.arcs if arc.source <= other.source and other.join <= arc.join]
        found.append(len(inside))
    return found


def _arcs(path: Spine, places: list[_Place], levels: list[int], y: float, em: float, theme: Theme) -> Iterator[Item]:
    """From a dot behind the source, above all, and down onto the join: before its non-linearity."""
    at = {place.layer.name: number for number, place in enumerate(places)}
    for number, (arc, level) in enumerate(zip(path.arcs, levels, strict=True)):
        source, join = path.units[arc.source], path.units[arc.join]
        tail = places[max(at[layer.name] for layer in source.layers if layer.name in at)]
        tap, land = tail.x + tail.width / 2 + (_AIR + 0.7) * em, places[at[join.name]].x
        top, floor, bend = y - (_RISE + _LEVEL * (level - 1)) * em, y - 0.75 * em, 0.5 * em
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
        if number == 0 and text_width(words, "serif", em) < land - tap:
            drawn.append(Text((tap + land) / 2, top - 0.45 * em, words, em, "serif", "middle", fill=theme.ink))
        data = (("src", source.name), ("dst", join.name))
        layers = tuple(name for unit in arc.through for name in unit.names)
        yield Group(f"{source.name}--{join.name}", "edge", tuple(drawn), "shortcut", data, layers)


def _bracket(left: float, right: float, y: float, em: float, theme: Theme) -> Iterator[Item]:
    line = Path(
        (Move((left, y)), Line((left, y + 0.5 * em)), Line((right, y + 0.5 * em)), Line((right, y))),
        Stroke(theme.faint, 0.07 * em),
    )
    words = Text((left + right) / 2, y + 1.7 * em, "“main path”", em, "serif", "middle", fill=theme.ink)
    yield Group("main-path", "decoration", (line, words))


def _formulas(path: Spine) -> list[list[Term]]:
    """``z = W a + b`` and ``a = g(z)`` of every fully connected layer, as the path has them; none for others."""
    units = [unit for unit in path.units if unit.lead.inputs]
    if not units or not all(u.lead.kind.family == "dense" or _is_sum(u.lead) for u in units):
        return []
    start: Term = ("a", "[l]") if path.units[0].name == "a" else ("x", "")
    joins = {arc.join: arc for arc in path.arcs}
    activations: dict[int, Term] = {0: start}
    found: list[list[Term]] = []
    layer = 0
    for number, unit in enumerate(path.units[1:], start=1):
        script = f"[l+{layer + 1}]"
        silent = [each.kind.caption().name for each in unit.layers[1:]]
        if unit.lead.kind.family == "dense":
            bias: list[Term] = [" + ", ("b", script)] if "bias" in unit.lead.parameters else []
            found.append([("z", script), " = ", ("W", script), " ", activations[layer], *bias])
            if silent:
                found.append([("a", script), " = ", "g", "(", ("z", script), ")"])
            layer += 1
            activations[layer] = ("a", script)
        elif number in joins:
            arc = joins[number]
            script = f"[l+{layer}]"
            before = sum(unit.weighted for unit in path.units[: arc.source + 1])
            projection: list[Term] = [("W", "s"), " "] if arc.through else []
            carried = [*projection, activations[before]]
            inner: list[Term] = [("z", script), " + ", *carried]
            found.append([("a", script), " = ", *(["g", "(", *inner, ")"] if silent else inner)])
    return found


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

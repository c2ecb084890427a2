"""Where a network's cost is: a figure in the colours of one number for each layer, with a key.

A pass from scene to scene, which no style knows of: what is drawn of a layer is a `Group` that says which layers it
stands for, and so does a line that stands for some, and a frame for what is folded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf, sqrt
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure import scene as drawn
from cnngraph.figure.colors import Color, mixed
from cnngraph.figure.scene import Circle, Group, Item, Polygon, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.text import ascent, descent, width
from cnngraph.figure.theme import Faces, Theme
from cnngraph.network import Layer, Network
from cnngraph.volume import Free

_BYTES = 4
"""Of a number in float32."""
_FAINTEST = 0.35
"""The share of the hottest colour that a line has at least, if it costs anything: a fainter one is not seen."""
_LONGEST = 1e9
"""Seconds."""
_STEPS = 24
"""Of the ramp in the key."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number for each layer."""

    words: str
    """What they are: ``parameters``."""
    values: Mapping[str, float]
    """By the layers' names; those without one are not there."""
    written: Callable[[float], str]
    """A number as it is said."""

    @property
    def total(self) -> float:
        return sum(self.values.values())


def measured(network: Network, asked: str) -> Measured:
    """What ``--heat`` asks for: ``params``, ``macs``, ``memory`` (bytes of the volumes that layers make, as float32,
    for one input), or ``time=FILE`` with the seconds of each layer that ``bench --layers --json`` prints.

    Raises `CnngraphError` (E0619) for what is no such thing, or when a size that it hangs on is free.
    """
    live = [layer for layer in network.layers if layer.name in network.live]
    if asked == "params":
        return Measured("parameters", {each.name: each.params for each in live if each.params}, _whole)
    if asked.startswith("time="):
        return Measured("time", _times(Path(asked.removeprefix("time=")), network), _milliseconds)
    numbers = {"macs": _macs, "memory": _memory}
    if asked not in numbers:
        raise CnngraphError.of(
            "E0619",
            f"there is no heat of {asked!r}",
            help="params, macs, memory, or time=FILE of bench --layers --json",
        )
    if any(layer.macs is None or isinstance(layer.output.size, Free) for layer in live):
        raise CnngraphError.of(
            "E0619",
            f"{network.name} has free sizes, which its {asked} hang on",
            help="set them:  --set H=224 --set W=224",
        )
    values = {each.name: number for each in live if (number := numbers[asked](each))}
    words = {"macs": "multiply-accumulates", "memory": "memory of volumes"}[asked]
    return Measured(words, values, _whole if asked == "macs" else _megabytes)


def _macs(layer: Layer) -> int:
    return layer.macs or 0


def _memory(layer: Layer) -> int:
    size = layer.output.size
    return 0 if layer.kind.idle or isinstance(size, Free) else size * _BYTES


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _megabytes(number: float) -> str:
    return f"{number / 1e6:,.3g} MB"


def _milliseconds(number: float) -> str:
    return f"{number * 1e3:,.3g} ms"


def _times(path: Path, network: Network) -> dict[str, float]:
    try:
        with path.open("rb") as stream:
            said = json.loads(stream.read(10_000_000))
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {path}: {error.strerror}", file=str(path)) from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(map(_is_time, said.values())):
        raise CnngraphError.of(
            "E0619", f"{path} does not say how long layers take", file=str(path),
            help=f"cnngraph bench {network.name} --layers --json > {path}",
        )  # fmt: skip
    if strangers := [name for name in said if name and name not in network.by_name]:
        raise CnngraphError.of(
            "E0619", f"{path} is of another network: {network.name} has no layer `{strangers[0]}`", file=str(path),
            help=f"cnngraph bench {network.name} --layers --json > {path}",
        )  # fmt: skip
    return {name: float(seconds) for name, seconds in said.items() if name and seconds}


def _is_time(value: object) -> bool:
    """Whether it is as many seconds as a layer could take."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST


# The scene -----------------------------------------------------------------------------------


def heated(scene: Scene, found: Measured, theme: Theme) -> Scene:
    """*scene* with what stands for layers in the colour of the sum of their numbers, and below it a key."""
    sums = shares(scene, found.values)
    most = max(sums.values(), default=0.0)
    ramp = Ramp(theme, most)

    def warm(item: Item) -> Item:
        if not isinstance(item, Group):
            return item
        inner = tuple(map(warm, item.items))
        if item.role == "layer" and dict(item.data).get("kind") != "input":
            value = sums.get(item.id, 0.0)
            title = f"{item.title}; {found.words} {found.written(value)}"
            return item._replace(items=tuple(_painted(inner, ramp.color(value), theme, value == 0)), title=title)
        if item.role == "edge" and item.layers:
            cost = sums.get(item.id, 0.0)
            traced = _traced(inner, ramp.line(cost), 2.0) if cost else _traced(inner, theme.ink, 1.0)
            return item._replace(items=tuple(traced))
        return item._replace(items=inner)

    kept = [item for item in scene.items if not (isinstance(item, Group) and item.role == "key")]
    bare = replace(scene, items=tuple(map(warm, kept)))
    keys = [item for item in scene.items if isinstance(item, Group) and item.role == "key"]
    if keys:  # what colours say else is not so here
        bare = replace(bare, height=min(_top(each) for key in keys for each in key.items))
    return _with_key(bare, found, ramp, theme)


def _top(item: Item) -> float:
    """Of a key's samples and words."""
    match item:
        case Text():
            return item.y - ascent(item.font, item.size)
        case Rect():
            return item.y
    return inf


def shares(scene: Scene, values: Mapping[str, float]) -> dict[str, float]:
    """The sum of *values* that each group of *scene* stands for, by its id: of what is folded the group of what stands
    for it, of what is no group the line that has it."""
    owner: dict[str, str] = {}
    alike: dict[str, str] = {}
    for group in scene.groups():
        if "times" in (data := dict(group.data)):
            period = len(group.layers) // int(data["times"])
            for number, name in enumerate(group.layers):
                if number >= period:
                    alike.setdefault(name, group.layers[number % period])
        elif group.role in ("layer", "edge"):
            for name in group.layers:
                owner.setdefault(name, group.id)
    sums: dict[str, float] = {}
    for name, value in values.items():
        seen = name
        while seen not in owner and seen in alike:
            seen = alike[seen]
        id = owner.get(seen, "")
        sums[id] = sums.get(id, 0.0) + value
    return sums


@dataclass(frozen=True, slots=True)
class Ramp:
    """From the paper's colour, which is nothing, to the hottest, which is *most*; by the root, for a few layers have
    most of it."""

    theme: Theme
    most: float

    def color(self, value: float) -> Color:
        return self._mixed(sqrt(value / self.most) if self.most else 0.0)

    def line(self, value: float) -> Color:
        """The same for a line that costs something."""
        return self._mixed(max(_FAINTEST, sqrt(value / self.most)))

    def _mixed(self, share: float) -> Color:
        return mixed(self.theme.paper, self.theme.hot, share)


def _painted(items: tuple[Item, ...], color: Color, theme: Theme, is_nothing: bool) -> Iterator[Item]:
    """What is filled in *color*: a rectangle, the faces of cuboids; and where there is more than nothing to show a
    circle alone, or what lies behind words alone. The text on it is readable."""
    faces = Faces.of(color)
    box = next((item for item in items if isinstance(item, Rect) and item.fill), None)
    solid = [item for item in items if isinstance(item, Polygon) and item.fill and item.stroke]
    circle = next((item for item in items if isinstance(item, Circle) and item.fill), None)
    for item in items:
        if item is box and isinstance(item, Rect):
            yield item._replace(fill=color)
        elif isinstance(item, Polygon) and item in solid:
            # As `shapes.cuboid` draws them: the top, the side, the front.
            yield item._replace(fill=(faces.top, faces.side, faces.front)[solid.index(item) % 3])
        elif item is circle and isinstance(item, Circle) and not (box or solid or is_nothing):
            yield item._replace(fill=color)
        elif isinstance(item, Text):
            alone = not (box or solid or circle or is_nothing or item.angle)
            behind = _behind(item) if alone else box
            if alone and behind:
                yield behind._replace(fill=color)
            yield item._replace(fill=theme.on(color, item.fill)) if behind and _is_on(item, behind) else item
        else:
            yield item


def _behind(text: Text) -> Rect:
    """As large as *text*, which is not turned."""
    length, high = width(text.content, text.font, text.size), ascent(text.font, text.size)
    left = text.x - {"start": 0.0, "middle": length / 2, "end": length}[text.anchor]
    return Rect(left, text.y - high, length, high + descent(text.font, text.size))


def _is_on(text: Text, box: Rect) -> bool:
    """Whether *text* begins, has its middle or ends within *box*."""
    return box.x <= text.x <= box.x + box.width and box.y <= text.y <= box.y + box.height


def _traced(items: tuple[Item, ...], color: Color, times: float) -> Iterator[Item]:
    """Lines in *color*, so many times as thick."""
    for item in items:
        match item:
            case drawn.Path():
                yield item._replace(stroke=item.stroke._replace(color=color, width=times * item.stroke.width))
            case Polygon():
                yield item._replace(fill=color)
            case _:
                yield item


def _with_key(scene: Scene, found: Measured, ramp: Ramp, theme: Theme) -> Scene:
    """*scene*, and below it the ramp with its ends and the total."""
    em = min((item.size for item in scene.primitives() if isinstance(item, Text)), default=10.0)
    font, margin, top = scene.font, em, scene.height
    baseline = top + ascent(font, em)
    line = Stroke(theme.edge, 0.05 * em)
    nothing, most = f"{found.words}: 0", found.written(ramp.most)
    start = margin + width(nothing, font, em) + 0.5 * em
    step, high = 0.4 * em, ascent(font, em)
    shown: list[Primitive] = [
        Rect(start + number * step, top, step, high, ramp.color(ramp.most * (number / (_STEPS - 1)) ** 2))
        for number in range(_STEPS)
    ]
    end = start + _STEPS * step
    shown += [
        Rect(start, top, _STEPS * step, high, None, line),
        Text(margin, baseline, nothing, em, font, fill=theme.ink),
        Text(end + 0.5 * em, baseline, f"{most}, of {found.written(found.total)} in all", em, font, fill=theme.ink),
    ]
    last = shown[-1]
    assert isinstance(last, Text)
    right = last.x + width(last.content, font, em) + margin
    return replace(
        scene,
        width=max(scene.width, right),
        height=baseline + descent(font, em) + 0.8 * em,
        items=(*scene.items, Group("heat", "key", tuple(shown))),
    )

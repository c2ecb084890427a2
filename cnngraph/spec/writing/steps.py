"""A layer, with what follows it on the same step, as the words of a spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnngraph.layers import NORMS
from cnngraph.layers.kind import Argument, Kind
from cnngraph.layers.values import PADDING as PADDINGS
from cnngraph.layers.values import Padding, show
from cnngraph.layers.window import Windowed
from cnngraph.network import Annotation
from cnngraph.spec.lexer import MAX_DIGITS
from cnngraph.spec.writing.phrases import Hole, Part, Step, Word
from cnngraph.volume import Volume, as_int

NORM, ACTIVATION, PADDING, BIAS = "norm", "activation", "padding", "bias"
"""What the words of a step are about."""
IDLE = frozenset(argument.keyword for norm in NORMS.values() for argument in norm.arguments())
"""Keywords of normalizations, which say nothing where a step has none."""
_HEEDED = frozenset({"conv", "pool", "norm"})
"""Families whose words have defaults."""
_LIGHT = frozenset({"activation", "norm", "dropout", "reshape"})
"""Families that are said on the line of what they follow."""


def step(kinds: Sequence[Kind], tensors: Sequence[str] = (), annotations: Sequence[Annotation] = ()) -> Step:
    """The step that makes layers of *kinds*, the first of which leads; *tensors* are those it names."""
    lead, *followers = kinds
    is_short = bool(followers) and followers[-1].short_for == lead.word
    parts: list[Part] = [followers[-1].word if is_short else lead.word]
    arguments = list(_arguments(lead, drops_bias=any(kind.subtracts_mean for kind in followers)))
    # What it is stands before what it takes: `opaque "attention" mask`.
    first = lead.takes_tensors == "many" and lead.family != "join"
    parts += [*arguments[:first], *(f" {name}" for name in tensors), *arguments[first:]]
    if lead.followers and not is_short:
        parts += _following(followers)
    else:
        for kind in followers[:-1] if is_short else followers:
            parts += [f" {kind.word}", *_arguments(kind, by_position=False)]
    parts += [f" {annotation(each)}" for each in annotations]
    heeds = not is_short and lead.family in _HEEDED and not lead.follows
    return Step(tuple(parts), lead.word if heeds else "", starts_line=lead.family not in _LIGHT)


def _following(followers: Sequence[Kind]) -> Iterator[Part]:
    """The normalization and the activation, or that there is none."""
    norm = next((kind for kind in followers if kind.follows == "norm"), None)
    activation = next((kind for kind in followers if kind.follows == "activation"), None)
    if norm is None:
        yield Word(NORM, "", "", "=off")
    else:
        yield Word(NORM, norm.word, f" {norm.word}", f" {norm.word}")
        yield from _arguments(norm, by_position=False)
    said = f" {activation.word}{_behind_activation(activation)}" if activation is not None else ""
    yield Word(ACTIVATION, said, said, said or " linear")


def plain(stage: Step) -> str:
    """As it reads on its own."""
    found = []
    for part in stage.parts:
        match part:
            case str():
                found.append(part)
            case Word():
                found.append(part.text)
            case Hole():
                found.append(part.before + part.value if part.value != part.default else "")
    return "".join(found)


def is_shortcut(kinds: Sequence[Kind], taken: Volume) -> bool:
    """Whether *kinds*, on *taken*, are what the block `shortcut` makes that every spec has."""
    lead = kinds[0]
    if not (isinstance(lead, Windowed) and lead.projects and lead.sliding):
        return False
    channels, stride = as_int(lead.shape((taken,)).channels), lead.sliding.stride[0]
    said = f"conv {channels} 1x1{f' s={stride}' if stride > 1 else ''}"
    return plain(step(kinds)) in (said, f"{said} bn") and (stride > 1 or taken.channels != channels)


def _behind_activation(kind: Kind) -> str:
    """``=0.1``, ``=shared``, ``=(0.2, 0.4)``: what an activation on a step says of itself; nothing for its defaults."""
    said = [argument for argument in kind.arguments() if getattr(kind, argument.field) != argument.default]
    if not said:
        return ""
    if said[-1].type.is_flag:
        return f"={said[-1].keyword}"
    last = kind.arguments().index(said[-1])
    values = [written(getattr(kind, argument.field)) for argument in kind.arguments()[: last + 1]]
    return f"={values[0]}" if last == 0 else f"=({', '.join(values)})"


def _arguments(kind: Kind, *, drops_bias: bool = False, by_position: bool = True) -> Iterator[Part]:
    # One of two that may be left out is said by its name.
    by_position = by_position and not any(
        argument.positional and not argument.required and getattr(kind, argument.field) is None
        for argument in kind.arguments()
    )
    for argument in kind.arguments():
        value = getattr(kind, argument.field)
        default = argument.default
        if argument.field == "bias" and kind.followers:
            yield _bias(bool(value), drops_bias)
        elif argument.type.is_flag:
            is_word = value and argument.default is False
            said = f" {argument.keyword}" if is_word else f" {argument.keyword}={'on' if value else 'off'}"
            yield Word(argument.keyword, said, said if value != default else "", said)
        elif isinstance(value, Padding) and argument.type is PADDINGS:
            yield _padding(argument, value)
        elif isinstance(value, Padding) or value in argument.type.words.values():
            if value != default:
                yield _word(argument, value)
        elif value is not None:
            text = written(value)
            optional = not argument.required and default is not None
            if argument.positional and by_position and not text.startswith("-") and not (optional and value == default):
                yield Hole(_parameter(argument), text)
            else:
                # Behind a keyword, or a place left empty, no value goes by its place.
                by_position = by_position and not argument.positional
                fixed = _short(default) if optional else ""
                yield Hole(_parameter(argument), _short(value), f" {argument.keyword}=", fixed)


def _bias(value: bool, drops_bias: bool) -> Word:
    """Without a word it is on, or off where a normalization takes it away."""
    said = f" bias={'on' if value else 'off'}"
    return Word(BIAS, said, said if value == drops_bias else "", said if value or not drops_bias else "")


def _padding(argument: Argument, value: Padding) -> Part:
    word = _word(argument, value)
    if isinstance(word, Hole):
        return word
    return Word(PADDING, word, word if value != argument.default else "", word)


def _parameter(argument: Argument) -> str:
    return {"channels": "c", "units": "c", "start": "first", "stop": "end"}.get(argument.keyword, argument.keyword)


def _word(argument: Argument, value: object) -> str | Hole:
    for word, meaning in argument.type.words.items():
        if meaning == value:
            return f" {word}"
    assert isinstance(value, Padding)
    before = " " if argument.positional else f" {argument.keyword}="
    text = written(value)
    return Hole("p", text, before) if text.isdigit() else f"{before}{text}"


def written(value: object) -> str:
    """A value as the language reads it."""
    match value:
        case (int(), int()) | (int(), int(), int()):
            return "x".join(map(str, value))
        case Padding(amounts=(top, left, bottom, right)):
            sides = dict.fromkeys([(top, left), (bottom, right)])
            each = dict.fromkeys((top, left, bottom, right)) if len(sides) == 1 else ()
            return str(top) if len(each) == 1 else show(tuple(side for pair in sides for side in pair))
        case float():
            return _float(value)
    return show(value)


def _short(value: object) -> str:
    """Behind a keyword, where one number stands for a square."""
    return (
        written(value[0]) if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] else written(value)
    )


def _float(value: float) -> str:
    short = f"{value:g}"
    text = short if float(short) == value else repr(value)
    if len(text.lstrip("-")) <= MAX_DIGITS:
        return text
    # More digits than a spec may have; a quotient of whole numbers says the same exactly.
    above, below = value.as_integer_ratio()
    quotient = f"{above}.0"
    while below > 1:
        divisor = min(below, 2**59)
        quotient, below = f"{quotient}/{divisor}", below // divisor
    return quotient


def annotation(each: Annotation) -> str:
    """As it stands in a spec: ``@init("xavier", 7)``."""
    said = [*map(written_argument, each.arguments), *(f"{key}={written_argument(value)}" for key, value in each.named)]
    return f"@{each.name}({', '.join(said)})" if said else f"@{each.name}"


def written_argument(value: object) -> str:
    """A value of an annotation; its pairs are lists, not sizes."""
    if isinstance(value, tuple):
        return f"({', '.join(written_argument(item) for item in value)})"
    return written(value)

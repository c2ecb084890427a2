"""What others want to know of a layer kind is asked of the kind, and what it answers is so."""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnngraph
from cnngraph.assembly import Assembly
from cnngraph.diagnostics import CnngraphError
from cnngraph.field import receptive_fields
from cnngraph.fronts import parse
from cnngraph.fronts.spec import read_source
from cnngraph.layers import ACTIVATIONS, KINDS, NORMS, Fault, Kind
from cnngraph.layers.kind import Argument
from cnngraph.layers.terms import Term
from cnngraph.layers.values import Padding
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer, Network
from cnngraph.source import Source
from cnngraph.volume import Free, Volume, as_int
from tests.sources import trees

PACKAGE = Path(cnngraph.__file__).parent
H, W = Free("H"), Free("W")

# Any kind on any input ---------------------------------------------------------------------------

counts = st.integers(1, 7)
pairs = st.tuples(counts, counts)
TYPES: dict[str, st.SearchStrategy[Any]] = {
    "count": counts,
    "index": st.integers(0, 4),
    "size": pairs,
    "padding": st.one_of(
        st.sampled_from([Padding(mode) for mode in ("valid", "same", "same_upper", "same_lower")]),
        st.tuples(*[st.integers(0, 4)] * 4).map(lambda amounts: Padding("given", amounts)),
    ),
    "number": st.floats(0.1, 2),
    "positive number": st.floats(0.1, 2),
    "fraction": st.floats(0, 0.9),
    "flag": st.booleans(),
    "mode": st.sampled_from(["nearest", "bilinear", "bicubic"]),
    "border": st.tuples(*[st.integers(0, 4)] * 4).map(lambda amounts: Padding("given", amounts)),
    "volume": st.tuples(counts, counts, counts),
    "factor": st.sampled_from([1, 2, 3, 0.5, 1.5, (2, 1)]),
    "order": st.sampled_from(["by_pixel", "by_channel"]),
    "filling": st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    "gain": st.one_of(st.none(), st.floats(-2, 2)),
    "shape": st.one_of(st.tuples(counts), st.tuples(counts, counts, counts)),
    "text": st.sampled_from(["attention", "a b", "x => 3"]),
}
"""Values for an argument, by the name of its type."""


def values(argument: Argument) -> st.SearchStrategy[Any]:
    found = TYPES[argument.type.name]
    return found if argument.required else st.one_of(st.just(argument.default), found)


@st.composite
def layers(draw: st.DrawFn) -> tuple[Kind, tuple[Volume, ...], Volume]:
    """A kind, volumes that it takes, and the volume that it makes."""
    cls = draw(st.sampled_from(list(KINDS.values())))
    kind = cls(**{argument.field: draw(values(argument)) for argument in cls.arguments()})
    volume = draw(
        st.one_of(
            st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(1, 12)),
            st.tuples(st.just(H), st.just(W), st.integers(1, 12)),
            st.tuples(st.integers(1, 50)),
        ).map(Volume)
    )
    inputs = (volume,) * draw(st.integers(2, 3)) if cls.takes_tensors == "many" else (volume,)
    try:
        return kind, inputs, kind.shape(inputs)
    except Fault:
        assume(False)
        raise AssertionError from None


@settings(max_examples=400)
@given(layers())
def test_any_arguments_are_written_and_read_again(made: tuple[Kind, tuple[Volume, ...], Volume]) -> None:
    kind, inputs, output = made
    assume(kind.word != "split")  # which is written as slices
    network = Assembly()
    names = [network.input(f"x{number}", volume).name for number, volume in enumerate(inputs)]
    network.add("y", kind, names)
    network.output("y", "y")
    again = parse(network.network("t").to_spec())
    assert (again["y"].kind, again["y"].inputs, again["y"].output) == (kind, tuple(names), output)


def read(text: str, **sizes: int) -> object:
    """The number that *text* comes to, by Python's own arithmetic."""
    signs = {"·": "*", "−": "-", "⌊": "math.floor(", "⌈": "math.ceil(", "⌋": ")", "⌉": ")"}
    return eval("".join(signs.get(letter, letter) for letter in text), {"math": math, **sizes})


@settings(max_examples=400)
@given(layers())
def test_counts_are_what_the_weights_say(made: tuple[Kind, tuple[Volume, ...], Volume]) -> None:
    """Each weight of a convolution is used once for every place of its map, one of a dense layer once."""
    kind, inputs, output = made
    weights = kind.parameters(inputs)
    if kind.is_known:
        assert kind.counted(inputs).value == sum(math.prod(p.shape) for p in weights.values() if p.trainable)
    place = inputs[0] if isinstance(kind, Windowed) and kind.spreads else output
    if kind.word == "eca":
        assert kind.macs(inputs, output) == math.prod(weights["weight"].shape) * as_int(output.channels)
    elif kind.family not in ("conv", "dense"):
        assert kind.macs(inputs, output) == 0
    elif not place.is_fixed:
        assert kind.macs(inputs, output) is None
    else:
        used = sum(math.prod(weight.shape) for weight in weights.values() if len(weight.shape) > 1)
        wanted = used * as_int(place.height) * as_int(place.width)
        assert kind.macs(inputs, output) == kind.work(inputs, output).value == wanted


@settings(max_examples=400)
@given(layers(), st.integers(7, 40), st.integers(7, 40))
def test_the_words_say_the_number(made: tuple[Kind, tuple[Volume, ...], Volume], height: int, width: int) -> None:
    kind, inputs, output = made
    for term in (*(kind.sizes(inputs) or ()), kind.counted(inputs), kind.work(inputs, output)):
        if not isinstance(term.value, Free):
            assert read(term.typeset) == term.value
        assert read(term.typeset, H=height, W=width) == at(term.value, height, width)


def at(value: object, height: int, width: int) -> object:
    return read(str(value), H=height, W=width)


@settings(max_examples=400)
@given(layers())
def test_the_sizes_are_those_of_the_shape_rule(made: tuple[Kind, tuple[Volume, ...], Volume]) -> None:
    """But for a last window that `ceil` would begin beyond the input, which the words leave to a remark."""
    kind, inputs, output = made
    for axis, term in enumerate(kind.sizes(inputs) or ()):
        beyond = int(getattr(kind, "ceil", False) and term.value != output.dims[axis])
        assert term.value == output.dims[axis] + beyond


@settings(max_examples=400)
@given(layers())
def test_messages_round_nothing(made: tuple[Kind, tuple[Volume, ...], Volume]) -> None:
    """``(7 + 0 - 2)/2 + 1`` is 3.5, taken as 3."""
    kind, inputs, _ = made
    for term in kind.sizes(inputs) or ():
        if isinstance(term.value, int):
            exact = read(term.plain)
            assert isinstance(exact, int | float)
            assert abs(exact - term.value) < 1


def test_terms_have_brackets_where_they_are_needed() -> None:
    n, sum_ = Term("number", (Free("H"),)), Term("number", (Free("H", 2, 1),))
    assert ((n + 1) * 3).typeset == "(H + 1)·3"
    assert (sum_ * 3).typeset == "(2H+1)·3"
    assert (n - (n - 1)).typeset == "H − H + 1"
    assert ((n - 1) / 2).plain == "(H - 1)/2"
    assert ((n * 2 * 3) // 4).typeset == "⌊H·2·3/4⌋"


# Nothing lists kinds -----------------------------------------------------------------------------

MAY_NAME = {
    ("assembly.py", "Input"): "the statement `input`",
    ("elaborate/expand.py", "Split"): "`a, b: split 2`, the one line that makes several tensors",
    ("spec/writing/text.py", "Split"): "the same",
    ("spec/writing/scopes.py", "Slice"): "the same",
    ("structure/splits.py", "Slice"): "the same",
}
"""Which module outside of `layers` may name which kind, and for which part of the language."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    return ((name, tree) for name, tree in trees().items() if not name.startswith(("layers/", "fronts/")))


def test_no_module_outside_layers_names_a_kind() -> None:
    kinds = {cls.__name__ for cls in [*KINDS.values(), *Kind.__subclasses__()]} - {"Windowed"}
    named = {
        (name, alias.name)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnngraph.layers")
        for alias in node.names
        if alias.name in kinds
    }
    assert named == set(MAY_NAME)


OTHERS = {
    "unflatten": "flatten -> unflatten",
    "eca": "eca 3",
    "widen": "widen 8",
    "groupnorm": "groupnorm 2",
    "clip": "clip 0 1",
    "upsample": "upsample 2",
}
"""Lines of kinds that take not every number."""


def captions() -> set[str]:
    """Names of layers in figures that are no words of the language, nor of English."""
    cases = ["maxpool 2x2", "maxpool global", "maxpool to=2", "avgpool 2x2", "avgpool global", "avgpool to=2"]
    required = {"count": "2", "size": "3x3", "index": "1", "number": "1", "gain": "learned", "border": "1"}
    for word, kind in KINDS.items():
        if kind.takes_tensors == "none" and kind.family != "pool" and word != "split":
            needed = [required[a.type.name] for a in kind.arguments() if a.required]
            cases.append(" ".join([word, *needed]) if word not in OTHERS else OTHERS[word])
    found = set()
    for case in cases:
        flat = "flatten -> " if case.startswith("fc") else ""
        caption = parse(f"net t\ninput 8x8x4\n{flat}{case}\n").layers[-1].kind.caption()
        found |= {caption.name, caption.short, caption.loud}
    return {name for name in found if not name.islower() or " " in name} - {"MAX", "FC", "CONV"}


def test_no_module_outside_layers_tests_a_caption() -> None:
    names = captions()
    assert {"max pool", "batch norm", "BN"} <= names
    written = {
        (name, node.value)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert written == set()


def test_the_docs_show_a_kind_as_it_is() -> None:
    docs = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(@kind.+?)```", docs, re.DOTALL)
    assert shown == inspect.getsource(NORMS["instancenorm"])


def test_what_is_explained_has_a_window_or_is_dense() -> None:
    """The figure that explains a layer draws a window on a map, or two vectors."""
    for kind in KINDS.values():
        says = kind.sentence is not Kind.sentence
        assert says == (issubclass(kind, Windowed) or kind.family == "dense"), kind.word
        assert issubclass(kind, Windowed) == (kind.family in ("conv", "pool")), kind.word


def test_what_follows_takes_the_place_of_one_of_two() -> None:
    assert {kind.family for kind in NORMS.values()} == {"norm"}
    assert {kind.family for kind in ACTIVATIONS.values()} == {"activation"}
    assert all(kind.family == "norm" for kind in KINDS.values() if kind.subtracts_mean)
    keywords = {argument.keyword for kind in NORMS.values() for argument in kind.arguments()}
    for kind in KINDS.values():
        if kind.followers:
            assert keywords.isdisjoint(argument.keyword for argument in kind.arguments()), kind.word


SEVERAL_THINGS = {
    "shuffle": "Reshape is one of three operators",
    "grn": "ReduceL2 is one of eight",
    "rmsnorm": "Mul is one of six",
    "l2norm": "ReduceL2 is one of three",
    "eca": "GlobalAveragePool is one of six",
}
"""Kinds whose ONNX operator says too little."""


NAMED = [kind for word, kind in KINDS.items() if kind.is_known and word not in SEVERAL_THINGS]


@pytest.mark.parametrize("kind", NAMED, ids=lambda k: k.word)
def test_onnx_names_are_understood(kind: type[Kind]) -> None:
    """Who writes the operator's name is told the word."""
    operator = re.match(r"[A-Za-z]+", kind.onnx)
    assert operator is not None
    with pytest.raises(CnngraphError) as wrong:
        parse(f"net t\ninput 8x8x4\n{operator[0]}\n")
    said = [text for each in wrong.value.diagnostics for text in (each.label.text if each.label else "", each.help)]
    same = {word for word, other in KINDS.items() if other.onnx.startswith(operator[0])}
    assert any(f"`{word}`" in text for text in said for word in same), said


# Normalizations ----------------------------------------------------------------------------------


def described(network: Network) -> list[tuple[str, Kind]]:
    return [(layer.name, layer.kind) for layer in network.layers]


@pytest.mark.parametrize("word", NORMS)
def test_a_normalization_stands_on_a_step(word: str) -> None:
    on_step = parse(f"net t\ninput 8x8x4\nconv 32 3x3 same {word} eps=0.1 relu\n")
    bias = "off" if NORMS[word].subtracts_mean else "on"
    apart = parse(f"net t\ninput 8x8x4\nconv1: conv 32 3x3 same bias={bias}\n{word} eps=0.1\nrelu\n")
    assert [kind for _, kind in described(on_step)] == [kind for _, kind in described(apart)]
    assert [layer.name for layer in on_step.layers] == ["image", "conv1", f"conv1.{word}", "conv1.relu"]
    assert ("bias" in on_step.layers[1].parameters) == (bias == "on")


@pytest.mark.parametrize("word", NORMS)
def test_and_is_written_there_again(word: str) -> None:
    network = parse(f"net t\ninput 8x8x4\nconv 32 3x3 {word} eps=0.1 relu\nconv 32 3x3 bias=on {word}\n")
    text = network.to_spec()
    assert f"{word} eps=0.1 relu" in text
    assert described(parse(text)) == described(network)


@pytest.mark.parametrize("word", NORMS)
def test_a_step_takes_the_default_one_away_or_another(word: str) -> None:
    def kinds(step: str) -> list[str]:
        return [layer.kind.word for layer in parse(f"net t\ninput 8x8x4\ndefault conv {word}\n{step}\n").layers[1:]]

    assert kinds("conv 32 3x3") == ["conv", word]
    assert kinds(f"conv 32 3x3 {word}=off") == ["conv"]
    for other in NORMS:
        assert kinds(f"conv 32 3x3 {other}") == ["conv", other]


def says(spec: str) -> str:
    with pytest.raises(CnngraphError) as wrong:
        parse(f"net t\ninput 8x8x4\n{spec}\n")
    (one,) = wrong.value.diagnostics
    return f"{one.code} {one.message}"


def test_a_step_has_one_normalization() -> None:
    assert says("conv 6 3x3 bn instancenorm") == "E0215 a step has one normalization"
    assert says("conv 6 3x3 bn bn=off") == "E0215 `bn` is given twice"
    assert says("conv 6 3x3 instancenorm instancenorm") == "E0215 `instancenorm` is given twice"


def test_an_argument_belongs_to_the_normalization_that_has_it() -> None:
    assert says("conv 6 3x3 momentum=0.2") == "E0206 `momentum` belongs to `bn`, and this step has none"
    assert says("conv 6 3x3 instancenorm momentum=0.2") == "E0206 `momentum` belongs to `bn`, and this step has none"
    assert says("conv 6 3x3 groupnorm=4") == "E0412 4 groups do not divide the channels"
    assert says("conv 6 3x3 groupnorm=0.5") == "E0208 `g` is a whole number of at least 1, not 0.5"
    assert says("conv 6 3x3 instancenorm=0.2") == "E0208 `instancenorm` is on or off"
    (*_, norm) = parse("net t\ninput 8x8x4\ndefault conv bn momentum=0.2 eps=0.5\nconv 6 3x3 instancenorm\n").layers
    assert norm.kind == NORMS["instancenorm"](eps=0.5)


def test_a_bias_before_it_is_remarked_on() -> None:
    for word, kind in NORMS.items():
        found = read_source(Source("t", f"net t\ninput 8x8x4\nconv 32 3x3\n{word}\n"), {}).diagnostics
        assert [each.code for each in found] == ["W0103"] * kind.subtracts_mean
        assert all(each.label and f"`{word}` subtracts again" in each.label.text for each in found)


def test_instance_norm_sees_all_of_its_map() -> None:
    fields = receptive_fields(parse("net t\ninput 8x8x4\nconv 6 3x3\nconv 6 3x3 instancenorm\n"))
    assert fields["conv2"] is not None
    assert fields["conv2.instancenorm"] is None


def test_weights_are_computed_once_for_layers_alike() -> None:
    """A shared answer cannot be changed by who asks."""
    network = parse("net t\ninput 8x8x4\n[conv 4 3x3 same] x2\n")
    first, second = network.layers[1:]
    assert isinstance(first, Layer)
    assert first.parameters is second.parameters
    with pytest.raises(TypeError):
        first.parameters["weight"] = first.parameters["bias"]  # type: ignore[index]


@pytest.mark.parametrize("word", ["maxpool", "avgpool"])
def test_one_window_over_everything_takes_any_size(word: str) -> None:
    (_, pool) = parse(f"net t\ninput (?H, ?W, 3)\n{word} global to=2\n").layers
    assert pool.output == Volume((1, 1, 3))

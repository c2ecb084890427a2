"""An author's words in figures: every label is said once where what has it is drawn, and nothing touches it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Curve, Group, Path, Scene, Text, way_out
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.text import width
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.typeface import using
from cnngraph.figure.words import lines_of
from cnngraph.look import SHOWN, shown
from cnngraph.network import NOTE
from cnngraph.shipped import names
from cnngraph.units import units
from tests.conftest import Run
from tests.figure.geometry import bounds, faults, struck, union
from tests.figure.graphs import random_levels, random_path, random_spec
from tests.figure.worded import labelled, lined, noted
from tests.networks import load

REFUSED = {"E0603", "E0604", "E0606", "E0607", "E0608"}
CHAIN = """net digits "Digits"
input 32x32x1 @label("Digit")
conv 16 5x5 relu @label("Edges") @note("7x7 in the paper")
maxpool f=2 s=2 @label("Halve")
conv 32 3x3 same bn relu -> dropout 0.2
maxpool f=2 s=2
flatten
fc 120 relu @label("Classifier") @note("learned last")
guess: softmax 10 @label("Guess")
output guess @label("one of ten")
"""
RESIDUAL = """net r
block unit(c) {
  add {
    | conv c 3x3 same bn relu @label("first of {c}") -> conv c 3x3 same bn
    | skip
  } @label("fuse {c}")
  relu
}
input 8x8x4
a: unit 4 @label("Stage A")
unit 4 @label("Stage B")
"""


def text(item: Scene | Group) -> str:
    """All words, line after line."""
    found = (each for each in item.items if isinstance(each, Group | Text))
    return " ".join(text(each) if isinstance(each, Group) else each.content for each in found)


def drawn(source: str, style: str, **asked: object) -> Scene:
    return draw(Order([parse(source)], style, 960.0, LIGHT, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(names())[::4])
def test_labels_are_said_once_and_touch_nothing(name: str) -> None:
    network = labelled(load(name), seed=sum(map(ord, name)))
    by_name = units(network).by_name
    labels = [layer.label for layer in network.layers if layer.label]
    labels += [block.label for block in network.blocks.values() if block.label]
    styles = 0
    refused = set()
    for style in STYLES.keys() - {"operation"}:
        try:
            scene = draw(Order([network], style, 960.0, LIGHT))
        except CnngraphError as error:
            refused.add((style, error.diagnostics[0].code))
            continue
        styles += 1
        said = text(scene)
        assert all(said.count(label) <= 1 for label in labels), style
        for group in scene.groups() if STYLES[style].speaks else ():
            alone = [layer for layer in group.layers if layer in by_name and not by_name[layer].idle]
            if group.role == "layer" and len(alone) == 1 and (label := network[alone[0]].label):
                assert said.count(label) == 1, (style, alone)
        assert faults(scene) == [], style
    assert styles
    assert {code for _, code in refused} <= REFUSED
    assert {style for style, code in refused if code == "E0608"} <= {"volumes", "text"}


@pytest.mark.parametrize("name", sorted(names())[1::4])
def test_notes_stand_below_and_their_marks_touch_nothing(name: str) -> None:
    plain = load(name)
    network = noted(plain, seed=sum(map(ord, name)))
    notes = {str(each.arguments[0]) for layer in network for each in layer.annotations if each.name == NOTE}
    unmarked = lines = 0
    for style in STYLES.keys() - {"operation"}:
        order = Order([network], style, 504.0, LIGHT)
        try:
            before = draw(replace(order, networks=[plain]))
        except CnngraphError:
            continue
        scene = draw(order)
        (below,) = [group for group in scene.groups() if group.id == NOTE]
        words = [item.content for item in below.items if isinstance(item, Text)]
        assert all(any(line.endswith(note) for line in words) for note in notes)
        marks = {
            item.content for item in scene.primitives() if isinstance(item, Text) and not item.content.strip("†‡§¶")
        }
        assert marks == {line.split()[0] for line in words if line[0] in "†‡§¶"}
        assert len(faults(scene)) == len(faults(before)), (style, faults(scene))
        lines, unmarked = lines + len(words), unmarked + sum(line[0] not in "†‡§¶" for line in words)
    assert unmarked <= lines / 4


@pytest.mark.parametrize("style", ["volumes", "text", "units", "strip", "blocks", "slabs"])
def test_a_chain_in_its_authors_words(style: str) -> None:
    scene = drawn(CHAIN, style)
    said = text(scene)
    for words in ("Digit ", "Edges", "Halve", "Classifier", "Guess", "one of ten", "† 7x7 in the paper"):
        assert said.count(words) == 1, words
    for number in ("5×5", "16", "120", "10"):
        assert number in said
    (out,) = [group for group in scene.groups() if group.id == way_out("guess")]
    assert text(out) == "one of ten"
    assert faults(scene) == []


def test_a_block_and_a_join_have_labels() -> None:
    shut, whole = drawn(RESIDUAL, "blocks", depth=0), drawn(RESIDUAL, "blocks", fold=False)
    assert "Stage A" in text(shut)
    assert "Stage B" in text(shut)
    assert "fuse" not in text(shut)
    assert text(whole).count("first of 4 3×3") == 2
    assert text(whole).count("fuse 4 +") == 2
    assert text(whole).count("Stage A") == text(whole).count("Stage B") == 1
    assert shut.remarks == whole.remarks == ()
    (remark,) = drawn(RESIDUAL, "slabs", fold=False).remarks
    assert "no place for labels of blocks that stand open, “Stage A” of `a`, “Stage B” of `unit1`:" in remark
    assert text(drawn(RESIDUAL, "strip")).count("+ fuse 4") == 2


def test_what_is_called_otherwise_is_not_drawn_as_one() -> None:
    source = "input 8x8x4\n[conv 4 3x3 same relu{}] x3\n"
    assert "×3" in text(drawn(source.format(' @label("the same")'), "blocks", fold=True))
    apart = text(drawn(source.format(' @label("turn {i}")'), "blocks", fold=True))
    assert "×" not in apart.replace("3×3", "").replace("8×8×4", "")
    assert [f"turn {i}" in apart for i in range(4)] == [True, True, True, False]


def test_a_style_without_a_place_for_a_label_says_so() -> None:
    source = 'input 8x8x4\nconv 4 3x3 same relu -> dropout 0.5 @label("half off")\nconv 4 1x1\n'
    assert "half off" in text(drawn(source, "blocks"))
    assert all("half off" in text(drawn(source, style)) for style in ("volumes", "text", "units", "strip"))
    with pytest.raises(CnngraphError, match="no place for the label of `dropout1`") as raised:
        drawn(source, "slabs")
    (found,) = raised.value.diagnostics
    assert (found.code, found.label and found.label.span.line) == ("E0608", 2)
    assert parse(source).render(style="auto").style == "volumes"


@pytest.mark.parametrize("style", ["blocks", "units"])
@pytest.mark.parametrize("seed", range(5))
def test_a_word_longer_than_a_line_is_broken(style: str, seed: int) -> None:
    """Behind a mark where it has one; all of it is there, and no line is longer."""
    rng = random.Random(seed)
    label = " ".join("".join(rng.choices("abM_-w", k=rng.randint(1, 60))) for _ in range(2))[
        : rng.randint(8, 60)
    ].strip()
    lines = lines_of(label)
    assert "".join(lines).replace(" ", "") == label.replace(" ", "")
    assert all(width(line, "serif", 1.0) <= 8.0 for line in lines)
    scene = drawn(f'input 8x8x4\nconv 4 3x3 same @label("{label}")\nconv 4 3x3 same\nconv 4 3x3 same\n', style)
    assert all(line in text(scene) for line in lines)
    assert faults(scene) == []
    assert scene.height < 540


@pytest.mark.parametrize("font", ["serif", "sans"])
@pytest.mark.parametrize("seed", range(6))
def test_lines_of_high_and_deep_letters_keep_apart(seed: int, font: str) -> None:
    rng = random.Random(seed)

    def label() -> str:
        return " ".join("".join(rng.choices("ÅÉĤĝÿgjpq(|Ωаф", k=rng.randint(1, 9))) for _ in range(6))[:60].strip()

    network = parse(
        f'block two() {{\n  conv 4 3x3 same @label("{label()}")\n  conv 4 3x3 same\n}}\n'
        f'input 8x8x4 @label("{label()}")\ntwo @label("{label()}")\ntwo @label("{label()}")\n'
    )
    for wide in (252.0, 504.0, 960.0):
        figure = network.render(style="blocks", font=font, width=wide, fold=False, down=rng.random() < 0.5)
        with using(figure.order.typeface):
            assert faults(figure.scene) == []


def test_a_note_on_several_things_is_marked_once_where_they_are_neighbours() -> None:
    line = (
        'input 8x8x4\nconv 4 1x1\n[conv 4 3x3 same relu] x3 => 8x8x4 @note("learned last")\nconv 4 1x1 -> conv 8 1x1\n'
    )
    assert text(drawn(line, "blocks", fold=False)).count("†") == 2
    block = 'block b() {\n  conv 4 1x1 @note("n")\n  conv 4 3x3 same\n}\ninput 8x8x4\n[b] x3\n'
    assert text(drawn(block, "blocks", fold=False)).count("†") == 4


@pytest.mark.parametrize("word", ["label", "note"])
def test_words_that_no_font_has_are_drawn_all_the_same_and_remarked(word: str) -> None:
    scene = drawn(f'input 8x8x4\nconv 4 1x1 @{word}("第一")\n', "blocks")
    assert "第一" in text(scene)
    (remark,) = scene.remarks
    assert remark.startswith("the figure's fonts have no 一 第: PNG, PDF and text as shapes show □")


@pytest.mark.parametrize("style", ["blocks", "strip"])
def test_silent_layers_are_named_on_request(style: str) -> None:
    network = load("resnet")

    def said(*show: str) -> str:
        return text(draw(Order([network], style, 960.0, LIGHT, fold=False, show=show)))

    weighted = sum(unit.weighted and not unit.on_shortcut for unit in units(network).units)
    projections = said("bn").count("BN") - said().count("BN") - weighted + 1  # all but the last, which has none
    assert projections == (4 if style == "blocks" else 0)
    assert said("relu").count("ReLU") == sum(layer.kind.word == "relu" for layer in network)
    assert "oftmax" not in said("relu") or style == "blocks"
    assert said("softmax").count("softmax") == 1
    assert "+" not in said("relu") or style == "strip"
    assert faults(draw(Order([network], style, 960.0, LIGHT, show=("bn", "relu")))) == []


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("style", ["strip", "units"])
def test_blocks_with_labels_have_brackets_of_these_words(style: str, seed: int, fold: bool, down: bool) -> None:
    """Stages, and residual blocks in them, of random ResNets, in pages of random width; all words, however long."""
    if down and style == "units":
        return
    rng = random.Random(seed)
    lines = [
        "block residual(c, s) {\n  add {\n    | conv c 3x3 s=s same -> conv c 3x3 same\n    | shortcut c s=s\n  }\n}",
        "block stage(c, s) {\n  residual c s=s\n  residual c s=1\n}",
        "input 64x64x3",
        "conv 8 3x3 same",
    ]
    labels = []
    for number in range(rng.randint(1, 5)):
        called = f"{'stage ' * rng.choice([0, 1, 2, 7])}{'layers' * rng.choice([0, 0, 0, 2])}{number}x"
        labels.append(called)
        word = rng.choice(["stage", "residual"])
        lines.append(f'{word} {rng.choice([8, 16])} s={rng.choice([1, 2])} @label("{called}")')
        lines += ["conv 8 1x1"] * (rng.random() < 0.4)
    network = parse("\n".join([*lines, ""]))
    width = rng.choice([504.0, 700.0, 960.0])
    scene = draw(Order([network], style, width, LIGHT, fold=fold or (None if style == "units" else False), down=down))
    assert faults(scene) == []
    said = [
        "".join(item.content for item in group.items if isinstance(item, Text)).replace(" ", "")
        for group in scene.groups()
        if "called-" in group.id
    ]
    assert sorted(dict.fromkeys(filter(None, said))) == sorted(label.replace(" ", "") for label in labels)
    assert not any("no place" in remark for remark in scene.remarks)
    beside = draw(Order([network, load("resnet", depth=34)], style, width, LIGHT, down=down))
    assert faults(beside) == []
    assert not any("no place" in remark for remark in beside.remarks)
    for other in ("blocks", "slabs"):
        boxed = draw(Order([network], other, 4000.0, LIGHT, fold=rng.choice([None, True, False])))
        lacks = [label for label in labels if label not in text(boxed)]
        remarks = " ".join(boxed.remarks)
        assert all(f"“{label}” of" in remarks or " more: " in remarks for label in lacks)
        assert lacks or "no place" not in remarks


def around(scene: Scene) -> dict[str, list[Group]]:
    """What is drawn around blocks, or below them, by their labels, without spaces."""
    found: dict[str, list[Group]] = {}
    for group in scene.groups():
        if group.id.startswith("called-"):
            found.setdefault("".join(text(group).split()), []).append(group)
    return found


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_open_blocks_of_any_network_have_frames_around_just_what_is_theirs(seed: int, down: bool) -> None:
    rng = random.Random(seed)
    source = rng.choice([random_spec, random_levels])(seed)
    network = labelled(parse(source), seed)
    width, fold = rng.choice([252.0, 504.0, 960.0]), rng.choice([None, True, False])
    try:
        scene = draw(Order([network], "blocks", width, LIGHT, fold=fold, down=down))
    except CnngraphError:
        # Nor is there room for it without labels.
        with pytest.raises(CnngraphError, match="too narrow"):
            draw(Order([parse(source)], "blocks", width, LIGHT, fold=fold, down=down))
        return
    assert faults(scene) == []
    assert struck(scene) == []
    said = "".join(text(scene).split())
    remarks = " ".join(scene.remarks)
    layers = [group for group in scene.groups() if group.role == "layer"]
    for path, block in network.blocks.items():
        squeezed = "".join(block.label.split())
        those = [unit for unit in units(network).units if f"{unit.lead.block}.".startswith(f"{path}.")]
        inside = {name for unit in those for name in unit.names}
        for group in around(scene).get(squeezed, []) if block.label else ():
            assert inside.issuperset(group.layers)
            (line,) = [item for item in group.items if isinstance(item, Path)]
            left, top, right, bottom = bounds(line)
            if not any(isinstance(step, Curve) for step in line.steps):
                continue  # A bracket, or a frame that goes on in other rows on both sides.
            for other in layers:
                here = union([bounds(item) for item in other.items if not isinstance(item, Text | Group)])
                apart = here[2] <= left or right <= here[0] or here[3] <= top or bottom <= here[1]
                holds = left <= here[0] and here[2] <= right and top <= here[1] and here[3] <= bottom
                assert holds if inside.issuperset(other.layers) and not apart else apart
        if block.label and inside and fold is False:
            assert squeezed in said or f"“{block.label}” of" in remarks or " more: " in remarks


@pytest.mark.parametrize("style", ["blocks", "blocks down", "slabs", "strip", "units"])
@pytest.mark.parametrize("seed", range(12))
def test_words_on_lines_are_there_or_remarked_and_touch_nothing(seed: int, style: str) -> None:
    rng = random.Random(seed)
    plain = parse((random_path if style in ("strip", "units") else rng.choice([random_spec, random_levels]))(seed))
    network = lined(plain, seed)
    order = Order([plain], style.split()[0], rng.choice([504.0, 960.0]), LIGHT, fold=None, down=style.endswith("down"))
    try:
        before = draw(order)
    except CnngraphError:
        return
    scene = draw(replace(order, networks=[network]))
    assert len(faults(scene)) <= len(faults(before))
    remarks = " ".join(scene.remarks)
    owner = {name: group.id for group in scene.groups() if group.role == "layer" for name in group.layers}
    ends = [(dict(group.data)["src"], dict(group.data)["dst"], text(group)) for group in scene.groups()
            if group.role == "edge"]  # fmt: skip
    whole = units(network)
    for join in (layer for layer in network if layer.name in whole.of_layer):
        targets = {join.name, owner.get(join.name)}
        for number, words in join.said.items():
            assert text(scene).count(words) <= 1
            source = whole.of_layer[join.inputs[number]]
            sources = {source, owner.get(source)}
            lines = [said for one, other, said in ends if one in sources and other in targets and one != other]
            alike = sum(whole.of_layer[join.inputs[each]] == source for each in join.said)
            if len(lines) >= alike and not any(words in said for said in lines):
                assert f"“{words}” on" in remarks or " more: " in remarks


def test_words_on_lines_are_written_on_their_branch() -> None:
    source = """input 8x8x4
a: conv 4 3x3 same
b: conv 4 1x1
add {
  | skip @label("as it is")
  | conv 4 3x3 same
  | from a @label("from before {1}")
}
"""
    network = parse(source.replace(" {1}", ""))
    assert network["add1"].said == {0: "as it is", 2: "from before"}
    assert network["add1"].label == ""
    assert parse(network.to_spec())["add1"].said == network["add1"].said
    for style in ("blocks", "slabs"):
        said = text(draw(Order([network], style, 960.0, LIGHT)))
        assert said.count("as it is") == said.count("from before") == 1
    for wrong in ('input 8x8x4\na: conv 4 1x1\nfrom a @label("x")\nconv 4 1x1\n',
                  'input 8x8x4\nadd {\n  | skip @label("x")\n    conv 4 1x1\n  | skip\n}\n'):  # fmt: skip
        with pytest.raises(CnngraphError, match="@label is of one thing"):
            parse(wrong)


def test_blocks_with_other_words_on_their_lines_are_not_folded() -> None:
    source = "input 8x8x4\n" + "".join(
        f'add {{\n  | conv 4 3x3 same\n  | skip @label("{words}")\n}}\n' for words in ("one", "one", "two")
    )
    said = text(drawn(source, "blocks", fold=True))
    assert (said.count("one"), said.count("two"), said.count("×2")) == (1, 1, 1)


@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("style", ["blocks", "strip", "units"])
def test_equal_blocks_of_other_labels_are_not_folded(style: str, fold: bool) -> None:
    """Every label is there, those of several equal blocks once."""
    source = """block residual() {
  add {
    | conv 8 3x3 same relu -> conv 8 3x3 same
    | skip
  }
}
input 16x16x8
residual @label("one")
residual @label("one")
residual @label("two")
[residual @label("turn {i}")] x3
"""
    if style == "units" and not fold:
        return
    scene = drawn(source, style, fold=fold, **({"depth": 5} if style == "blocks" else {}))
    said = text(scene)
    assert said.count("one") == (1 if fold else 2)
    assert [said.count(label) for label in ("two", "turn 0", "turn 1", "turn 2")] == [1, 1, 1, 1]
    assert said.count("×2") == (1 if fold else 0)
    assert faults(scene) == []


@pytest.mark.parametrize("style", ["volumes", "text", "units"])
@pytest.mark.parametrize("show", [("relu",), ("relu", "lrn", "dropout"), ("dropout",)])
def test_silent_layers_are_named_on_their_arrow_or_below_their_column(show: tuple[str, ...], style: str) -> None:
    network = load("alexnet")
    scene = draw(Order([network], style, 504.0, LIGHT, show=show, fold=False if style == "text" else None))
    words = {"relu": "ReLU", "lrn": "LRN", "dropout": "dropout"}
    for word, name in words.items():
        said = sum(item.content == name for item in scene.primitives() if isinstance(item, Text))
        assert said == (sum(layer.kind.word == word for layer in network) if word in show else 0)
    assert faults(scene) == []


def test_what_can_be_shown_is_said(run: Run) -> None:
    assert shown(" bn,relu ") == shown(["bn", "relu", "bn"]) == ("bn", "relu")
    assert {"bn", "relu", "dropout", "lrn", "softmax", "tanh"} < set(SHOWN)
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        shown("rellu")
    result = run("render", "lenet5", "--show", "conv")
    assert result.status == 2
    assert "no layer that figures leave out is called 'conv'" in result.err
    assert parse('net a @figure(show="relu")\ninput 8x8x4\nconv 4 1x1 relu\n').render().svg.count("ReLU")

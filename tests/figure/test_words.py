"""An author's words in figures: every label is said once where what has it is drawn, and nothing touches it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Group, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.fronts import load
from cnngraph.network import LABEL, NOTE, Annotation, Network
from cnngraph.shipped import names
from cnngraph.units import units
from tests.figure.geometry import faults

WORDS = ("stem", "squeeze", "down", "to the next stage", "context", "RGB", "fusion of two scales", "Größe", "α → β")
REFUSED = ("E0603", "E0604", "E0606", "E0607", "E0608")


def labelled(network: Network, seed: int) -> Network:
    """*network* with labels, each another, on some of its layers that lead a unit, uses of blocks and outputs."""
    some = random.Random(seed)
    numbers = iter(range(1, 100_000))
    leads = {unit.name for unit in units(network).units if not unit.idle}

    def words() -> str:
        return f"{some.choice(WORDS)} {next(numbers)}|"

    layers = tuple(
        replace(layer, annotations=(Annotation(LABEL, (words(),)),))
        if layer.name in leads and some.random() < 0.3
        else layer
        for layer in network.layers
    )
    blocks = {
        path: replace(block, label=words()) if some.random() < 0.5 else block for path, block in network.blocks.items()
    }
    outputs = tuple(
        replace(output, label=words()) if len(network.outputs) > 1 else output for output in network.outputs
    )
    return replace(network, layers=layers, blocks=blocks, outputs=outputs)


def text(item: Scene | Group) -> str:
    found = [
        text(each) if isinstance(each, Group) else each.content for each in item.items if isinstance(each, Group | Text)
    ]
    return " ".join(found)


def labels(network: Network) -> dict[str, str]:
    return {layer.name: layer.label for layer in network.layers if layer.label}


@pytest.mark.parametrize("name", names())
def test_labels_are_said_once_and_touch_nothing(name: str) -> None:
    plain = load(name)
    seed = sum(map(ord, name))
    network = labelled(plain, seed)
    by_name = units(network).by_name
    drawn = set()
    for style in STYLES:
        if style == "operation":
            continue
        try:
            scene = draw(Order([network], style, 960.0, LIGHT))
        except CnngraphError as error:
            assert error.diagnostics[0].code in REFUSED, error
            if error.diagnostics[0].code == "E0608":
                print(style, error)
            continue
        drawn.add(style)
        said = text(scene)
        for label in (*labels(network).values(), *(b.label for b in network.blocks.values() if b.label)):
            assert said.count(label) <= 1, (style, label)
        if STYLES[style].speaks:
            for group in scene.groups():
                alone = [layer for layer in group.layers if layer in by_name and not by_name[layer].idle]
                if group.role == "layer" and len(alone) == 1 and network[alone[0]].label:
                    assert said.count(network[alone[0]].label) == 1, (style, alone)
        assert [each for each in faults(scene)] == [], style
    assert drawn
    print(drawn)


def noted(network: Network, seed: int) -> Network:
    """*network* with notes, two of them alike, on some of its layers."""
    some = random.Random(seed)
    leads = {unit.name for unit in units(network).units if not unit.idle}
    chosen = set(some.sample(sorted(leads), min(len(leads), 5)))
    texts = iter(["learned last", "learned last", "not in the paper", "p = 0.5", "frozen", "of another network"])
    layers = tuple(
        replace(layer, annotations=(Annotation(NOTE, (next(texts),)),)) if layer.name in chosen else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)


@pytest.mark.parametrize("name", names())
def test_notes_stand_below_and_their_marks_touch_nothing(name: str) -> None:
    plain = load(name)
    network = noted(plain, sum(map(ord, name)))
    total = left = 0
    for style in STYLES:
        for width in (960.0, 252.0):
            order = Order([network], style, width, LIGHT)
            try:
                before = draw(replace(order, networks=[plain]))
            except CnngraphError:
                continue
            scene = draw(order)
            (below,) = [group for group in scene.groups() if group.id == NOTE] or [Group(NOTE, "key", ())]
            words = [item.content for item in below.items if isinstance(item, Text)]
            notes = {str(each.arguments[0]) for layer in network for each in layer.annotations if each.name == NOTE}
            if style != "operation":
                assert {note for note in notes if note in " ".join(words)} == notes
            marks = [
                item.content for item in scene.primitives() if isinstance(item, Text) and not item.content.strip("†‡§¶")
            ]
            assert {line.split()[0] for line in words if line[0] in "†‡§¶"} == set(marks)
            total += len(words)
            left += sum(": " in w for w in words)
            assert len(faults(scene)) == len(faults(before)), (style, faults(scene))
    print(total, left)

"""Keras code is the network that it is written from; all of this runs without Keras."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from cnngraph.code.generated import Generated
from cnngraph.code.recording import Differs
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.keras import source
from cnngraph.keras.generate import codes, generate
from cnngraph.keras.recording import check
from cnngraph.keras.signatures import pieces
from cnngraph.network import Network
from cnngraph.spec.names import sayable
from tests.conftest import Run
from tests.keras.numbers import CLOSE, recorded
from tests.networks import load
from tests.parity.random_networks import spec as random_spec
from tests.spec.test_writing import specs
from tests.torch.numbers import KINDS, digest, of_kind
from tests.torch.test_generated import Changed

WRITTEN = Path(__file__).parent / "written"
NAMES = (
    "lenet5",
    "resnet",
    "resnet_small",
    "mobilenet_v2",
    "unet",
    "densenet121",
    "siamese",
    "yolov2",
    "convnext_tiny",
)
REFUSED = ("E0914", "E0708")


@cache
def shipped(name: str) -> Generated:
    return generate(load(name))


def written(network: Network) -> Generated | None:
    """The code; None where Keras does not have what it needs."""
    try:
        return generate(network)
    except CnngraphError as error:
        if error.diagnostics[0].code not in REFUSED:
            raise
        return None


def checked(made: Generated, text: str = "") -> None:
    check(text or made.text, made.top, made.network, codes(made.network))


# What is written ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_code_of_networks_that_ship(name: str, golden: Callable[[Path, bytes], None]) -> None:
    """Looked at: it reads as if somebody had written it."""
    golden(WRITTEN / f"{name}.py", shipped(name).text.encode())


def test_code_is_laid_out_as_ruff_does() -> None:
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", WRITTEN], capture_output=True
        )
        assert done.returncode == 0, done.stdout.decode()


def imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{node.module}"


def test_python_gives_the_same() -> None:
    assert source(load("lenet5")) == shipped("lenet5").text


def test_code_imports_keras_alone() -> None:
    for path in WRITTEN.glob("*.py"):
        assert set(imports(path.read_text("utf-8"))) == {"keras"}


def test_the_page_shows_the_code_and_the_command(run: Run) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "training.md").read_text("utf-8")
    shown = page[page.index("def residual(x, c") :].partition("```")[0].strip()
    assert f"\n{shown}\n\n\n" in (WRITTEN / "resnet.py").read_text("utf-8")
    assert f"$ cnngraph export --keras resnet\n{run('export', '--keras', 'resnet').out}```\n" in page


def test_the_command_writes_it(run: Run, tmp_path: Path) -> None:
    done = run("export", "--keras", "lenet5", "-o", "net.py")
    assert done.out == "net.py: 41 lines, lenet5(classes=10), compared with the network\n"
    text = (tmp_path / "net.py").read_text("utf-8")
    assert text.partition("\nimport")[2] == shipped("lenet5").text.partition("\nimport")[2]
    assert "    cnngraph export --onnx lenet5 --weights trained.weights.h5\n" in text
    refused = run("export", "--keras", "lenet5", "--weights", "w.h5")
    assert refused.status == 2
    assert "--weights is for --onnx" in refused.err
    assert run("export", "--keras", "--torch", "lenet5").status == 2


def test_params_are_arguments() -> None:
    code = shipped("resnet_small")
    for params in ({"n": 1}, {"n": 5, "residual": False}, {"width": 7, "classes": 3, "size": 24, "channels": 1}):
        network = sayable(load("resnet_small", **params))
        check(code.text, code.top, network, codes(network), params)


def test_one_of_two_blocks_is_chosen_by_a_param() -> None:
    code = shipped("resnet")
    assert code.parameters == {"depth": 50, "classes": 1000}
    for depth in (18, 152):
        network = sayable(load("resnet", depth=depth))
        check(code.text, code.top, network, codes(network), {"depth": depth})


# The comparison ----------------------------------------------------------------------------------

SURVIVORS = {"lenet5": 0, "unet": 0, "resnet_small": 1}
"""How many numbers may be others: a default that is always said."""


@pytest.mark.parametrize("name", SURVIVORS)
def test_no_other_number_is_the_same_network(name: str) -> None:
    code = shipped(name)
    survived, tried, place = [], 0, 1
    while True:
        change, tree = Changed(place), ast.parse(code.text)
        tree.body = [
            change.visit(node) if isinstance(node, ast.FunctionDef) and node.name not in pieces() else node
            for node in tree.body
        ]
        if not change.said:
            break
        place, tried = place + 1, tried + 1
        try:
            # Pieces are known by their text, which stays.
            changed = {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
            lines = [text for key, text in changed.items() if key not in pieces()]
            checked(code, "\n".join(["import keras", "from keras import layers, ops", *lines]))
        except (Differs, TypeError, AttributeError, ValueError, IndexError):
            continue
        survived.append(change.said)
    assert len(survived) <= SURVIVORS[name], survived
    assert tried > 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(crop(e, u), u), -1", "(u, crop(e, u)), -1"),
        ('name=f"{name}-conv1")', 'name=f"{name}-conv3")'),
        ('name="up1"', 'name="up2"'),
        ("up(x, conv6, 256", "up(x, conv4, 256"),
        ('layers.Activation("relu")', 'layers.Activation("linear")'),
        ('layers.Conv2D(2, 1, kernel_initializer="he_normal"', 'layers.Conv2D(2, 1, kernel_initializer="ones"'),
        (', name="logits"', ""),
        ("(572, 572, 1)", "(572, 572, 3)"),
    ],
)
def test_other_code_is_another_network(old: str, new: str) -> None:
    code = shipped("unet")
    assert old in code.text
    with pytest.raises(Differs):
        checked(code, code.text.replace(old, new, 1))


@pytest.mark.parametrize("part", range(2))
def test_what_was_compared_by_numbers_is_what_is_written(part: int) -> None:
    """Weights by their names, and outputs beside the ONNX file's, were measured of exactly this code:
    `python -m tests.keras.numbers`."""
    known = recorded()
    for case in [*KINDS[part::4], *(name for name in NAMES[part::2] if name != "densenet121")]:
        made, found = written(of_kind(case)) if case in KINDS else shipped(case), known[case]
        assert (found and found[0]) == (made and digest(made)), case


def test_what_was_measured_is_close() -> None:
    far = {name: found[1] for name, found in recorded().items() if found is not None and found[1] > CLOSE}
    assert far == {}


# Any network -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(2))
def test_random_networks_are_functions_or_refused(part: int) -> None:
    for text in map(random_spec, range(part, 36, 3)):
        made = written(parse(text))
        compile(made.text if made else "", "<generated>", "exec")


@settings(max_examples=15, deadline=None)
@given(specs())
def test_any_spec_can_be_written_or_is_refused(spec: str) -> None:
    made = written(parse(spec))
    compile(made.text if made else "", "<generated>", "exec")


def test_shared_weights_are_one_layer() -> None:
    text = (WRITTEN / "siamese.py").read_text("utf-8")
    assert text.count('name="left-conv1"') == 1
    assert "right_conv1 = left_conv1_layer(second)\n" in text


def test_names_are_no_functions_and_no_variables() -> None:
    """Blocks, labels and params that are called as what stands in the code already."""
    text = """
net keras
param c = 4
input x 8x8x3
input layers 8x8x3
block conv2(ops, s=1) {
  name: conv ops 3x3 same bn relu
  y: add {
    | conv ops 1x1
    | conv ops 3x3 same relu
  }
  relu -> concat name y
}
from x -> concat layers
conv3: conv2 c
ops: conv2 c
i: conv c 3x3 same relu
range: from conv3 -> concat i ops
"""
    compile(generate(parse(text)).text, "<generated>", "exec")
    blocks = """
net class
input 8x8x3
block yield(layers) {
  conv layers 3x3 same bn relu -> conv layers 1x1
}
block up(e, other: tensor) {
  concat other -> conv e 3x3 same relu
}
a: yield 4
yield 8 -> up 4 a -> up 6 a
"""
    assert generate(parse(blocks)).remarks[0].endswith("because a parameter is called as a tensor")
    assert generate(parse(blocks.replace(" e ", " w ").replace("(e,", "(w,"))).top == "class2"


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("unpool", "E0914", ""),
        ("conv 4 3x3 -> flatten", "E0914", "the output `flatten1` would be in another order in Keras"),
        ("pad 1 circular", "E0914", "`pad1` cannot be said in Keras: `pad`"),
        ("conv 4 3x3 d=2 s=2", "E0914", "`conv1` cannot be said in Keras: `conv`"),
        ("flatten -> unflatten 4x4x12", "E0708", ""),
        ('opaque "attention"', "E0909", "`opaque1` is attention"),
    ],
)
def test_what_keras_does_not_have_is_said(text: str, code: str, said: str) -> None:
    network = load("segnet") if text == "unpool" else parse(f"net t\ninput 8x8x3\n{text}\n")
    with pytest.raises(CnngraphError) as caught:
        generate(network)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.message.startswith(said)


def test_annotations_of_weights_are_arguments() -> None:
    text = generate(
        parse('net t\ninput 8x8x3\nconv 4 3x3 bn @freeze\nconv 4 3x3 @init("zeros")\nfc1: conv 2 1x1 @init("xavier")\n')
    ).text
    assert text.count("trainable=False") == 2
    assert text.count('kernel_initializer="zeros"') == 1
    assert text.count('kernel_initializer="glorot_normal"') == 1

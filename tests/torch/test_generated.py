"""PyTorch code is the network that it is written from; all of this runs without PyTorch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from cnngraph.assembly import Assembly
from cnngraph.code.generated import Generated
from cnngraph.code.recording import Differs
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.layers import KINDS as WORDS
from cnngraph.names import unfit
from cnngraph.network import Network
from cnngraph.spec.names import is_name
from cnngraph.torch.generate import generate
from cnngraph.torch.names import bearable
from cnngraph.torch.recording import check
from cnngraph.volume import Volume
from cnngraph.weights.match import expected
from tests.networks import load
from tests.onnx.test_values import CASES as KINDS
from tests.parity.random_networks import spec as random_spec
from tests.spec.test_writing import RANDOM, specs
from tests.torch.numbers import SHIPPED, digest, is_close, key, of_kind, recorded

WRITTEN = Path(__file__).parent / "written"
IDS = [key(*case) for case in SHIPPED]
SMALL = """
net small "{6*n+2} layers"
param n = 3
param residual = true
param width = 16
param classes = 10
input 32x32x3
default conv 3x3 same bn relu
block unit(c, s=1) {
  add {
    | conv c s=s -> conv c linear
    | skip -> shortcut c s=s if residual
  }
  relu
}
conv width
[unit width] x n
unit 2*width s=2 -> [unit 2*width] x n-1
unit 4*width s=2 -> [unit 4*width] x n-1
avgpool global -> flatten
softmax classes
"""


@cache
def made(name: str, **params: Any) -> Generated:
    return generate(load(name, **params))


# What is written ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, params in SHIPPED if not params])
def test_code_of_networks_that_ship(name: str, golden: Callable[[Path, bytes], None]) -> None:
    """Looked at: it reads as if somebody had written it."""
    golden(WRITTEN / f"{name}.py", made(name).text.encode())


def test_code_is_laid_out_as_ruff_does() -> None:
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", WRITTEN], capture_output=True
        )
        assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize(("name", "params"), SHIPPED, ids=IDS)
def test_all_networks_are_classes_of_their_blocks(name: str, params: dict[str, Any]) -> None:
    code = made(name, **params)
    assert code.remarks == ()
    keys = {f"{code.names.get(layer.name, layer.name)}.{own}" for layer in code.network for own in layer.parameters}
    assert keys == set(expected(load(name, **params)))


def imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{node.module}"


@pytest.mark.parametrize("name", ["resnet", "unet", "yolov2"])
def test_code_imports_torch_alone(name: str) -> None:
    assert set(imports(made(name).text)) == {"torch"}


def test_the_same_network_is_the_same_text() -> None:
    assert generate(load("shufflenet_v2")).text == made("shufflenet_v2").text


def test_first_lines_say_what_goes_in_and_how_weights_come_back() -> None:
    text = generate(load("resnet"), "resnet --set depth=50").text
    assert "N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406" in text
    assert "    cnngraph export --onnx resnet --set depth=50 --weights trained.pth\n" in text


PAGE = (Path(__file__).parent.parent.parent / "docs" / "training.md").read_text("utf-8")


def test_the_page_shows_the_code_as_it_is() -> None:
    shown = re.findall(r"```python\n(class .*?)```", PAGE, re.DOTALL)[0].strip().split("\n\n\n")
    text = (WRITTEN / "resnet.py").read_text("utf-8")
    assert len(shown) == 3
    assert [each for each in shown if f"\n{each}\n" not in text] == []


@pytest.mark.parametrize("arguments", ["resnet", "lenet5 --with-training"])
def test_the_page_shows_what_the_command_says(arguments: str, run: Callable[..., Any]) -> None:
    command = f"export --torch {arguments}"
    assert f"$ cnngraph {command}\n{run(*command.split()).out}```\n" in PAGE


# Params ------------------------------------------------------------------------------------------


def test_params_are_arguments(tmp_path: Path) -> None:
    (file := tmp_path / "small.spec").write_text(SMALL)
    code = generate(load(file))
    assert code.parameters == {"n": 3, "residual": True, "width": 16, "classes": 10}
    assert 'self.add_module(f"unit{i + n + 2}", Unit(2 * width, 2 * width, residual=residual))' not in code.text
    for params in ({"n": 1}, {"n": 9, "residual": False}, {"width": 7, "classes": 3, "n": 2}):
        check(code.text, code.top, _logits(load(file, **params)), params)


def test_values_by_a_match_are_a_table(tmp_path: Path) -> None:
    code = made("resnet")
    assert code.parameters == {"depth": 50, "classes": 1000}
    assert "        n = {\n            18: (2, 2, 2, 2),\n" in code.text
    for depth in (18, 34, 50, 101, 152):
        check(code.text, code.top, _logits(load("resnet", depth=depth)), {"depth": depth})
    with pytest.raises(KeyError):
        check(code.text, code.top, code.network, {"depth": 19})


def test_a_setting_is_the_default() -> None:
    assert "def __init__(self, depth=18, classes=1000)" in made("resnet", depth=18).text


def test_a_param_that_makes_another_network_is_what_it_is_here() -> None:
    assert made("googlenet").parameters == {"classes": 1000}
    assert len(load("googlenet", aux=True).outputs) == 3
    assert made("googlenet", aux=True).parameters == {}


def test_a_network_without_its_file_has_none() -> None:
    assert generate(parse("net t\nparam c = 4\ninput 8x8x3\nconv c 3x3\n")).parameters == {}


def test_a_spec_that_changed_since_is_not_read(tmp_path: Path) -> None:
    (file := tmp_path / "a.spec").write_text("net a\nparam c = 4\ninput 8x8x3\nconv c 3x3\n")
    network = load(file)
    assert generate(network).parameters == {"c": 4}
    file.write_text("net a\nparam c = 4\ninput 8x8x3\nconv c 5x5\n")
    assert generate(network).parameters == {}


def _logits(network: Network) -> Network:
    from cnngraph.code.outputs import without_softmax

    return without_softmax(bearable(network)[0])[0]


# The comparison ----------------------------------------------------------------------------------


class Changed(ast.NodeTransformer):
    """Adds one to the whole number, or takes the other truth value, at one place of the classes."""

    def __init__(self, place: int) -> None:
        self.left = place
        self.said = ""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if not isinstance(node.value, int):
            return node
        self.left -= 1
        if self.left:
            return node
        self.said = f"line {node.lineno}: {node.value}"
        return ast.copy_location(ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1), node)


def changes(text: str) -> Iterator[tuple[str, str]]:
    place = 1
    while True:
        change = Changed(place)
        tree = ast.parse(text)
        tree.body = [change.visit(node) if isinstance(node, ast.ClassDef) else node for node in tree.body]
        if not change.said:
            return
        yield change.said, ast.unparse(ast.fix_missing_locations(tree))
        place += 1


SURVIVORS = {"lenet5": 1, "unet": 0, "googlenet": 1, "squeezenet": 2, "densenet121": 1, "mobilenet_v2": 2}
"""How many numbers may be others: that of `softmax(1)` in `predict`, and 2 in the `f // 2` of windows of 1 and 3."""


@pytest.mark.parametrize("name", SURVIVORS)
def test_no_other_number_is_the_same_network(name: str) -> None:
    code = made(name)
    survived, tried = [], 0
    for said, text in changes(code.text):
        tried += 1
        try:
            check(text, code.top, code.network)
        except (Differs, TypeError, AttributeError, ValueError, IndexError):
            continue
        survived.append(said)
    assert len(survived) <= SURVIVORS[name], survived
    assert tried > 12


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.cat((crop(e, u), u), 1)", "torch.cat((u, crop(e, u)), 1)"),
        ("self.conv2(self.conv1(torch.cat", "self.conv1(self.conv2(torch.cat"),
        ("self.up1(x, e4)", "self.up1(x, conv6)"),
        ("return torch.relu(super().forward(x))", "return super().forward(x)"),
        ("), 1)))", "), 2)))"),
        ("self.u = nn.ConvTranspose2d", "self.v = nn.ConvTranspose2d"),
        ("self.logits = nn.Conv2d(64, 2, 1)", "self.logits = nn.Conv2d(64, 2, 1, bias=False)"),
        ("self.dropout1 = nn.Dropout()", "self.dropout1 = nn.Dropout(0.4)"),
        ("self.apply(init_weights)", "self.more = nn.Conv2d(64, 2, 1)"),
    ],
)
def test_other_code_is_another_network(old: str, new: str) -> None:
    code = made("unet")
    assert old in code.text
    with pytest.raises((Differs, AttributeError)):
        check(code.text.replace(old, new), code.top, code.network)


def test_what_was_compared_by_numbers_is_what_is_written() -> None:
    """Keys, and outputs beside the ONNX file's, were measured of exactly this code: `python -m tests.torch.numbers`."""
    known = recorded()
    found = {key(*case): digest(made(case[0], **case[1])) for case in SHIPPED}
    found |= {case: digest(generate(of_kind(case))) for case in KINDS}
    assert {name: text for name, text in found.items() if known[name][0] != text} == {}
    assert [name for name in found if not is_close(*known[name][1:])] == []


# Any network -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(6))
def test_random_networks_are_classes(part: int) -> None:
    texts = [*map(random_spec, range(36)), *RANDOM]
    for text in texts[part::6]:
        assert generate(parse(text)).remarks == (), text


@settings(max_examples=20, deadline=None)
@given(specs())
def test_any_spec_can_be_written(spec: str) -> None:
    compile(generate(parse(spec)).text, "<generated>", "exec")


def test_a_skip_within_a_residual_is_no_shortcut_that_vanished() -> None:
    inner = "add {\n| skip\n| conv c 3x3 same\n}"
    steps = f"block unit(c) {{\nadd {{\n| conv c 1x1\n{inner}\n| skip -> shortcut c\n}}\n}}"
    network = parse(f"net t\ninput 8x8x8\n{steps}\nunit 16\nunit 16\nunit 16\n")
    text = generate(network).text
    assert re.findall(r"^class (Unit\w*)", text, re.MULTILINE) == ["Unit"]


def test_shared_weights_are_one_module() -> None:
    code = made("siamese")
    assert "self.left(first) - self.left(second)" in code.text
    assert "self.right" not in code.text


def test_weights_shared_into_a_block_make_one_class_without_blocks() -> None:
    code = generate(
        parse(
            "net t\ninput 8x8x4\nblock b(c) {\n  heat: conv c 3x3 same relu\n  conv c 3x3 same\n}\n"
            "one: b 4\nblock d() {\n  conv 4 1x1\n}\nd\nagain one.heat\n"
        )
    )
    assert code.remarks == () or "one class without blocks" in code.text
    assert "self.one.heat" in code.text


def test_what_runs_in_pieces_is_one_class_without_blocks() -> None:
    from dataclasses import replace

    network = parse("net t\ninput 8x8x4\nblock b() {\n  relu -> conv 4 1x1\n}\nb\ntanh\n")
    mixed = replace(
        network,
        layers=tuple(
            replace(layer, block="b1", name="b1.tanh1", unit="b1.tanh1") if layer.name == "tanh1" else layer
            for layer in network.layers
        ),
        outputs=tuple(replace(each, layer="b1.tanh1") for each in network.outputs),
    )
    assert generate(mixed).remarks == ()  # it is in the block, and the block's last
    middle = replace(network["b1.conv1"], inputs=("tanh1",))
    layers = (network.layers[0], network["b1.relu1"], replace(network["tanh1"], inputs=("b1.relu1",)), middle)
    pieces = replace(network, layers=layers, outputs=tuple(replace(e, layer="b1.conv1") for e in network.outputs))
    code = generate(pieces)
    assert "one class without blocks, because a block of the network runs in pieces" in code.remarks[0]
    assert "This is one class without blocks" in code.text


def test_a_chain_is_written_in_time_that_grows_with_it() -> None:
    from time import process_time

    def taken(n: int) -> float:
        network = parse(f"net t\ninput 8x8x4\nblock b(c) {{\n  conv c 3x3 same relu\n}}\n[b 4 -> b 8 -> b 4] x {n}\n")
        start = process_time()
        generate(network)
        return process_time() - start

    assert taken(400) < 12 * max(taken(100), 0.05)


# Names -------------------------------------------------------------------------------------------


def test_names_that_modules_have_already_are_changed() -> None:
    network = parse("net t\ninput 8x8x3\ntrain: conv 4 3x3\nclass: conv 4 3x3\n_modules: conv 4 3x3 bn\ntrain_: relu\n")
    code = generate(network)
    assert code.names == {
        "train__": "train",
        "class_": "class",
        "modules_": "_modules",
        "modules_.bn": "_modules.bn",
    }
    assert "self.train__ = nn.Conv2d(3, 4, 3)" in code.text
    assert "--rename train__=train\n" in code.text
    assert set(expected(code.network)) == {
        key.replace("train.", "train__.").replace("class.", "class_.").replace("_modules.", "modules_.")
        for key in expected(network)
    }


def test_names_of_other_programs_are_identifiers() -> None:
    assembly = Assembly()
    assembly.input("data:0", Volume((8, 8, 3)))
    assembly.add("/layer 1/conv", WORDS["conv"](channels=4, window=(3, 3)), ["data:0"])
    assembly.add("2.relu", WORDS["relu"](), ["/layer 1/conv"])
    assembly.output("2.relu", "2.relu")
    code = generate(assembly.network('"""\nimport os\n\\'))
    tree = ast.parse(code.text)
    assert isinstance(tree.body[0], ast.Expr)
    assert all(isinstance(node, ast.ImportFrom | ast.FunctionDef | ast.ClassDef) for node in tree.body[1:])
    assert all(is_name(part) and not unfit(part) for layer in code.network for part in layer.name.split("."))


@pytest.mark.parametrize("title", ['"""', "\\", 'a"', "\\N{DASH}", "'''", "a\\"])
def test_a_title_stays_in_its_place(title: str) -> None:
    from dataclasses import replace

    network = replace(load("lenet5"), title=title, file=f"x{title}.spec")
    tree = ast.parse(generate(network).text)
    assert isinstance(tree.body[0], ast.Expr)
    assert not any(isinstance(node, ast.Expr) for node in tree.body[1:])


# What is refused ---------------------------------------------------------------------------------


def test_opaque_parts_are_refused() -> None:
    with pytest.raises(CnngraphError) as caught:
        generate(parse('net t\ninput 8x8x3\nopaque "attention"\n'))
    (said,) = caught.value.diagnostics
    assert (said.code, said.message) == (
        "E0909",
        "`opaque1` is attention, which no layer here does: it cannot be exported",
    )


# Starting ----------------------------------------------------------------------------------------


def test_annotations_of_weights_are_lines() -> None:
    text = generate(
        parse(
            'net t\ninput 8x8x3\nconv 4 3x3 bn @freeze\nfine: conv 4 3x3 @init("zeros")\nconv 2 1x1 @init("xavier")\n'
        )
    ).text
    assert "        self.conv1.requires_grad_(False)\n" in text
    assert "        nn.init.zeros_(self.fine.weight)\n" in text
    assert "        nn.init.xavier_normal_(self.conv2.weight)\n" in text

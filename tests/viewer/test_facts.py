"""What the page is told of a network is what the network says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import cnngraph
from cnngraph import viewer
from cnngraph.field import receptive_fields
from cnngraph.network import Network
from cnngraph.units import units
from cnngraph.viewer.facts import facts
from cnngraph.viewer.page import page
from tests.viewer.grown import grown

SAMPLE = ("lenet5", "resnet", "unet", "googlenet", "ssd300", "squeezenet")
NETWORKS = [cnngraph.load(name) for name in SAMPLE] + [grown(Random(seed)) for seed in range(30)]
PAGE = Path(viewer.__file__).parent / "page"


def leaves(chain: list[Any], data: dict[str, Any]) -> Iterator[int]:
    """The units in a chain, those of blocks in it among them."""
    for element in chain:
        match element:
            case int():
                yield element
            case {"b": block}:
                yield from leaves(data["blocks"][block]["chain"], data)
            case {"f": branches}:
                for _, _, inner in branches:
                    yield from leaves(inner, data)
            case {"s": chains} | {"t": chains}:
                for inner in chains:
                    yield from leaves(inner, data)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_every_unit_has_one_place_and_sums_are_those_of_what_is_inside(network: Network) -> None:
    data, whole = facts(network), units(network).units
    assert Counter(leaves(data["chain"], data)) == Counter(range(len(whole)))
    for block in data["blocks"]:
        inside = list(leaves(block["chain"], data))
        assert len(inside) == block["count"]
        for number, measure in enumerate(block["measures"]):
            assert measure == sum(data["units"][unit]["measures"][number] for unit in inside)
        paths = {whole[unit].lead.block for unit in inside}
        assert all(path == block["path"] or path.startswith(f"{block['path']}.") for path in paths)
    params, macs, *_ = (sum(unit["measures"][number] for unit in data["units"]) for number in range(3))
    live = [layer for layer in network.layers if layer.name in network.live]
    assert (params, macs) == (sum(layer.params for layer in live), sum(layer.macs or 0 for layer in live))


@pytest.mark.parametrize("name", ["lenet5", "resnet", "unet_same", "inception_v3"])
def test_what_places_see_is_as_large_as_the_field(name: str) -> None:
    network = cnngraph.load(name)
    data, fields = facts(network), receptive_fields(network)
    for unit, of in zip(data["units"], units(network).units, strict=True):
        field = fields[of.layers[-1].name]
        assert unit["field"] == (f"{field.height}×{field.width} pixels" if field else "all of the input")
        for _, rows, columns in unit["sees"]:
            widest = [max(last - first + 1 for first, last in data["sights"][at][0]) for at in (rows, columns)]
            assert field is not None
            assert widest == [field.height, field.width]


def test_what_is_not_known_behind_an_opaque_part_is_said_so() -> None:
    network = cnngraph.parse(
        'net x\ninput 8x8x3\na: conv 4 3x3 same\nb: opaque "attention" params=9\nc: conv 4 3x3 same\n'
        "d: concat a\ne: avgpool global\n"
    )
    data = facts(network)
    fields = {unit["name"]: unit["field"] for unit in data["units"]}
    assert (fields["a"], fields["image"]) == ("3×3 pixels", "1×1 pixels")
    assert all(fields[name].startswith("not known") for name in "bcde")
    opaque = [unit["name"] for unit in data["units"]].index("b")
    assert {measure["words"]: measure["unknown"] for measure in data["measures"]} == {
        "parameters": [], "MACs": [opaque], "memory": []
    }  # fmt: skip


def test_a_network_with_free_sizes_has_no_measures_that_hang_on_them() -> None:
    data = facts(cnngraph.parse("net free\ninput image (?H, ?W, 3)\nconv 4 3x3\n"))
    assert [measure["words"] for measure in data["measures"]] == ["parameters"]
    assert [work["size"] for work in data["works"]] == [None, None]
    json.dumps(data, allow_nan=False)


def test_times_are_a_measure(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text(json.dumps({"conv1": 0.25, "": 0.5}))
    data = facts(cnngraph.load("lenet5"), str(file))
    assert [unit["measures"][-1] for unit in data["units"]][:3] == [0, 0.25, 0]


def test_what_ends_a_script_stands_in_none() -> None:
    data = {"title": "</script><b>", "counts": "{data}{script}", "x": ["</script>", "<!--", "\ud800"]}
    text = page(data, "").decode()
    assert text.count("</script>") == 2
    assert "<b>" not in text
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert json.loads(held)["x"][:2] == data["x"][:2]


# The scripts -------------------------------------------------------------------------------------

MODULES = sorted(PAGE.glob("*.js"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_import_and_export_in_the_forms_that_are_joined(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for line in lines:
        if line.startswith("import"):
            assert re.fullmatch(r'import \{ [\w, ]+ \} from "\./\w+\.js";', line)
        if line.startswith("export"):
            assert re.match(r"export (async function|function\*?|class|const) \w+", line)
    assert len(lines) <= 250


def test_the_scripts_stay_small() -> None:
    """Without blank lines and comments; what can be said in Python is."""
    lines = [line.strip() for path in MODULES for line in path.read_text("utf-8").splitlines()]
    assert sum(not line.startswith(("//", "/*", "* ")) for line in lines if line) <= 1900


def test_what_is_imported_is_exported_and_used() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in MODULES}
    exported = {
        name: set(re.findall(r"^export (?:async function|function\*?|class|const) (\w+)", text, re.MULTILINE))
        for name, text in texts.items()
    }
    for name, text in texts.items():
        for names, module in re.findall(r'^import \{ ([\w, ]+) \} from "\./(\w+)\.js";', text, re.MULTILINE):
            for each in names.split(", "):
                assert each in exported[module], f"{name}.js takes {each} of {module}.js"
                assert len(re.findall(rf"\b{each}\b", text)) > 1, f"{name}.js does not use {each}"


def test_the_page_is_one_file_that_is_the_same_each_time() -> None:
    network = cnngraph.load("resnet", depth=152)
    data = page(facts(network), "")
    assert data == page(facts(cnngraph.load("resnet", depth=152)), "")
    assert len(data) < 500_000
    assert b"http://" not in data.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in data


def test_who_uses_the_same_weights_has_one_letter() -> None:
    for name in ("siamese", "lenet5"):
        whole = units(cnngraph.load(name)).units
        letters: dict[str, set[str]] = {}
        for unit, data in zip(whole, facts(cnngraph.load(name))["units"], strict=True):
            assert ("letter" in data) == (unit.tied != "")
            letters.setdefault(data.get("letter", ""), set()).add(unit.tied)
        assert sorted(letters) == (["", "a", "b", "c", "d", "e"] if name == "siamese" else [""])
        assert all(len(owners) == 1 for owners in letters.values())

"""The shape of the graph: series-parallel decomposition and folding."""

from __future__ import annotations

from collections.abc import Iterator

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.flow import Boxed, Branch, Chain, Element, Exit, Fork, Repeat, Side, Tangle, flow, insides, units_of
from cnngraph.fold import folded, same_work
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.units import Unit, units
from tests.networks import load


def shown(chain: Chain) -> str:
    """``conv1 {a | b} add1 [conv2]x3``"""
    parts = []
    for element in chain:
        match element:
            case Unit():
                parts.append(element.name)
            case Fork(branches):
                parts.append("{" + " | ".join(_branch(branch) for branch in branches) + "}")
            case Side(chains):
                parts.append("/" + " | ".join(map(shown, chains)) + "/")
            case Exit(output):
                parts.append(f">{output.name}")
            case Repeat(stretches):
                parts.append(f"[{shown(stretches[0])}]x{len(stretches)}")
            case Boxed(path):
                parts.append(f"<{path}>")
            case Tangle(nodes, links):
                named = [f"{number}: {shown(node)}" for number, node in enumerate(nodes)]
                ways = [f"{'' if link.source is None else link.source}-{link.target}" for link in links]
                parts.append(f"({', '.join(named)}; {' '.join(ways)})")
    return " ".join(parts)


def _branch(branch: Branch) -> str:
    return " ".join(filter(None, ("skip" if branch.is_skip else "", shown(branch.chain)))) or "."


def of(text: str) -> str:
    return shown(flow(units(parse(f"net t\ninput 8x8x4\n{text}\n"))))


def test_a_chain() -> None:
    assert of("conv 4 3x3 relu -> maxpool f=2 s=2") == "image conv1 maxpool1"


def test_branches_stand_in_the_order_of_the_spec() -> None:
    text = "concat {\n| maxpool 3x3 s=1 same -> conv 4 1x1\n| skip\n| conv 4 1x1 -> conv 2 1x1\n}"
    assert of(text) == "image {maxpool1 conv1 | skip | conv2 conv3} concat1"


def test_forks_within_forks() -> None:
    inner = "add {\n| conv 4 1x1\n| skip\n}"
    assert of(f"add {{\n| conv 4 1x1\n  {inner}\n  relu\n| skip\n}}") == "image {conv1 {conv2 | skip} add1 | skip} add2"


def test_branches_written_as_lines_are_branches_of_one_fork() -> None:
    assert of("a: conv 4 1x1\nfrom image -> conv 4 1x1 -> add a image") == "image {conv1 | a | .} add1"


def test_auxiliary_outputs_are_sides_of_the_chain() -> None:
    aux = "aux: avgpool global -> flatten -> fc 2"
    text = f"a: conv 4 1x1\n{aux}\nfrom a -> conv 8 1x1 -> conv 4 1x1 -> maxpool f=2 s=2\nmain: relu\noutput main aux"
    assert of(text) == "image a /avgpool1 flatten1 aux >aux/ conv1 conv2 maxpool1 >main"


def test_several_inputs_begin_branches() -> None:
    text = "input b 8x8x4\nfrom image -> conv 4 1x1 -> add b"
    assert of(text) == "{image conv1 | b} add1"


def test_what_is_neither_stays_a_tangle() -> None:
    """The smallest graph that is not series-parallel: a bridge between two branches."""
    text = "a: conv 4 1x1\nl: conv 4 1x1\nfrom a -> conv 4 1x1 -> add l\nr: relu\nfrom l -> conv 4 1x1 -> add r\nrelu"
    chain = flow(units(parse(f"net t\ninput 8x8x4\n{text}\n")))
    assert shown(chain[:2]) == "image a"
    assert any(isinstance(element, Tangle) for element in chain)
    assert {unit.name for unit in units_of(chain)} == {
        unit.name for unit in units(parse(f"net t\ninput 8x8x4\n{text}\n")).units
    }


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_network_is_series_parallel(name: str) -> None:
    whole = units(load(name))
    chain = flow(whole)
    assert "tangle" not in shown(chain)
    assert sorted(unit.name for unit in units_of(chain)) == sorted(whole.by_name)


# Folding -------------------------------------------------------------------------------------


def fold_of(name: str, depth: int | None = None) -> str:
    network = load(name)
    return shown(folded(flow(units(network), depth), network))


def test_vgg_folds_as_on_the_slide() -> None:
    assert fold_of("vgg16") == (
        "image [conv1]x2 maxpool1 [conv3]x2 maxpool2 [conv5]x3 maxpool3 [conv8]x3 maxpool4 [conv11]x3 maxpool5"
        " flatten1 [fc1]x2 fc3"
    )


def test_residual_blocks_fold_with_their_skips() -> None:
    inner = " ".join(f"stage3.residual2.bottleneck1.conv{number}" for number in (1, 2, 3))
    assert f"[{{{inner} | skip}} stage3.residual2.add1]x5" in fold_of("resnet")
    assert fold_of("residual_network") == "x [{residual1.fc1 residual1.fc2 | skip} residual1.add1]x5"


def test_stretches_begin_where_blocks_begin() -> None:
    assert "[ds7.dwconv1 ds7.conv1]x5" in fold_of("mobilenet_v1")


def test_blocks_as_one_thing() -> None:
    assert fold_of("resnet", 0) == "image conv1 maxpool1 <stage1> <stage2> <stage3> <stage4> avgpool1 flatten1 fc1"
    assert "<stage1.residual1> [<stage1.residual2>]x2 <stage2.residual1>" in fold_of("resnet", 1)
    assert "[<layer1>]x6 <transition1> [<layer7>]x12" in fold_of("densenet121", 0)


def test_a_block_of_one_unit_is_no_box() -> None:
    text = "block one() {\n  conv 4 1x1 relu\n}\nblock two() {\n  conv 4 1x1\n  conv 4 3x3 same\n}\none\ntwo\none"
    network = parse(f"net t\ninput 8x8x4\n{text}\n")
    assert shown(flow(units(network), 0)) == "image one1.conv1 <two1> one2.conv1"


def test_a_stretch_begins_as_early_as_it_can_where_every_unit_is_a_block() -> None:
    text = "block p() {\n  conv 4 3x3 same\n}\nblock q() {\n  conv 4 1x1\n}\n[\n  p\n  q\n] x3\np"
    network = parse(f"net t\ninput 8x8x4\n{text}\n")
    assert shown(folded(flow(units(network)), network)) == "image [p1.conv1 q1.conv1]x3 p4.conv1"


@pytest.mark.parametrize("times", [2, 3])
def test_a_stretch_moves_to_where_its_blocks_begin_and_no_further(times: int) -> None:
    """The first unit does what each block ends with: the stretch begins with the block, not with that unit."""
    text = f"block b() {{\n  conv 4 3x3 same\n  conv 4 1x1\n}}\nconv 4 1x1\n[\n  b\n] x{times}"
    network = parse(f"net t\ninput 8x8x4\n{text}\n")
    assert shown(folded(flow(units(network)), network)) == f"image conv1 [b1.conv1 b1.conv2]x{times}"
    lines = f"[\n  conv 4 1x1\n  conv 4 3x3 same\n] x{times}\nconv 4 1x1"
    network = parse(f"net t\ninput 8x8x4\n{lines}\n")
    assert shown(folded(flow(units(network)), network)) == f"image [conv1 conv2]x{times} conv{2 * times + 1}"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["p", "q", "r"]), st.sampled_from(["", "one", "two"])), min_size=2, max_size=12)
)
def test_what_repeats_is_called_the_same(uses: list[tuple[str, str]]) -> None:
    """Also where a label is on a block around; and the blocks with labels that are folded are whole."""
    text = "block p() {\n  conv 4 3x3 same\n  conv 4 1x1\n}\nblock q() {\n  conv 4 1x1\n}\n"
    text += 'block r() {\n  p\n  q @label("in")\n}\n'
    lines = [f'{block} @label("{label}")' if label else block for block, label in uses]
    network = parse(f"net t\n{text}input 8x8x4\n" + "\n".join(lines) + "\n")

    def called(unit: Unit) -> tuple[str, ...]:
        found, path = [], unit.lead.block
        while path:
            found.append(network.blocks[path].label)
            path = network.blocks[path].parent
        return tuple(found)

    small = folded(flow(units(network)), network)
    assert [unit.name for unit in units_of(small)] == [unit.name for unit in units(network).units]
    waiting = list(small)
    while waiting:
        element = waiting.pop()
        waiting += [inner for inside in insides(element) for inner in inside]
        if isinstance(element, Repeat):
            said = [[tuple(filter(None, called(unit))) for unit in units_of(stretch)] for stretch in element.stretches]
            assert all(each == said[0] for each in said)


def test_a_block_whose_inside_is_used_elsewhere_stays_open() -> None:
    text = "block b() {\n  inner: conv 4 1x1\n  relu -> conv 4 1x1\n}\nx: b\nadd x.inner"
    network = parse(f"net t\ninput 8x8x4\n{text}\n")
    assert "<" not in shown(flow(units(network), 0))


def unfolded(chain: Chain) -> Iterator[Element]:
    """What a fold says: its first stretch, as often as it says."""
    for element in chain:
        match element:
            case Repeat(stretches):
                for _ in stretches:
                    yield from unfolded(stretches[0])
            case Boxed(_, inside):
                yield from inside
            case _:
                yield element


def graph(chain: Chain) -> networkx.DiGraph:
    """The units of a chain without tangles or sides, as a graph that knows what each does."""
    found = networkx.DiGraph()

    def add(chain: Chain, before: list[int | None]) -> list[int | None]:
        for element in unfolded(chain):
            match element:
                case Unit():
                    number = len(found)
                    found.add_node(number, work=same_work(element))
                    found.add_edges_from((source, number) for source in before if source is not None)
                    before = [number]
                case Fork(branches):
                    before = [end for branch in branches for end in add(branch.chain, before)]
                case _:
                    raise AssertionError(element)
        return before

    add(chain, [None])
    return found


def same_graph(network: Network) -> None:
    chain = flow(units(network))
    small = folded(chain, network)
    assert sum(1 for _ in units_of(small)) == sum(1 for _ in units_of(chain))
    assert networkx.is_isomorphic(graph(chain), graph(small), node_match=lambda a, b: bool(a["work"] == b["work"]))


@pytest.mark.parametrize(
    "name", ["vgg16", "mobilenet_v1", "googlenet", "squeezenet", "residual_network", "shufflenet_v2"]
)
def test_unfolding_gives_the_network_again(name: str) -> None:
    same_graph(load(name))


STEPS = st.sampled_from(["conv 4 3x3 same relu", "conv 4 1x1", "relu", "maxpool 3x3 s=1 same", "bn"])
BODIES = st.recursive(
    STEPS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("\n".join),
        st.tuples(inner, st.integers(1, 4)).map(lambda pair: f"[\n{pair[0]}\n] x{pair[1]}"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda ways: "add {\n" + "".join(f"| {w}\n" for w in ways) + "| skip\n}"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_unfolding_any_network_gives_it_again(body: str) -> None:
    network = parse(f"net t\ninput 8x8x4\n{body}\n", max_nodes=2_000)
    if len(network) < 80:
        same_graph(network)
    chain = flow(units(network))
    assert sorted(unit.name for unit in units_of(folded(chain, network))) == sorted(units(network).by_name)

"""Which tensor is which weight: by name, by the user's names, by order and shape; what does not fit is said."""

from __future__ import annotations

import numpy as np
import pytest

from cnngraph.cli.weights import rows
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.weights.arrange import arrange
from cnngraph.weights.match import Matching, match
from cnngraph.weights.readers.entry import Entry
from tests.networks import load


def entries(*names_and_shapes: tuple[str, tuple[int, ...]], kind: str = "float32") -> list[Entry]:
    return [
        Entry(name, shape, kind, lambda shape=shape: np.zeros(shape, np.float32))  # type: ignore[misc]
        for name, shape in names_and_shapes
    ]


CHAIN = parse("net t\ninput 8x8x3\nconv 4 3x3 relu -> conv 4 3x3 relu -> conv 4 3x3 relu -> flatten -> fc 2\n")
FILE = [
    ("stem.weight", (4, 3, 3, 3)), ("stem.bias", (4,)),
    ("mid1.weight", (4, 4, 3, 3)), ("mid1.bias", (4,)),
    ("mid2.weight", (4, 4, 3, 3)), ("mid2.bias", (4,)),
    ("head.weight", (2, 16)), ("head.bias", (2,)),
]  # fmt: skip


def matched(network: Network, found: list[Entry], **renames: str) -> Matching:
    return match(found, network, {old.replace("_", "."): new for old, new in renames.items()}, "w.pt")


def refused(network: Network, found: list[Entry], **renames: str) -> str:
    with pytest.raises(CnngraphError) as caught:
        matched(network, found, **renames)
    return caught.value.diagnostics[0].reason


def test_order_and_shape_and_how_it_is_told() -> None:
    assert rows(matched(CHAIN, entries(*FILE))) == [
        "  conv1 <- stem  by order and shape: weight 4x3x3x3, bias 4",
        "  conv2 <- mid1  by order and shape: weight 4x4x3x3, bias 4",
        "  conv3 <- mid2  by order and shape: weight 4x4x3x3, bias 4",
        "  fc1   <- head  by order and shape: weight 2x16, bias 2",
    ]


def test_what_has_its_own_name_needs_no_report() -> None:
    own = [(name.replace("stem", "conv1"), shape) for name, shape in FILE[:2]]
    assert [line.split()[0] for line in rows(matched(CHAIN, entries(*own, *FILE[2:])))] == ["conv2", "conv3", "fc1"]


def test_renames_come_before_order() -> None:
    lines = rows(matched(CHAIN, entries(*FILE), mid1="conv3", mid2_weight="conv2.weight", mid2_bias="conv2.bias"))
    assert lines[1:3] == [
        "  conv2 <- mid2  renamed: weight 4x4x3x3, bias 4",
        "  conv3 <- mid1  renamed: weight 4x4x3x3, bias 4",
    ]


def test_two_tensors_cannot_be_one_weight() -> None:
    own = [(name.replace("stem", "conv1"), shape) for name, shape in FILE]
    twice = entries(*own, ("old.weight", (4, 3, 3, 3)), ("old.bias", (4,)))
    assert "unexpected: old: weight 4x3x3x3, bias 4, renamed to conv1" in refused(CHAIN, twice, old="conv1")


def test_of_two_prefixes_the_longer_holds() -> None:
    found = entries(
        ("enc.weight", (4, 3, 3, 3)), ("enc.bias", (4,)),
        ("enc.b.weight", (4, 4, 3, 3)), ("enc.b.bias", (4,)),
        ("enc.b.c.weight", (4, 4, 3, 3)), ("enc.b.c.bias", (4,)),
        ("fc1.weight", (2, 16)), ("fc1.bias", (2,)),
    )  # fmt: skip
    made = match(found, CHAIN, {"enc": "conv1", "enc.b": "conv3", "enc.b.c": "conv2"}, "w.pt")
    assert {each.weight: each.entry.name for each in made.matches if each.how == "rename"} == {
        "conv1.weight": "enc.weight", "conv1.bias": "enc.bias",
        "conv2.weight": "enc.b.c.weight", "conv2.bias": "enc.b.c.bias",
        "conv3.weight": "enc.b.weight", "conv3.bias": "enc.b.bias",
    }  # fmt: skip


@pytest.mark.parametrize("shape", [(2, 4, 4), (2, 2, 2, 2, 2), (2, 16, 1, 1, 1, 2), (4, 2, 2, 2), (2, 4, 2, 1)])
def test_only_a_kernel_over_the_whole_input_is_a_fully_connected_layer(shape: tuple[int, ...]) -> None:
    """What has three sizes belongs to sequences, five to volumes: as many numbers, in another sense."""
    other = [*FILE[:6], ("head.weight", shape), ("head.bias", (2,))]
    assert "other shapes: fc1" in refused(CHAIN, entries(*other)) or "missing: fc1" in refused(CHAIN, entries(*other))


def test_an_empty_name_leaves_a_tensor_out() -> None:
    with_more = [*FILE, ("aux.fc.weight", (9, 9)), ("aux.fc.bias", (9,))]
    assert "unexpected: aux.fc: weight 9x9, bias 9" in refused(CHAIN, entries(*with_more))
    assert len(matched(CHAIN, entries(*with_more), aux="").matches) == 8


def test_what_the_file_lacks_is_missing() -> None:
    assert refused(CHAIN, entries(*FILE[:6])) == (
        "missing: fc1: weight 2x16, bias 2\n6 of the network's 8 weights were found"
    )
    assert refused(CHAIN, entries(*FILE[:2], *FILE[4:])).startswith("missing: conv3: weight 4x4x3x3, bias 4\n")


def test_a_rename_of_nothing_is_a_mistake() -> None:
    with pytest.raises(CnngraphError, match=r"--rename hed: there is no such name in w\.pt"):
        matched(CHAIN, entries(*FILE), hed="fc1")


def test_another_head_is_shown_beside_the_networks() -> None:
    other = [*FILE[:6], ("head.weight", (10, 16)), ("head.bias", (10,))]
    assert refused(CHAIN, entries(*other)) == (
        "other shapes: fc1: weight 2x16, bias 2; in the file head: weight 10x16, bias 10\n"
        "6 of the network's 8 weights were found"
    )


def test_a_fully_connected_layer_may_be_a_convolution_in_the_file() -> None:
    """timm's VGG has its first fully connected layer as a 7x7 convolution, the second as 1x1."""
    as_window = [*FILE[:6], ("head.weight", (2, 4, 2, 2)), ("head.bias", (2,))]
    assert rows(matched(CHAIN, entries(*as_window)))[-1].endswith("weight 2x4x2x2, bias 2")


def test_a_kernel_is_never_taken_for_one_of_another_window() -> None:
    network = parse("net t\ninput 8x8x4\nconv 4 3x3 bias=off relu\n")
    assert "other shapes: conv1" in refused(network, entries(("k.weight", (4, 36, 1, 1))))


def test_twins_side_by_side_are_pointed_out() -> None:
    """In a file of another order these two would be exchanged, and no shape would tell."""
    twins = parse("net t\ninput 8x8x3\nadd {\n  | conv 4 3x3\n  | conv 4 3x3\n}\n")
    found = entries(("p.weight", (4, 3, 3, 3)), ("p.bias", (4,)), ("q.weight", (4, 3, 3, 3)), ("q.bias", (4,)))
    (remark,) = matched(twins, found).remarks
    assert remark.startswith("`conv1` and `conv2` have the same shapes and stand side by side: only the order")
    assert matched(twins, found, p="conv1", q="conv2").remarks == ()
    assert matched(CHAIN, entries(*FILE)).remarks == ()


def test_layers_in_a_row_that_no_name_puts_in_order_are_pointed_out() -> None:
    """A file has its layers as they were defined, which need not be the order they run in."""
    named = [(name.replace("mid1", "reduce").replace("mid2", "expand"), shape) for name, shape in FILE]
    (remark,) = matched(CHAIN, entries(*named)).remarks
    assert remark == (
        "`reduce` and `expand` have the same shapes, and only the order in the file says which runs first; "
        "--rename makes it certain"
    )
    swapped = [*FILE[:2], *FILE[4:6], *FILE[2:4], *FILE[6:]]
    (remark,) = matched(CHAIN, entries(*swapped)).remarks
    assert remark == (
        "`mid1`: `mid2` stands before it in the file, and has the same shapes: they were taken in the file's order; "
        "--rename makes it certain"
    )
    assert matched(CHAIN, entries(*swapped), mid1="conv2", mid2="conv3").remarks == ()


@pytest.mark.parametrize(
    ("line", "own", "said"),
    [
        ("prelu", {"0.weight": (1,)}, "default prelu shared"),
        ("prelu shared", {"0.weight": (4,)}, "default prelu shared=off"),
        ("bn", {"0.running_mean": (4,), "0.running_var": (4,)}, "default bn affine=off"),
        ("bn affine=off", {f"0.{n}": (4,) for n in ("weight", "bias", "running_mean", "running_var")},
         "default bn affine"),
    ],
)  # fmt: skip
def test_a_file_with_fewer_or_more_weights_is_told_how_to_be_read(
    line: str, own: dict[str, tuple[int, ...]], said: str
) -> None:
    """And as it is told, it is read."""
    network = parse(f"net t\ninput 8x8x4\n{line}\n")
    given = entries(*own.items())
    with pytest.raises(CnngraphError) as caught:
        matched(network, given)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help == f"write  {said}"
    assert matched(parse(f"net t\ninput 8x8x4\n{said}\n{line.split()[0]}\n"), given).remarks == ()


def test_a_file_without_numbers_that_a_layer_can_do_without_is_told_how_to_be_read() -> None:
    """PyTorch's InstanceNorm2d has none unless told otherwise."""
    given = entries(("0.weight", (4, 4, 3, 3)), ("2.weight", (4, 4, 3, 3)))
    text = "net t\ninput 8x8x4\n{}default conv 3x3 same bias=off instancenorm relu\nconv 4 -> conv 4\n"
    with pytest.raises(CnngraphError, match=r"missing: conv1\.instancenorm: weight 4, bias 4") as e:
        matched(parse(text.format("")), given)
    assert e.value.diagnostics[0].help == "write  default instancenorm affine=off"
    assert len(matched(parse(text.format("default instancenorm affine=off\n")), given).matches) == 2


def test_a_file_with_other_biases_is_told_how_to_be_read() -> None:
    """Not 0 of 2 found, but what to write."""
    without = [entry for entry in FILE if not entry[0].endswith("bias")]
    with pytest.raises(
        CnngraphError, match="no bias in the file: conv1: weight 4x3x3x3, bias 4; in the file stem"
    ) as e:
        matched(CHAIN, entries(*without))
    assert e.value.diagnostics[0].help == "write  default conv bias=off  and  default fc bias=off"
    network = parse("net t\ninput 8x8x3\nconv 4 3x3 bias=off\n")
    with pytest.raises(CnngraphError, match="a bias in the file") as e:
        matched(network, entries(*FILE[:2]))
    assert e.value.diagnostics[0].help == "write  default conv bias=on"


def test_whole_numbers_are_not_weights() -> None:
    with pytest.raises(CnngraphError, match=r"`stem\.weight` holds int8 numbers"):
        matched(CHAIN, entries(*FILE, kind="int8"))


def sorted_by_name(names: list[str], network: Network) -> list[str]:
    """Which of the file's layers the network's get when the file is sorted; *names* are what they should get."""
    shapes: dict[str, tuple[int, ...]] = {}
    own = [layer for layer in network if layer.parameters]
    for name, layer in zip(names, own, strict=True):
        shapes |= {f"{name}.{weight}": parameter.shape for weight, parameter in layer.parameters.items()}
    found = entries(*((name, shapes[name]) for name in sorted(shapes)))
    return list(dict.fromkeys(each.entry.name.rpartition(".")[0] for each in matched(network, found).matches))


@pytest.mark.parametrize(
    "names",
    [
        # PyTorch's habits: a number counts within its kind, what belongs together has a prefix.
        ["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2", "fc"],
        ["stem.0", "stem.1", "body.conv1", "body.norm1", "body.conv2", "body.norm2", "classifier"],
        ["features.conv0", "features.norm0", "features.block2.conv1", "features.block2.norm1",
         "features.block10.conv1", "features.block10.norm1", "classifier"],
        ["conv_stem", "bn1", "blocks.0.conv_pw", "blocks.0.bn1", "blocks.1.conv_pw", "blocks.1.bn1", "classifier"],
    ],
)  # fmt: skip
def test_a_file_sorted_by_name_gets_its_order_back(names: list[str]) -> None:
    network = parse(
        "net t\ninput 8x8x3\nconv 4 3x3 same bn relu\n[conv 4 3x3 same bn relu] x2\navgpool global -> flatten -> fc 2\n"
    )
    assert sorted_by_name(names, network) == names


def test_an_order_that_the_names_leave_open_is_remarked_on() -> None:
    found = entries(*sorted([*FILE[:2], ("x.weight", (4, 4, 3, 3)), ("x.bias", (4,)), *FILE[4:]]))
    (remark,) = matched(CHAIN, found).remarks
    assert remark == (
        "`x` and `mid2` have the same shapes, and the file does not say which comes first: --rename makes it certain"
    )
    assert matched(CHAIN, found, x="conv3", mid2="conv2").remarks == ()


def test_an_order_that_is_not_the_networks_is_refused() -> None:
    """conv10 before conv2 would be one way to read it, and the shapes do not object: the numbers do."""
    network = parse("net t\ninput 8x8x3\nconv 4 3x3 relu -> conv 5 1x1 relu -> conv 4 1x1 relu -> conv 5 1x1 relu\n")
    shapes = [(5, 4, 1, 1), (4, 5, 1, 1), (5, 4, 1, 1), (4, 3, 3, 3)]
    found = [item for n, shape in enumerate(shapes) for item in ((f"c{n}.weight", shape), (f"c{n}.bias", shape[:1]))]
    with pytest.raises(CnngraphError, match="come in another order") as caught:
        matched(network, entries(*found))
    assert caught.value.diagnostics[0].code == "E0707"
    assert caught.value.diagnostics[0].reason == "conv2, conv4 could each be c0, c2"


def test_of_many_names_three_are_listed_and_the_rest_counted() -> None:
    network = parse("net t\ninput 8x8x3\nconv 4 3x3 relu\n[\nconv 5 1x1 relu\nconv 4 1x1 relu\n] x4\n")
    shapes = [*[(4, 5, 1, 1), (5, 4, 1, 1)] * 4, (4, 3, 3, 3)]
    found = [item for n, shape in enumerate(shapes) for item in ((f"c{n}.weight", shape), (f"c{n}.bias", shape[:1]))]
    with pytest.raises(CnngraphError, match="come in another order") as caught:
        matched(network, entries(*found))
    assert caught.value.diagnostics[0].reason.splitlines() == [
        "conv2, conv4, conv6 or 1 more could each be c1, c3, c5 or 1 more",
        "conv3, conv5, conv7 or 1 more could each be c0, c2, c4 or 1 more",
    ]


@pytest.mark.parametrize(
    ("twins", "last"), [(5, "conv6, conv11 could each be c0, c5"), (6, "and 1 more"), (8, "and 3 more")]
)
def test_of_many_twins_five_are_shown_and_the_rest_counted(twins: int, last: str) -> None:
    turn = "".join(f"conv {channels} 1x1 relu\n" for channels in range(4, 4 + twins))
    network = parse(f"net t\ninput 8x8x3\nconv {3 + twins} 3x3 relu\n[\n{turn}] x2\n")
    shapes = [parameter.shape for layer in network for parameter in layer.parameters.values()]
    weights = list(zip(shapes[::2], shapes[1::2], strict=True))
    backwards = [
        (f"c{number}.{name}", shape)
        for number, both in enumerate(reversed(weights))
        for name, shape in zip(("weight", "bias"), both, strict=True)
    ]
    with pytest.raises(CnngraphError, match="come in another order") as caught:
        matched(network, entries(*backwards))
    lines = caught.value.diagnostics[0].reason.splitlines()
    assert (len(lines), lines[-1]) == (min(twins, 5) + (twins > 5), last)


def test_a_search_without_end_is_given_up() -> None:
    wanted = [0, 1] * 30
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60)]
    assert arrange([*wanted, 2], [*names, "zz"], [*wanted[1:], 0, 3]) is None


def test_a_large_network_is_matched_in_no_time() -> None:
    """densenet: 121 layers, many of a shape, one after the other."""
    network = load("densenet121")
    names = [(f"x{number}.{w}", p.shape) for number, layer in enumerate(network) for w, p in layer.parameters.items()]
    assert matched(network, entries(*names)).remarks == ()

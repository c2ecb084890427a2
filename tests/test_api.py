"""What `import cnngraph` gives."""

from __future__ import annotations

import re

import pytest

import cnngraph


def test_everything_it_names_is_there() -> None:
    assert dir(cnngraph) == sorted(cnngraph.__all__)
    for name in cnngraph.__all__:
        assert getattr(cnngraph, name)
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        cnngraph.lode  # noqa: B018


def test_a_network_from_a_name_and_from_text() -> None:
    network = cnngraph.load("resnet", depth=34)
    assert (network.params, str(network["stage2.residual1.basic1.conv1"].output)) == (21_797_672, "28x28x128")
    assert cnngraph.parse("net t\ninput 8x8x3\nconv 4 3x3\n").params == 112


def test_mistakes_are_one_exception_with_the_diagnostics_inside() -> None:
    with pytest.raises(cnngraph.CnngraphError) as caught:
        cnngraph.parse("net t\ninput 8x8x3\nconv 4 9x9\nconv 8 3x3 smae\n")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0406", "E0202"]


def test_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", cnngraph.__version__)

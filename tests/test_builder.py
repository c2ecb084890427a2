"""Networks made in Python are those of the spec with the same lines, mistakes and all."""

from __future__ import annotations

import pytest

from cnngraph import Builder, CnngraphError, load, parse


def test_a_residual_block() -> None:
    b = Builder("small", title="a block")
    x = b.input("16x16x3").conv(8, "3x3", "same", "bn", "relu", name="stem")
    y = x.conv(8, (3, 3), "same", "bn", "relu").conv(8, (3, 3), "same", "bn")
    b.output(b.add(y, x).relu())
    network = b.build()
    assert b.spec == (
        'net small "a block"\ninput image 16x16x3\nstem: conv 8 3x3 same bn relu\nconv1: conv 8 3x3 same bn relu\n'
        "conv2: conv 8 3x3 same bn\nadd1: add stem\nrelu1: relu\noutput relu1\n"
    )
    assert network.params == parse(b.spec).params == 3 * 9 * 8 + 2 * (8 * 9 * 8) + 3 * 2 * 8
    assert network["conv2.bn"].output.dims == (16, 16, 8)


def test_lenet_is_lenet() -> None:
    b = Builder("lenet5")
    x = b.input((32, 32, 1)).conv(6, "5x5", "tanh").avgpool("2x2", s=2).conv(16, "5x5", "tanh").avgpool("2x2", s=2)
    x.flatten().fc(120, "tanh").fc(84, "tanh").softmax(10)
    shipped = load("lenet5")
    built = b.build()
    assert [(layer.name, layer.kind, layer.inputs) for layer in built] == [
        (layer.name, layer.kind, layer.inputs) for layer in shipped
    ]


def test_values_are_written_as_in_a_spec() -> None:
    b = Builder("values")
    x = b.input(("?H", "?W", 3))
    x.conv(4, (3, 2), p=(1, 0), s=(2, 1), bias=False).leaky(0.3).bn(eps=1e-3).upsample(2, "bilinear").slice(0, 2)
    assert [line.partition(": ")[2] for line in b.spec.splitlines()[2:]] == [
        "conv 4 3x2 p=(1, 0) s=(2, 1) bias=off", "leaky 0.3", "bn eps=0.001", "upsample 2 bilinear", "slice 0 2",
    ]  # fmt: skip
    assert b.build().outputs


def test_tensors_are_taken_from_anywhere() -> None:
    b = Builder("several")
    image, mask = b.input("8x8x3", "image"), b.input("8x8x1", "mask")
    both = b.concat(image, mask)
    small = both.avgpool("global")
    b.output(b.mul(both.conv(4, "1x1"), small), small)
    network = b.build()
    assert [output.name for output in network.outputs] == ["mul1", "avgpool1"]
    assert network["mul1"].inputs == ("conv1", "avgpool1")


def test_a_mistake_says_where_in_python() -> None:
    b = Builder("wrong")
    x = b.input("8x8x3")
    b.add(x.conv(4, "1x1"), x)
    with pytest.raises(CnngraphError) as caught:
        b.build()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0401"
    assert diagnostic.notes == ('written at test_builder.py:59:  b.add(x.conv(4, "1x1"), x)',)
    assert str(caught.value).endswith('written at test_builder.py:59:  b.add(x.conv(4, "1x1"), x)')


def test_what_is_doubtful_is_said_too() -> None:
    b = Builder("dead")
    x = b.input("8x8x3")
    x.conv(4, "1x1", name="lost")
    b.output(x.conv(2, "1x1"))
    (diagnostic,) = b.check()
    assert (diagnostic.code, diagnostic.notes) == (
        "W0102", ('written at test_builder.py:71:  x.conv(4, "1x1", name="lost")',))  # fmt: skip


def test_words_that_are_none() -> None:
    x = Builder("t").input("8x8x3")
    with pytest.raises(AttributeError, match="there is no layer `covn`"):
        x.covn(3)
    b = Builder("t")
    b.input("8x8x3").conv(3, "3x3", "smae")
    with pytest.raises(CnngraphError, match="smae"):
        b.build()


def test_names_are_given_once() -> None:
    b = Builder("t")
    b.input("8x8x3").conv(3, "1x1", name="a").relu(name="a")
    with pytest.raises(CnngraphError, match="the name `a` is used twice"):
        b.build()


def test_what_is_spread_is_said_as_a_word() -> None:
    b = Builder("gates")
    x = b.input("8x8x4")
    y = x.mul(x.conv(1, "7x7", "same", "sigmoid"), "spread")
    y = y.add(y.avgpool("global").flatten().fc(4).unflatten(), spread=True)
    y.flatten().fc(24).unflatten((2, 3, 4))
    network = b.build()
    assert [str(network[name].kind) for name in ("mul1", "add1")] == ["Mul(spread=True)", "Add(spread=True)"]
    assert network["unflatten2"].output.dims == (2, 3, 4)


def test_a_layer_is_used_again() -> None:
    b = Builder("siamese")
    one, other = b.input("8x8x1", "one"), b.input("8x8x1", "other")
    left = one.conv(4, "3x3", "relu")
    small = left.maxpool("2x2")
    b.line("sub", small, other.again(left).again(small, name="pooled"))
    network = b.build()
    assert b.spec.splitlines()[3:] == [
        "conv1: from one -> conv 4 3x3 relu", "maxpool1: maxpool 2x2", "conv2: from other -> again conv1",
        "pooled: again maxpool1", "sub1: from maxpool1 -> sub pooled"]  # fmt: skip
    assert {layer.name: layer.shares for layer in network if layer.shares} == {"conv2": "conv1"}

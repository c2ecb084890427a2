"""What was changed in a random network is what is said to be changed in it, no more and no less."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnngraph
from cnngraph.comparison.changes import Change
from cnngraph.comparison.compare import Comparison, Row
from tests.comparison.written import STEPS, Line, Written, specs

many = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def compared(a: Written, b: Written) -> Comparison:
    return cnngraph.compare(a.network, b.network)


def causes(found: Comparison) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The kind and the leads' names of what was changed."""
    return [(row.kind, row.a[:1], row.b[:1]) for row in found.causes]


def only(found: Comparison) -> Row:
    (row,) = found.causes
    assert not found.what
    return row


@many
@given(specs())
def test_a_network_is_the_same_as_itself(spec: Written) -> None:
    found = compared(spec, spec)
    assert found.verdict == "same"
    assert {row.kind for row in found.rows} == {"same"}
    assert [name for row in found.rows for name in row.a] == [name for row in found.rows for name in row.b]


@many
@given(specs(), st.data())
def test_other_names_are_no_change(spec: Written, data: st.DataObject) -> None:
    order = data.draw(st.permutations(spec.names))
    names = {name: f"z{number}" for number, name in enumerate(order)}
    found = compared(spec, spec.called(names))
    assert found.verdict == "renamed"
    assert {here: there for here, there in found.layers.items() if here in names} == names


@many
@given(specs(), st.data())
def test_the_order_of_lines_is_no_change(spec: Written, data: st.DataObject) -> None:
    assert compared(spec, shuffled(spec, data)).verdict == "same"


def shuffled(spec: Written, data: st.DataObject) -> Written:
    """Its lines in another order in which what is taken comes first."""
    waiting, lines, made = list(spec.lines), list[Line](), {"image"}
    while waiting:
        ready = [line for line in waiting if made.issuperset(line.sources)]
        line = data.draw(st.sampled_from(ready))
        waiting.remove(line)
        lines.append(line)
        made.add(line.name)
    return spec.with_lines(lines)


ARGUMENTS = {
    "conv 8 1x1": ("conv 8 1x1 bias=false", [Change("bias", "yes", "no")]),
    "conv 8 3x3 same": ("conv 8 3x3 same groups=4", [Change("groups", "1", "4")]),
    "conv 8 3x3 same bn relu": ("conv 8 3x3 same bn", [Change("followed by", "BN, ReLU", "BN")]),
    "conv 8 5x5 same relu": ("conv 8 3x3 same leaky", [
        Change("window", "5×5", "3×3"), Change("followed by", "ReLU", "leaky ReLU")]),
    "dwconv 3x3 same": ("dwconv 3x3 p=2 d=2", [Change("padding", "same", "2"), Change("dilation", "1×1", "2×2")]),
    "maxpool 3x3 s=1 p=1": ("maxpool 5x5 s=1 p=2", [Change("window", "3×3", "5×5"), Change("padding", "1", "2")]),
    "avgpool 3x3 s=1 p=1": ("avgpool 3x3 s=1 p=1 count_pad", [Change("count_pad", "no", "yes")]),
}  # fmt: skip
"""For each step another, and what is changed between them."""


@many
@given(specs(), st.data(), st.booleans())
def test_a_changed_argument_is_one_change(spec: Written, data: st.DataObject, mixed: bool) -> None:
    at = data.draw(st.sampled_from([n for n, line in enumerate(spec.lines) if line.step in STEPS]))
    line = spec.lines[at]
    step, changes = ARGUMENTS[line.step]
    other = spec.with_line(at, Line(line.name, step, line.sources))
    found = compared(spec, shuffled(other, data) if mixed else other)
    row = only(found)
    assert (row.kind, row.a[0], row.b[0]) == ("changed", line.name, line.name)
    assert sorted(map(str, row.what)) == sorted(map(str, changes))
    is_argument = all(change.field != "followed by" for change in changes)
    assert found.verdict == ("arguments" if is_argument else "different")


@many
@given(specs(), st.data(), st.booleans())
def test_what_is_put_in_is_added_and_nothing_else(spec: Written, data: st.DataObject, backward: bool) -> None:
    """On the way from a line to all that take it; and backward it is what is taken out."""
    at = data.draw(st.integers(0, len(spec.lines) - 1))
    source = data.draw(st.sampled_from(["image", *spec.names[:at]]))
    step = data.draw(st.sampled_from(STEPS))
    users = [each for each in spec.lines if source in each.sources]
    if not users:
        return
    new = Line("new", step, (source,))
    moved = {
        each.name: Line(each.name, each.step, tuple("new" if s == source else s for s in each.sources))
        for each in users
    }
    lines = [moved.get(each.name, each) for each in spec.lines]
    first = min(lines.index(each) for each in moved.values())
    other = spec.with_lines([*lines[:first], new, *lines[first:]])
    found = compared(other, spec) if backward else compared(spec, other)
    assert causes(found) == [("removed", ("new",), ()) if backward else ("added", (), ("new",))]
    assert not found.what


@many
@given(specs(), st.data())
def test_what_takes_another_tensor_is_the_one_change(spec: Written, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(spec.lines) - 1))
    line = spec.lines[at]
    place = data.draw(st.integers(0, len(line.sources) - 1))
    narrow = ["image", *(each.name for each in spec.lines[:at] if each.step != "concat")]
    source = data.draw(st.sampled_from(narrow))
    old = line.sources[place]
    if source == old or old == "image" or sum(old in each.sources for each in spec.lines) < 2 or old in spec.outputs:
        return  # what nothing takes any more would be another change
    sources = (*line.sources[:place], source, *line.sources[place + 1 :])
    found = compared(spec, spec.with_line(at, Line(line.name, line.step, sources)))
    row = only(found)
    assert (row.kind, row.a[0], row.b[0]) == ("changed", line.name, line.name)
    assert row.what == (Change("inputs", ", ".join(line.sources), ", ".join(sources)),)


@many
@given(specs(), specs())
def test_causes_are_found_where_there_are_any_and_both_ways(a: Written, b: Written) -> None:
    """Whatever two networks: each unit stands in one row, in order, and the totals are those of both."""
    found, back = compared(a, b), compared(b, a)
    assert found.is_same == (not found.causes and not found.what)
    assert found.verdict == back.verdict
    for network, side in ((found.a, 0), (found.b, 1)):
        names = [name for row in found.rows for name in (row.a, row.b)[side]]
        assert sorted(names) == sorted(network.by_name)
        assert sum(row.params[side] for row in found.rows) == network.params
        assert sum(row.macs[side] or 0 for row in found.rows) == network.macs

"""Networks of one name are told apart by as little of their paths as does it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cnngraph.fronts import parse
from cnngraph.titles import named_apart, told_apart

NETWORK = parse('net n "Mine"\ninput 8x8x3\nconv 4 3x3')
PATHS = st.lists(st.sampled_from(["a", "b", "x.spec"]), min_size=1, max_size=4).map("/".join)
FILES = st.builds(lambda before, path: before + path, st.sampled_from(["", "/", "HEAD:", "v1.2:"]), PATHS)


@given(FILES, FILES)
def test_files_tell_networks_apart(one: str, other: str) -> None:
    networks = [replace(NETWORK, file=file) for file in (one, other)]
    names = named_apart(networks)
    assert names[0] != names[1]
    if one == other:
        assert names == ("n (1)", "n (2)")
        return
    assert [network.title for network in told_apart(networks)] == [f"Mine ({name})" for name in names]
    for name, file in zip(names, (one, other), strict=True):
        revision, _, path = file.rpartition(":")
        assert name.startswith(f"{revision}:" if revision else "")
        assert f"/{path}".endswith(f"/{name.removeprefix(f'{revision}:')}".replace("//", "/"))
    ends = ["".join(file.rpartition(":")[:2]) + file.rpartition("/")[2].rpartition(":")[2] for file in (one, other)]
    if ends[0] != ends[1]:
        assert list(names) == ends, "no more than it takes"

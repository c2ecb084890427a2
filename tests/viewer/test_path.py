"""Paths in the page, compared with networkx and with networks cut at their start."""

from __future__ import annotations

from random import Random
from typing import Any

import networkx
import pytest

import cnngraph
from cnngraph.field import sights
from cnngraph.units import units
from cnngraph.viewer.facts import facts
from cnngraph.volume import as_int
from tests.browser import BROWSER, Page
from tests.viewer.drawn import opened, shown
from tests.viewer.grown import grown

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")


def graph_of(data: dict[str, Any]) -> networkx.DiGraph:
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(data["units"])))
    graph.add_edges_from((source, at) for at, unit in enumerate(data["units"]) for source in unit["inputs"])
    return graph


def test_on_a_path_is_what_leads_from_the_one_to_the_other(browser: Page) -> None:
    random = Random(2)
    opened(browser, facts(cnngraph.load("lenet5")))
    for network in (
        *map(cnngraph.load, ("googlenet", "unet", "siamese")),
        *(grown(Random(seed)) for seed in range(12)),
    ):
        data = facts(network)
        shown(browser, data)
        graph = graph_of(data)
        for _ in range(6):
            one, other = sorted(random.sample(range(len(data["units"])), 2))
            on = ({one} | networkx.descendants(graph, one)) & ({other} | networkx.ancestors(graph, other))
            depth = networkx.dag_longest_path_length(graph.subgraph(on)) + 1 if on else 0
            for ends in ((one, other), (other, one)):
                browser(f"page.path(['u{ends[0]}', 'u{ends[1]}'])")
                assert browser("[page.way.units, page.way.depth]") == [sorted(on), depth]
            measures = [sum(unit["measures"][at] for n, unit in enumerate(data["units"]) if n in on) for at in range(2)]
            said = browser("document.querySelector('.path').textContent")
            assert all(f"{measure:,}" in said for measure in measures) if on else "No way leads" in said
            lit = set(browser("[...document.querySelectorAll('.boxes .way')].map(({ id }) => id)"))
            assert lit == {browser(f"page.model.shown('u{unit}')") for unit in on}
            browser(f"page.path(['u{one}', ''])")
            assert browser("page.way.units") == sorted({one} | networkx.descendants(graph, one))
            browser(f"page.path(['', 'u{one}'])")
            assert browser("page.way.units") == sorted({one} | networkx.ancestors(graph, one))
    assert browser.errors == []


STEPS = (
    "conv 4 3x3 same", "conv 4 1x1 bn relu", "maxpool 2x2 s=2", "conv 4 5x5 s=2 p=2", "conv 4 3x3 same d=2", "relu",
    "avgpool 3x3 s=1 same", "upsample 2", "upconv 4 2x2 s=2",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_what_the_end_sees_of_the_start_is_what_it_would_see_of_an_input(browser: Page, seed: int) -> None:
    random = Random(seed)
    lines = [f"t{at}: {random.choice(STEPS)}" for at in range(7)]
    made = ["t0"]
    for at in range(1, 7):
        joined = lines[at].endswith(("same", "relu", "d=2")) and random.random() < 0.7
        made.append(f"j{at}" if joined else f"t{at}")
        lines[at] += f"\nj{at}: add {made[-2]}" if joined else ""
    network = cnngraph.parse("\n".join(["net whole", "input 64x48x4", *lines]) + "\n")
    data = facts(network)
    opened(browser, data)
    for cut in (2, 3, 5):
        whole = units(network)
        start = whole.of_layer[made[cut - 1]]
        number = next(at for at, unit in enumerate(whole.units) if unit.name == start)
        volume = whole.by_name[start].output.caption.replace("×", "x")
        rest = "\n".join([f"net rest\ninput {made[cut - 1]} {volume}", *lines[cut:]])
        below = cnngraph.parse(rest + "\n")
        end = below.layers[-1]
        seen = sights(below)[end.name]
        assert seen is not None
        (pair,) = seen.values()
        spans = [
            sight.at((size - 1) // 2)
            for sight, size in zip(pair, (as_int(each) for each in end.output.dims[:2]), strict=True)
        ]
        browser(f"page.path(['u{number}', 'u{len(data['units']) - 1}'])")
        assert browser("page.way.sees") == [span and span[1] - span[0] + 1 for span in spans]


def test_behind_all_of_a_map_all_is_seen(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("resnet50")))
    browser("page.path([`u${page.model.numbers.get('conv1')}`, `u${page.model.numbers.get('fc1')}`])")
    assert browser("page.way.sees") is None
    assert "seesall of conv1" in browser("document.querySelector('.path').textContent")


def test_by_keys_by_mouse_and_in_a_link(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("resnet50")))
    browser("page.openAll(false); page.choose('b0'); page.pane.focus()")
    for key, ends in (("p", ["b0", ""]), ("p", ["", "b0"]), ("p", None), ("p", ["b0", ""])):
        browser.key(key)
        assert browser("page.ends") == ends
    second = browser("page.seen.filter((id) => id[0] === 'b')[2]")
    browser(f"page.choose('{second}')")
    browser.key("p")
    assert browser("page.ends") == ["b0", second]
    assert browser("document.querySelectorAll('.boxes .thing.way').length") == 3
    assert "path stage1 to stage3" in browser("document.getElementById('said').textContent")
    browser.until("location.hash.includes('path=stage1+stage3')")
    link = browser("location.href")
    browser.open("about:blank")
    browser.open(link, 1280, 800)
    browser.until("globalThis.page !== undefined")
    assert browser("[page.ends, page.way.title]") == [["b0", second], "stage1 → stage3"]
    browser("page.pane.focus()")
    browser.key("Escape")
    assert browser("[page.ends, page.selected, document.querySelector('.path')]") == [None, second, None]
    box = "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector('#u1 .shape').getBoundingClientRect())"  # noqa: E501
    at = browser(box)
    browser.mouse(("down", *at), ("up", *at), modifiers=8)
    assert browser("[page.ends, page.way.title]") == [[second, "u1"], "conv1 → stage3"]
    browser("page.path(null)")
    button = "[...document.querySelectorAll('#card > .buttons button')].at(-1)"
    for words, ends in (("Path to the output", ["u5", ""]), ("Path from the input", ["", "u5"]), ("No path", None)):
        browser("page.choose('u5')")
        assert browser(f"{button}.textContent") == words
        browser(f"{button}.click()")
        assert browser("page.ends") == ends
    browser(f"page.path(['b0', '']); page.choose('{second}')")
    assert browser(f"{button}.textContent") == "Path from stage1"
    assert browser.errors == []

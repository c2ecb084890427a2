"""The page in a real browser: it shows the network as it is, whatever is open, and all of it without a mouse."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

import cnngraph
from cnngraph.network import Network
from cnngraph.viewer.facts import facts
from tests.browser import BROWSER, Page
from tests.viewer.drawn import Expected, opened, placed, shown
from tests.viewer.grown import grown

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")

SAMPLE = ("residual_block", "resnet18", "googlenet", "unet", "ssd300", "nasnet_mobile", "siamese")
HOSTILE = '</script><img src=x onerror="alert(1)">\u202e&amp;'


def look(browser: Page, network: Network, data: dict[str, Any], open_: list[int]) -> None:
    """That what is drawn is the network, with nothing over anything."""
    browser(f"(page.model.open = new Set({open_}), page.draw(), null)")
    seen, expected = placed(browser), Expected(network, data, open_)
    assert (seen["through"], seen["over"], seen["astray"]) == ([], [], [])
    assert {id for id in seen["boxes"] if id[0] in "ub"} == expected.boxes
    assert expected.said(seen["wires"]) == expected.edges
    assert expected.entered(seen["wires"])


def test_what_is_drawn_is_the_network_whatever_is_open(browser: Page) -> None:
    random = Random(3)
    opened(browser, facts(cnngraph.load("lenet5")))
    networks = [cnngraph.load(name) for name in SAMPLE] + [grown(Random(seed)) for seed in range(20)]
    for network in networks:
        data = facts(network)
        shown(browser, data)
        for share in (0.0, 0.5, 1.0) if data["blocks"] else (0.0,):
            look(browser, network, data, [n for n in range(len(data["blocks"])) if random.random() < share])
    assert (browser.errors, len(browser.requests)) == ([], 1)


def test_a_line_that_leads_elsewhere_would_be_seen(browser: Page) -> None:
    network = cnngraph.load("residual_block")
    data = facts(network)
    fork = next(element for element in data["chain"] if isinstance(element, dict))
    del fork["f"][-1]
    opened(browser, data)
    with pytest.raises(AssertionError):
        look(browser, network, data, [])


KEPT = (
    "conv", "pool", "dense", "norm", "join", "other", "input", "+", "×", "",
    "same", "changed", "added", "removed", "follows",
)  # fmt: skip
"""Words that are the page's own."""


def spoiled(value: Any) -> Any:
    """All of its text is hostile, but for the page's own words."""
    match value:
        case str() if value in KEPT:
            return value
        case str():
            return HOSTILE
        case list():
            return [spoiled(each) for each in value]
        case dict():
            return {key: spoiled(each) for key, each in value.items()}
    return value


def test_names_are_text(browser: Page) -> None:
    """Also those that no front end lets through."""
    opened(browser, spoiled(facts(cnngraph.load("resnet"))))
    browser("page.openAll(true); page.heat(1); page.find('script'); page.choose('b0'); page.choose('u1')")
    browser("page.path(['u1', 'b0'])")
    assert browser("document.querySelector('.path h2').textContent") == f"{HOSTILE} → {HOSTILE}"
    assert browser("document.querySelectorAll('img, script:not([type])').length") == 1
    assert browser("document.querySelector('#card > h2').textContent") == HOSTILE
    assert browser("document.title") == HOSTILE
    assert browser("document.querySelectorAll('#scene text').length") > 20
    assert (browser.errors, len(browser.requests)) == ([], 1)


def test_every_unit_is_reached_by_keys_and_named(browser: Page) -> None:
    network = cnngraph.load("googlenet")
    opened(browser, facts(network))
    browser("document.querySelector('#outline [tabindex=\"0\"]').focus()")
    browser.key("*")
    heard = []
    for _ in range(200):
        focused = "document.activeElement"
        heard.append(browser(f"[{focused}.getAttribute('role'), {focused}.getAttribute('aria-label')]"))
        before = browser("page.selected")
        browser.key("ArrowDown")
        if browser("page.selected") == before and before:
            break
    assert {role for role, _ in heard} == {"treeitem"}
    names = [label.partition(":")[0] for _, label in heard]
    units = [unit["name"] for unit in facts(network)["units"]]
    assert [name for name in names if not name.startswith("block ")] == units


def test_the_figure_alone_by_keys(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("resnet50")))
    browser("page.openAll(false); page.pane.focus()")
    seen = []
    for _ in range(12):
        browser.key("ArrowRight")
        seen.append(browser("page.pane.getAttribute('aria-activedescendant')"))
        assert browser(f"document.querySelector('#{seen[-1]} > title').textContent")
    assert list(dict.fromkeys(seen)) == browser("page.seen")
    browser("page.choose(page.seen.find((id) => id[0] === 'b'))")
    block = browser("page.selected")
    browser.key("Enter")
    assert browser(f"page.model.isOpen('{block}')")
    browser.key("e")
    assert browser("page.model.entered") == int(block[1:])
    assert browser("document.getElementById('crumbs').textContent").endswith(browser(f"page.model.ownName('{block}')"))
    browser.key("Escape")
    assert browser("[page.model.entered, page.selected]") == [-1, block]
    browser("page.openAll(true); page.choose(`u${page.model.numbers.get('stage1.residual2.add1')}`)")
    for end in ("stage1.residual1.add1", "stage1.residual2.add1"):
        browser.key("s")
        assert browser("page.model.called(page.selected)") == end
    browser("page.openAll(false)")
    browser.key("h")
    assert browser("document.getElementById('key').textContent").startswith("parameters25.6 M in all")
    browser.key("/")
    for char in "maxpool":
        browser.key(char)
    browser.key("Enter")
    assert browser("[page.found, page.selected]") == [["u2"], "u2"]


def test_a_link_leads_to_the_same_state(browser: Page) -> None:
    data = facts(cnngraph.load("resnet50"))
    opened(browser, data)
    browser("page.openAll(false); page.toggle('b0'); page.heat(1); page.choose('b1')")
    state = "[[...page.model.open], page.measure, page.selected, page.placed.boxes.map(({ id }) => id)]"
    before = browser(state)
    browser.until("location.hash.includes('sel=')")
    link = browser("location.href")
    browser.open("about:blank")
    browser.open(link, 1280, 800)
    browser.until("globalThis.page !== undefined")
    assert browser(state) == before
    browser(f"page.show({json.dumps(data)}, '#open=nowhere&in=no&sel=%3Cb%3E&heat=9')")
    assert browser("[page.model.entered, page.selected, page.measure, page.model.open.size]") == [-1, "", -1, 0]


def test_the_figure_is_taken_away_as_it_is_seen(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("googlenet")))
    keep = "((old) => (blob) => { taken[blob.type] = blob; return old.call(URL, blob); })(URL.createObjectURL)"
    browser(f"globalThis.taken = {{}}; URL.createObjectURL = {keep}; page.save('svg'); null")
    browser("taken['image/svg+xml'].text().then((text) => { taken.text = text; }), null")
    browser.until("taken.text !== undefined")
    root = ElementTree.fromstring(browser("taken.text"))
    names = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")][1:]
    assert names == browser("[...document.querySelectorAll('#scene title')].map((each) => each.textContent)")
    assert "var(" not in browser("taken.text")
    browser("page.save('png').then(() => { taken.done = true; }), null")
    browser.until("taken.done === true")
    size = "createImageBitmap(taken['image/png']).then(({ width, height }) => { taken.size = [width, height]; }), null"
    browser(size)
    browser.until("taken.size !== undefined")
    wide, high = browser("[page.placed.width, page.placed.height]")
    assert browser("taken.size") == [pytest.approx(2 * wide, abs=2), pytest.approx(2 * high, abs=2)]


def test_what_is_kept_of_open_blocks_is_what_they_are(browser: Page) -> None:
    random = Random(7)
    opened(browser, facts(cnngraph.load("lenet5")))
    layers = "[...document.getElementById('scene').children].map(({ innerHTML }) => innerHTML)"
    seen = f"JSON.stringify([page.placed, {layers}])"
    for name in ("googlenet", "hourglass"):
        data = facts(cnngraph.load(name))
        shown(browser, data)
        for number in range(30):
            browser(f"(page.toggle('b{random.randrange(len(data['blocks']))}'), null)")
            if number % 5:
                continue
            kept = browser(f"page.choose('') ?? {seen}")
            browser(
                "(page.figure.draw({ boxes: [], frames: [], wires: [] }, page.model, null), page.model.frames.clear())"
            )
            assert browser(f"page.draw() ?? {seen}") == kept


def test_blocks_open_at_once(browser: Page) -> None:
    """The bar is 8 ms, on a machine with nothing else to do."""
    data = facts(cnngraph.load("resnet152"))
    opened(browser, data)
    times = browser(
        "page.model.blocks.map((_, number) => { const start = performance.now(); page.toggle(`b${number}`);"
        " return performance.now() - start; })"
    )
    assert sorted(times)[len(times) // 2] < 30


def test_on_a_small_screen_and_in_the_dark(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("resnet50")), 400, 800)
    light = browser("getComputedStyle(document.body).backgroundColor")
    assert browser("document.documentElement.scrollWidth") == 400
    assert browser("document.querySelector('aside').offsetHeight") == 0
    browser("page.choose('u1')")
    assert browser("document.querySelector('aside').offsetHeight") > 100
    card = "[document.querySelector('aside').offsetHeight > 100, document.querySelector('#card h2').textContent]"
    browser("document.getElementById('details').click()")
    assert browser(card) == [True, browser("page.model.title")]
    browser("document.getElementById('details').click()")
    assert browser(card)[0] is False
    box = "document.querySelector('{}').getBoundingClientRect()"
    bottom, top = browser(f"[{box.format('#figure')}.bottom, {box.format('.zoom')}.top]")
    assert bottom <= top, "the buttons lie on the figure"
    browser("page.theme()")
    assert browser("getComputedStyle(document.body).backgroundColor") != light


def test_the_outline_is_that_of_the_network_that_is_shown(browser: Page) -> None:
    random = Random(4)
    names = "[...document.querySelectorAll('#outline .name')].map((each) => each.textContent)"
    rows = "[...page.model.walk(-1)].map(([id]) => page.model.ownName(id))"
    opened(browser, facts(cnngraph.load("lenet5")))
    for name in ("alexnet", "vgg16", "resnet50", "googlenet"):
        shown(browser, facts(cnngraph.load(name)))
        assert browser(names) == browser(rows)
        for _ in range(12 if browser("page.model.blocks.length") else 0):
            browser(f"page.toggle(`b${{Math.floor({random.random()} * page.model.blocks.length)}}`)")
            if random.random() < 0.3:
                browser("page.find('conv'); page.find('')")
            assert browser(names) == browser(rows)


def test_letters_of_shared_weights_are_drawn(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("siamese")))
    letter = "(id) => document.querySelector(`#${id} [font-style=italic]`)?.textContent ?? ''"
    browser("page.openAll(true)")
    drawn = browser(f"page.model.units.map((_, number) => ({letter})(`u${{number}}`))")
    assert drawn == [unit.get("letter", "") for unit in browser("page.model.units")]
    browser("page.openAll(false)")
    assert browser(f"page.model.blocks.map((_, number) => ({letter})(`b${{number}}`))") == ["a–e", "a–e"]
    browser("page.choose(`u${page.model.numbers.get('left.conv1')}`)")
    assert "Same weights: aright.conv1" in browser("document.getElementById('card').textContent")
    assert browser.errors == []


def test_what_is_too_large_for_the_window_opens_where_it_begins(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("hrnet_w32")))
    words = "document.querySelector('#u0 text').getBoundingClientRect()"
    first, wide = browser(f"[{words}.left - page.pane.getBoundingClientRect().left, page.view.wide]")
    assert 0 < first < wide
    assert browser("13 * page.view.scale") >= 9, "its words can be read"
    overview = "document.getElementById('overview').getBoundingClientRect()"
    left, top, width, height = browser(f"(({{ left, top, width, height }}) => [left, top, width, height])({overview})")
    last = browser("page.seen.at(-1)")
    place = browser(f"(({{ x, y, w, h }}) => [x + w / 2, y + h / 2])(page.places.get({last!r}))")
    whole = browser("[page.view.width, page.view.height]")
    at = left + 5 + (width - 10) * place[0] / whole[0], top + 5 + (height - 10) * place[1] / whole[1]
    browser.mouse(("down", *at), ("up", *at))
    assert browser(f"(({{ x, y, w, h }}) => page.view.shows(x, y, w, h))(page.places.get({last!r}))")
    browser("page.pane.focus()")
    browser.key("0")
    assert browser("page.view.width * page.view.scale <= page.view.wide + 1")
    assert browser("document.getElementById('overview').getBoundingClientRect().width") == 0, "all of it is seen"
    assert browser.errors == []


def test_it_fits_the_window_and_stays_so(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("lenet5")), 400, 700)
    shown = "page.view.y >= 0 && page.view.y + page.view.height * page.view.scale <= page.view.high + 1"
    assert browser(shown)
    high = browser("page.view.high")
    browser("document.getElementById('details').click()")
    browser.until(f"page.view.high < {high}")
    assert browser(shown)
    browser("page.view.step(3)")
    before = browser("page.view.scale")
    browser("document.getElementById('details').click()")
    browser.until(f"page.view.high === {high}")
    assert browser("page.view.scale") == before, "what was zoomed is not fitted"


def test_what_is_dim_is_so_in_the_file(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("lenet5")))
    keep = "((old) => (blob) => { taken[blob.type] = blob; return old.call(URL, blob); })(URL.createObjectURL)"
    browser(f"globalThis.taken = {{}}; URL.createObjectURL = {keep}; page.path(['u3', 'u5']); page.save('svg'); null")
    browser("taken['image/svg+xml'].text().then((text) => { taken.text = text; }), null")
    browser.until("taken.text !== undefined")
    root = ElementTree.fromstring(browser("taken.text"))
    bright = [
        group.get("id")
        for group in root.iter()
        if group.get("class", "").startswith("thing") and not group.get("opacity")
    ]
    assert bright == ["u3", "u4", "u5"]


WITH_OPAQUE = """
net x
input 8x8x3
block unit(c) {
  conv c 3x3 same
  opaque "attention" params=9
}
unit(4)
conv 2 1x1
"""


def test_words_of_the_network_and_of_blocks(browser: Page) -> None:
    opened(browser, facts(cnngraph.parse("net one\ninput 4x4x1\n")))
    card = "document.getElementById('card').textContent"
    assert "1 unitparameters" in browser(card)
    network = cnngraph.parse(WITH_OPAQUE)
    data = facts(network)
    sheets = [None, None, {"url": "", "wide": 1, "high": 1, "said": "4 maps"}, None]
    data["live"] = {"sheets": sheets, "answers": [], "picture": {"url": "", "wide": 8, "high": 8}}
    data["weights"] = {"about": "", "filters": [], "spread": []}
    shown(browser, data)
    assert "4 units in 1 block" in browser(card)
    assert f"MACsat least {network.macs:,}" in browser(card)
    assert network.counts.endswith(f"at least {network.macs:,} multiply-accumulates")
    browser("page.choose('b0')")
    assert "block of 2 units" in browser(card)
    assert f"MACsat least {network['unit1.conv1'].macs:,}" in browser(card)
    assert "Of this picture4 maps" in browser(card)
    browser("page.choose('u3')")
    assert "at least" not in browser(card)
    assert browser.errors == []


def middle(browser: Page, selector: str) -> tuple[float, float]:
    """Of an element, where it comes to rest."""
    browser("document.getAnimations().forEach((each) => each.finish())")
    box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
    x, y = browser(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({box})")
    return x, y


def test_the_mouse_selects_opens_moves_and_zooms(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("resnet50")))
    browser("page.openAll(false)")
    second, third = browser("page.seen.filter((id) => id[0] === 'b')")[1:3]
    at = middle(browser, "#b0 .shape")
    browser.mouse(("down", *at), ("up", *at))
    assert browser("[page.selected, page.model.open.size]") == ["b0", 0]
    at = middle(browser, "#b0 .sign")
    browser.mouse(("down", *at), ("up", *at))
    assert browser("[...page.model.open]") == [0]
    at = middle(browser, "#b0 > .sign")
    browser.mouse(("down", *at), ("up", *at))
    assert browser("[...page.model.open]") == []
    before = browser("[page.view.x, page.view.y, page.view.scale, page.selected]")
    at = middle(browser, f"#{second} .shape")
    browser.mouse(("down", *at), ("move", at[0] + 20, at[1] + 10), ("move", at[0] + 60, at[1] + 30))
    browser.mouse(("up", at[0] + 60, at[1] + 30))
    after = browser("[page.view.x, page.view.y, page.view.scale, page.selected]")
    assert after == [pytest.approx(before[0] + 60), pytest.approx(before[1] + 30), *before[2:]]
    at = middle(browser, f"#{second} .shape")
    browser.mouse(("wheel", *at), modifiers=2)
    browser.until(f"page.view.scale < {after[2]}")
    assert middle(browser, f"#{second} .shape") == pytest.approx(at, abs=1)
    x, y = middle(browser, f"#{third} .shape")
    for count in (1, 2):
        browser.mouse(("down", x, y), ("up", x, y), clickCount=count)
    assert browser("page.model.entered") == int(third[1:])
    assert browser.errors == []


def test_a_place_that_is_chosen_shows_what_it_sees(browser: Page) -> None:
    opened(browser, facts(cnngraph.load("lenet5")))
    browser("page.choose('u3'); document.querySelector('.map').focus()")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        browser.key(key)
    said = browser("document.querySelector('.field + p').textContent")
    assert said == "(6, 5) sees rows 12 to 25, columns 10 to 23 of image: 14×14"
    box = "[...document.querySelectorAll('.field svg:last-child .cell')].map((cell) => ['x', 'y', 'width', 'height'].map((name) => +cell.getAttribute(name)))"  # noqa: E501
    assert browser(box) == [[10, 12, 14, 14]]
    x, y = middle(browser, ".map")
    browser.mouse(("move", x, y))
    browser.until("document.querySelector('.field + p').textContent.startsWith('(5, 5) sees rows 10 to 23')")


def test_what_the_author_says_is_shown(browser: Page) -> None:
    text = """
    net n
    input 8x8x3
    block two(c) { conv c 3x3 -> conv c 3x3 }
    two 4 @label("Stage <1>") @note("as in the paper")
    conv 5 1x1 @label("Head") @note("no bias")
    """
    opened(browser, facts(cnngraph.parse(text)))
    outline, card = (f"document.getElementById('{id}').innerText" for id in ("outline", "card"))
    assert ["two1 Stage <1>" in browser(outline), "conv1 Head" in browser(outline)] == [True, True]
    browser("page.choose('b0')")
    assert ["label\nStage <1>" in browser(card), "note\nas in the paper" in browser(card)] == [True, True]
    browser("page.openAll(true)")
    assert browser("document.querySelector('.frames text').textContent") == "Stage <1>"
    browser("page.choose('u1')")
    assert ["label" in browser(card), "note\nas in the paper" in browser(card)] == [False, True]
    browser("page.choose('u3')")
    assert ["label\nHead" in browser(card), "note\nno bias" in browser(card)] == [True, True]
    assert browser.errors == []


def test_the_best_answer_is_chosen_at_first(browser: Page) -> None:
    network = cnngraph.load("lenet5")
    data = facts(network)
    dot = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    picture = {"url": dot, "wide": 1, "high": 1}
    answers = [["fc3", [["7", "0.9", 0.9, dot, "It falls by 0.5."], ["1", "0.1", 0.1, dot, "It falls by 0.2."]]]]
    sheets = [None] * len(data["units"])
    data["live"] = {"sheets": sheets, "answers": answers, "picture": picture, "evidence": "Red: where."}
    data["weights"] = {"about": "weights", "filters": sheets, "spread": sheets}
    opened(browser, data)
    chosen = "[...document.querySelectorAll('.answer')].map((each) => each.getAttribute('aria-pressed'))"
    card = "document.getElementById('card').innerText"
    assert (browser(chosen), "It falls by 0.5." in browser(card)) == (["true", "false"], True)
    assert browser("!document.querySelectorAll('.picture img')[1].hidden")
    browser("document.querySelectorAll('.answer')[1].click()")
    assert (browser(chosen), "It falls by 0.2." in browser(card)) == (["false", "true"], True)
    assert browser.errors == []

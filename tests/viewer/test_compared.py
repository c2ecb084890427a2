"""The page of two networks: each is shown as it is alone, and what was changed is what `cnngraph diff` says."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import cnngraph
from cnngraph.comparison.report import described, folded
from cnngraph.network import Network
from cnngraph.viewer.compared import compared
from cnngraph.viewer.facts import facts
from tests.browser import BROWSER, Page
from tests.conftest import Run
from tests.viewer.drawn import Expected, opened, placed, shown
from tests.viewer.grown import grown
from tests.viewer.test_page import HOSTILE, spoiled

needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
PAIRS = (
    ("resnet50", "resnet101"), ("squeezenet", "squeezenet1_1"), ("plain34", "resnet34"), ("googlenet", "googlenet_bn"),
    ("siamese", "siamese"), ("ssd300", "vgg16"), ("lenet5", "lenet5"),
)  # fmt: skip


def pairs() -> Iterator[tuple[Network, Network]]:
    for a, b in PAIRS:
        yield cnngraph.load(a), cnngraph.load(b)
    for seed in range(8):
        yield grown(Random(seed)), grown(Random(seed + seed % 2))


@pytest.mark.parametrize(("a", "b"), [*pairs()], ids=lambda network: network.name)
def test_what_was_changed_is_what_diff_says(a: Network, b: Network) -> None:
    found = cnngraph.compare(a, b)
    data = compared(found)
    units = data["units"]
    sides = [[data["blocks"][side]["last"] + 1 - data["blocks"][side]["count"], data["blocks"][side]["last"] + 1]
             for side in data["sides"]]  # fmt: skip
    for side, network in enumerate((a, b)):
        alone = facts(network)["units"]
        ours = units[slice(*sides[side])]
        assert [unit["name"] for unit in ours] == [unit["name"] for unit in alone]
        assert data["blocks"][data["sides"][side]]["measures"][0] == sum(unit["measures"][0] for unit in alone)
        rows = {name: row for row in found.rows for name in (row.b if side else row.a)}
        assert [unit["change"]["kind"] for unit in ours] == [rows[unit["name"]].kind for unit in alone]
        for unit in ours:
            partner = unit["change"]["partner"]
            row = rows[unit["name"]]
            leads_on = [name in (a, b)[1 - side].live for name in (row.a if side else row.b)]
            assert (partner >= 0) == any(leads_on)
            assert partner < 0 or sides[1 - side][0] <= partner < sides[1 - side][1]
    causes = [*folded(found.causes)]
    assert [each["said"] for each in data["changes"]["causes"]] == [*map(described, causes)]
    for at, (cause, of) in enumerate(zip(data["changes"]["causes"], causes, strict=True)):
        names = {name for row in of for name in (row.b or row.a)}
        assert {units[number]["name"] for number in cause["units"]} <= names
        assert all(units[number]["change"]["cause"] == at for number in cause["units"])
    changed = {number for number, unit in enumerate(units) if unit["change"]["kind"] in ("changed", "added", "removed")}
    assert changed == {number for number, unit in enumerate(units) if "cause" in unit["change"]}
    json.dumps(data, allow_nan=False)


def test_networks_of_one_name_are_told_apart_by_no_more_folders_than_that_takes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.spec").write_text(f"net x\ninput 8x8x3\nconv {len(folder) + ord(folder)} 3x3\n")
    (tmp_path / "b" / "y.spec").write_text((tmp_path / "b" / "x.spec").read_text())
    a, b, c = (cnngraph.load(tmp_path / name) for name in ("a/x.spec", "b/x.spec", "b/y.spec"))
    assert compared(cnngraph.compare(a, b))["title"] == "a/x.spec → b/x.spec"
    assert compared(cnngraph.compare(a, c))["title"] == "x.spec → y.spec"
    for other in (b, c):
        assert str(tmp_path) not in json.dumps(compared(cnngraph.compare(a, other)))


def test_the_command(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("view", "vgg19", "--compare", "vgg16")
    assert (ran.status, ran.out.strip(), ran.err) == (0, "vgg19-vgg16.html", "")
    cnngraph.load("vgg19").view(tmp_path / "b.html", compare=cnngraph.load("vgg16"))
    assert Path("vgg19-vgg16.html").read_bytes() == Path("b.html").read_bytes()
    assert "3 removed" in Path("b.html").read_text()
    assert "<pre>vgg19.spec → vgg16.spec" in Path("b.html").read_text()
    for more in (("--image", "x.png"), ("--weights", "random"), ("--times", "t.json")):
        ran = run("view", "vgg19", "--compare", "vgg16", *more, "-o", "c.html")
        assert (ran.status, "structure alone" in ran.err, Path("c.html").exists()) == (2, True, False)
    with pytest.raises(ValueError, match="structure alone"):
        cnngraph.load("vgg19").view("c.html", "random", compare=cnngraph.load("vgg16"))
    ran = run("view", "vgg19", "--compare", "nowhere.spec", "-o", "c.html")
    assert (ran.status, "error[E0110]" in ran.err, Path("c.html").exists()) == (1, True, False)


def test_files_out_of_git_and_of_other_formats(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = Path("x.spec")
    spec.write_text("net x\ninput 8x8x3\nconv 4 3x3 relu\n")
    for git in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm x"):
        subprocess.run(["git", *git.split()], check=True)
    network = cnngraph.load(spec)
    network.export("y.onnx", "random", seed=1)
    spec.write_text("net x\ninput 8x8x3\nconv 5 3x3 relu\n")
    ran = run("view", "HEAD:x.spec", "--compare", "x.spec", "-o", "a.html")
    assert (ran.status, ran.err) == (0, "")
    assert "<title>HEAD:x.spec → x.spec</title>" in Path("a.html").read_text("utf-8")
    assert "channels 4 → 5" in Path("a.html").read_text("utf-8")
    assert run("view", "HEAD:x.spec", "--compare", "y.onnx").status == 0
    assert ", each proved" in Path("x-y.html").read_text("utf-8")


def test_the_page_is_opened_when_asked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    monkeypatch.chdir(tmp_path)
    assert run("view", "lenet5", "--open").status == 0
    assert opened == [(tmp_path / "lenet5.html").as_uri()]
    assert run("view", "lenet5", "--compare", "lenet5", "-o", "x y.html", "--open").status == 0
    assert opened[1] == (tmp_path / "x y.html").as_uri()
    assert run("view", "lenet5", "-o", "-", "--open").status == 2
    assert len(opened) == 2


# In a browser ------------------------------------------------------------------------------------


@needs_browser
def test_both_are_drawn_as_they_are_beside_and_below_one_another(browser: Page) -> None:
    random = Random(5)
    networks = [*pairs()]
    opened(browser, compared(cnngraph.compare(*networks[0])), 1800, 900)
    for number, (a, b) in enumerate(networks):
        data = compared(cnngraph.compare(a, b))
        shown(browser, data)
        browser(f"(page.view.wide = {1300 if number % 2 else 700}, null)")
        open_ = [n for n in range(len(data["blocks"])) if n in data["sides"] or random.random() < number % 3 / 2]
        browser(f"(page.model.open = new Set({open_}), page.draw(), null)")
        seen = placed(browser)
        assert (seen["through"], seen["over"], seen["astray"]) == ([], [], [])
        sides = [Expected(network, data, open_, side) for side, network in enumerate((a, b))]
        assert {id for id in seen["boxes"] if id[0] in "ub"} == sides[0].boxes | sides[1].boxes
        edges: Counter[tuple[str, str]] = Counter()
        for side in sides:
            edges += side.said(seen["wires"])
        assert edges == sides[0].edges + sides[1].edges
        marked = set(browser("[...document.querySelectorAll('#scene .mark')].map((mark) => mark.parentNode.id)"))
        wanted = {
            side.shown(number)
            for side in sides
            for number in side.number.values()
            if "cause" in data["units"][number]["change"]
        }
        assert marked == wanted
    assert browser.errors == []


@needs_browser
def test_the_list_leads_to_what_was_changed(browser: Page) -> None:
    data = compared(cnngraph.compare(cnngraph.load("resnet50"), cnngraph.load("resnet101")))
    opened(browser, data)
    causes = data["changes"]["causes"]
    for number, cause in enumerate(causes):
        button = f"document.querySelectorAll('#changes .change')[{number}]"
        text = browser(f"{button}.textContent")
        assert text.startswith(f"+{number + 1}")
        assert cause["called"] in text
        assert cause["said"] in text
        for unit in (*cause["units"], cause["units"][0]):
            browser(f"{button}.click()")
            assert browser("page.selected") == f"u{unit}"
            assert browser(f"document.getElementById('u{unit}').matches('.hit.selected')")
            assert "added: resnet50.spec has none" in browser("document.getElementById('card').textContent")
    browser("page.pane.focus()")
    for _ in range(2):
        browser.key("Escape")
    assert browser("[page.selected, page.found]") == ["", None]
    browser("page.choose(`u${page.model.numbers.get('A:stage1.residual1.add1')}`)")
    browser.key("c")
    assert browser("[page.model.key(page.selected), page.model.partner('u0')]") == ["B:stage1.residual1.add1", "u74"]
    assert browser("document.querySelectorAll('#scene .partner').length") == 1
    browser.key("c")
    assert browser("page.model.key(page.selected)") == "A:stage1.residual1.add1"
    assert (browser.errors, len(browser.requests)) == ([], 1)


@needs_browser
def test_the_list_by_keys(browser: Page) -> None:
    data = compared(cnngraph.compare(cnngraph.load("squeezenet"), cnngraph.load("squeezenet1_1")))
    opened(browser, data)
    browser("document.querySelector('#changes [tabindex=\"0\"]').focus()")
    assert browser("document.querySelectorAll('#changes [tabindex=\"0\"]').length") == 1
    for cause in data["changes"]["causes"]:
        assert cause["called"] in browser("document.activeElement.textContent")
        for unit in cause["units"]:
            browser.key("Enter")
            assert browser("page.selected") == f"u{unit}"
        browser.key("ArrowDown")
    assert browser("document.activeElement.textContent") == "25 units only with other volumes"
    browser.key("Enter")
    browser.key("ArrowDown")
    follows = data["changes"]["follows"][0]
    assert follows["called"] in browser("document.activeElement.textContent")
    browser.key("Enter")
    assert browser("page.selected") == f"u{follows['units'][0]}"
    assert "follows from what was changed" in browser("document.getElementById('card').textContent")
    browser.key("ArrowUp")
    assert browser("document.activeElement.tagName") == "SUMMARY"
    assert browser("document.querySelectorAll('#changes [tabindex=\"0\"]').length") == 1


@needs_browser
def test_the_card_has_what_both_say(browser: Page) -> None:
    opened(browser, compared(cnngraph.compare(cnngraph.load("squeezenet"), cnngraph.load("squeezenet1_1"))))
    cells = "[...row.children].map((cell) => cell.textContent)"
    rows = f"[...document.querySelectorAll('.both tbody tr')].map((row) => {cells})"
    total = {row[0]: row[1:] for row in browser(rows)}
    assert total["parameters ≠"] == ["1,248,424", "1,235,496"]
    assert total["units"] == ["40"]
    for side in "AB":
        browser(f"page.choose(`u${{page.model.numbers.get('{side}:conv1')}}`)")
        said = {row[0]: row[1:] for row in browser(rows)}
        assert said["parameters ≠"] == ["14,208", "1,792"]
        assert said["weight ≠"] == ["96×3×7×7", "64×3×3×3"]
        assert said["name"] == ["conv1"]
        assert "~1changed, channels 96 → 64, window 7×7 → 3×3" in browser("document.getElementById('card').textContent")
        assert "changed, channels 96 → 64" in browser("document.querySelector('#scene .selected title').textContent")
    browser("page.toggle(page.model.partner('b1'))")
    assert browser("[page.model.isOpen('b1'), page.model.isOpen(page.model.partner('b1'))]") == [True, True]


@needs_browser
def test_a_link_tells_the_networks_apart(browser: Page) -> None:
    opened(browser, compared(cnngraph.compare(cnngraph.load("resnet50"), cnngraph.load("resnet101"))))
    browser("page.openAll(false); page.model.open.add(page.model.sides[1]); page.toggle('b5')")
    browser("page.choose(`u${page.model.numbers.get('B:conv1')}`); page.path([page.selected, ''])")
    state = "[[...page.model.open].sort(), page.selected, page.ends, page.placed.boxes.map(({ id }) => id)]"
    before = browser(state)
    browser.until("location.hash.includes('sel=B')")
    link = browser("location.href")
    browser.open("about:blank")
    browser.open(link, 1280, 800)
    browser.until("globalThis.page !== undefined")
    assert browser(state) == before


@needs_browser
def test_names_are_text_here_too(browser: Page) -> None:
    data = compared(cnngraph.compare(cnngraph.load("plain34"), cnngraph.load("resnet34")))
    opened(browser, spoiled(data))
    browser("page.openAll(true); page.go(page.model.changes.causes[1].units); page.choose('b1'); page.choose('u3')")
    assert browser("document.querySelectorAll('img, script:not([type])').length") == 1
    assert HOSTILE in browser("document.getElementById('changes').textContent")
    assert (browser.errors, len(browser.requests)) == ([], 1)


@needs_browser
def test_names_that_no_network_may_have(browser: Page) -> None:
    network = cnngraph.load("lenet5")
    opened(browser, compared(cnngraph.compare(network, replace(network, name=HOSTILE))))
    assert browser("document.title") == f"lenet5 → {HOSTILE}"
    assert "Nothing was changed" in browser("document.getElementById('changes').textContent")


@needs_browser
def test_n_walks_through_what_was_changed(browser: Page) -> None:
    """From the first on, each once, and then from the first again; what is found says of which network it is."""
    opened(browser, compared(cnngraph.compare(cnngraph.load("squeezenet"), cnngraph.load("squeezenet1_1"))))
    causes = browser("page.model.changes.causes.flatMap(({ units }) => units)")
    browser("page.pane.focus()")
    met = []
    for _ in range(len(causes) + 1):
        browser.key("n")
        met.append(browser("page.selected"))
    assert met == [f"u{unit}" for unit in (*causes, causes[0])]
    assert "conv1 · squeezenet1_1" in browser("document.getElementById('outline').innerText")
    browser.key("Escape")
    browser.key("Escape")
    assert browser("[page.found, page.selected]") == [None, ""]
    browser("page.heat(0)")
    heat = browser("[...document.querySelectorAll('#key button')].map((each) => each.innerText)")
    assert len(set(heat)) == len(heat) == 5, "each is said with its network"

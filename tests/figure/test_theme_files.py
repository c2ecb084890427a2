"""Themes out of files, and what else an author says of the look: colours of layers, no title, no ground, units."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cnngraph import parse, render
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import points
from cnngraph.figure.scene import Circle, Group, Item, Polygon, Rect, Scene, Text
from cnngraph.figure.scene import Path as ScenePath
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT, THEMES, read
from tests.conftest import Ran
from tests.figure.geometry import bounds, faults
from tests.figure.test_theme import contrast
from tests.networks import load

FOLDER = Path(__file__).parents[2] / "cnngraph" / "figure" / "themes"


def written(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text, "utf-8")
    return path


def fills(scene: Scene, layer: str) -> set[str]:
    """Of what is drawn of *layer*."""
    (group,) = (group for group in scene.groups() if group.role == "layer" and layer in group.layers)
    shapes = (item for item in group.items if isinstance(item, Rect | Polygon | Circle))
    return {shape.fill for shape in shapes if shape.fill}


@pytest.mark.parametrize("name", THEMES)
def test_the_themes_that_come_along_are_such_files(name: str) -> None:
    assert read(FOLDER / f"{name}.toml") == THEMES[name]


def test_what_a_file_does_not_say_is_as_in_what_it_is_based_on(tmp_path: Path) -> None:
    theme = read(written(tmp_path, 'based_on = "dark"\nink = "#ABCDEF"\nvolume = "#808080"\nbackground = "none"\n'))
    dark = THEMES["dark"]
    assert (theme.name, theme.ink, theme.background) == ("my", "#abcdef", None)
    assert (theme.paper, theme.stages, theme.branches) == (dark.paper, dark.stages, dark.branches)
    assert theme.volume.front == "#808080"
    shades = [int(color[1:3], 16) for color in (theme.volume.side, theme.volume.front, theme.volume.top)]
    assert shades == sorted(set(shades))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('ink = "red"', (1, 1), "`ink` is no colour"),
        ('\nkinds = { conv = "#12345" }', (2, 11), "`conv` is no colour"),
        ('[layers]\n"a.b" = 3', (2, 2), "`a.b` is no colour"),
        ('inkk = "#000000"', (1, 1), "did you mean `ink`?"),
        ('name = "x"', (1, 1), "there are added, background, blocks"),
        ('based_on = "bright"', (1, 1), "light, dark"),
        ('rgb = ["#000000"]', (1, 1), "1 colours"),
        ("stages = []", (1, 1), "a list of colours"),
        ('volume = { front = "#000000" }', (1, 1), "front, top, side"),
        ('kinds = "#000000"', (1, 1), "a table of colours"),
        ('\n\nink = "#0000', (3, 13), "no TOML"),
        ("ink = [" + "[" * 3000, (1, 1), "no TOML"),
    ],
)
def test_a_mistake_is_told_where_it_is(text: str, place: tuple[int, int], said: str, tmp_path: Path) -> None:
    with pytest.raises(CnngraphError) as caught:
        read(written(tmp_path, text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0617"
    assert said in f"{diagnostic.message} {diagnostic.help}"
    assert diagnostic.label is not None
    assert (diagnostic.label.span.line, diagnostic.label.span.column) == place


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * 1_000_001])
def test_what_is_no_text_or_too_long(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    with pytest.raises(CnngraphError, match="E0617"):
        read(path)


STYLES = {"volumes": "lenet5", "strip": "resnet18", "blocks": "unet", "slabs": "unet"}


@pytest.mark.parametrize("style", STYLES)
def test_colours_of_kinds_blocks_and_layers_are_seen_on_them_alone(style: str, tmp_path: Path) -> None:
    network = load(STYLES[style])
    one = next(layer for layer in network.layers if layer.kind.family == "conv")
    text = f'[kinds]\nmaxpool = "#123456"\navgpool = "#123456"\nconv = "#654321"\n[layers]\n"{one.name}" = "#fedcba"\n'
    theme = read(written(tmp_path, text))
    own = draw(Order([network], style, 960.0, theme, fold=False if style != "volumes" else None))
    plain = draw(Order([network], style, 960.0, LIGHT, fold=False if style != "volumes" else None))
    assert "#fedcba" in fills(own, one.name)
    seen = set()
    for group in own.groups():
        if group.role != "layer" or group.id == one.name:
            continue
        lead = network[group.id].kind
        is_drawn = bool(fills(own, group.id)) and lead.family != "join"
        expected = {"maxpool": "#123456", "avgpool": "#123456", "conv": "#654321"}.get(lead.word)
        if is_drawn and expected:
            assert expected in fills(own, group.id), group.id
            seen.add(expected)
        else:
            assert fills(own, group.id) == fills(plain, group.id)
    assert "#654321" in seen
    assert faults(own) == []


@pytest.mark.parametrize("style", ["volumes", "slabs", "units"])
@pytest.mark.parametrize("seed", range(12))
def test_every_colour_for_a_layer_is_seen_or_remarked(style: str, seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    network = load(rng.choice({"volumes": ["lenet5", "alexnet", "vgg16"], "slabs": ["unet", "resnet", "densenet121"],
                               "units": ["residual_network", "alexnet", "resnet_small"]}[style]))  # fmt: skip
    named = {
        "kinds": [layer.kind.word for layer in network if layer.inputs],
        "blocks": [layer.block for layer in network if layer.block],
        "layers": [layer.name for layer in network if layer.inputs],
    }  # fmt: skip
    table = rng.choice([each for each, names in named.items() if names])
    name = rng.choice(named[table])
    scene = draw(Order([network], style, 960.0, read(written(tmp_path, f'[{table}]\n"{name}" = "#010203"\n'))))
    drawn = {id for group in scene.groups() if "#010203" in fills_of(group) for id in group.layers}
    is_seen = any(layer.name in drawn for layer in network
                  if name in (layer.kind.word, layer.name) or f"{layer.block}.".startswith(f"{name}."))  # fmt: skip
    is_remarked = any("nothing in this figure" in remark and f"`{name}`" in remark for remark in scene.remarks)
    assert is_seen != is_remarked


def fills_of(group: Group) -> set[str | None]:
    """What shapes in *group* are filled with, and lines drawn with."""
    shapes = {item.fill for item in group.items if isinstance(item, Rect | Polygon | Circle)}
    return shapes | {item.stroke.color for item in group.items if isinstance(item, ScenePath)}


@pytest.mark.parametrize("based_on", ["light", "dark", "colorblind"])
@pytest.mark.parametrize(("name", "style"), [("resnet", "slabs"), ("unet_same", "slabs"), ("vgg16", "volumes")])
def test_colours_by_stage_are_by_resolution(name: str, style: str, based_on: str, tmp_path: Path) -> None:
    network = load(name)
    theme = read(written(tmp_path, f'based_on = "{based_on}"\nby_stage = true\n'))
    scene = draw(Order([network], style, 960.0, theme))
    assert faults(scene) == []
    known = {theme.stem, *theme.stages}
    found: dict[object, set[str]] = {}
    for group in scene.groups():
        volume = network[group.layers[-1]].output if group.role == "layer" else None
        if volume is not None and volume.is_map and network[group.id].inputs:
            found.setdefault(volume.height, set()).update(known & fills(scene, group.id))
    assert all(len(colors) <= 1 for colors in found.values())
    assert len({color for colors in found.values() for color in colors}) >= 4


def test_a_block_has_the_colour_of_its_name_or_its_definition(tmp_path: Path) -> None:
    network = load("unet")
    theme = read(written(tmp_path, '[blocks]\nup = "#112233"\nup3 = "#332211"\n'))
    scene = draw(Order([network], "blocks", 960.0, theme))
    found = {group.id: fills(scene, group.id) for group in scene.groups() if group.role == "layer"}
    for id, colors in found.items():
        block = network[id].block
        if block:
            assert colors == {"#332211" if block == "up3" else "#112233"}
        else:
            assert not colors & {"#332211", "#112233"}


def test_a_definition_colours_its_uses_whatever_they_are_called(tmp_path: Path) -> None:
    block = "block two_(c) {\n  conv c 3x3 same\n  conv c 1x1\n}\n"
    network = parse(f"net a\n{block}input 8x8x4\nfirst: two_ 8\nmaxpool f=2 s=2\ntwo_ 8\n")
    theme = read(written(tmp_path, '[blocks]\ntwo_ = "#112233"\n'))
    scene = draw(Order([network], "blocks", 960.0, theme, depth=0))
    assert [fills(scene, layer) for layer in ("first.conv1", "two_1.conv1")] == [{"#112233"}] * 2


def test_a_title_that_no_font_has_is_left_out_too() -> None:
    network = parse('net a "深層"\ninput 8x8x4\nconv 4 1x1\nconv 4 1x1\n')
    for style in ("slabs", "blocks", "volumes", "strip"):
        assert draw(Order([network], style, 960.0, LIGHT, title="")).title == "深層"


def test_text_on_any_colour_can_be_read(tmp_path: Path) -> None:
    rng = random.Random(5)
    for _ in range(30):
        color = f"#{rng.randrange(1 << 24):06x}"
        for usual in ("#000000", "#ffffff", "#777777"):
            assert contrast(LIGHT.on(color, usual), color) >= 4.5
        if contrast("#ffffff", color) >= 4.5:
            assert LIGHT.on(color, "#ffffff") == "#ffffff"
    theme = read(written(tmp_path, '[kinds]\nconv = "#ffffaa"\n'))
    for style, name in (("blocks", "lenet5"), ("strip", "resnet18")):
        scene = draw(Order([load(name)], style, 960.0, theme))
        (group,) = (group for group in scene.groups() if group.id == "conv1")
        assert contrast(group.items[1].fill, "#ffffaa") >= 4.5  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize("style", ["volumes", "text", "strip", "blocks", "slabs", "operation", "units"])
def test_a_figure_without_a_title(style: str) -> None:
    network = load("residual_network" if style == "units" else "lenet5")
    order = Order([network], style, 960.0, LIGHT, layer="conv1" if style == "operation" else None)
    titled = draw(order)
    bare = draw(Order([network], style, 960.0, LIGHT, layer=order.layer, title=""))
    head, *rest = titled.items
    assert isinstance(head, Text)
    assert head.content not in {item.content for item in bare.primitives() if isinstance(item, Text)}
    assert len(bare.items) == len(rest)
    assert bare.title == titled.title
    shift = titled.height - bare.height
    assert shift > head.size / 2
    assert faults(bare) == []
    for one, other in zip(rest, bare.items, strict=True):
        assert shifted(one) == pytest.approx(shifted(other, shift), abs=1e-6)
    tops = [bounds(item)[1] for item in bare.primitives()]
    assert min(tops) == pytest.approx(head.x, abs=0.4 * head.x)


def shifted(item: Item, down: float = 0.0) -> list[float]:
    scene = Scene(1.0, 1.0, (item,), "", "")
    return [side + (down if at % 2 else 0.0) for each in scene.primitives() for at, side in enumerate(bounds(each))]


def test_nothing_behind_a_figure(tmp_path: Path, run: Callable[..., Ran]) -> None:
    for theme in ("light", "dark"):
        figure = load("lenet5").render(theme=theme, transparent=True)
        assert 'width="100%" height="100%"' not in figure.svg
        with Image.open(io.BytesIO(figure.written("png", dpi=40))) as picture:
            assert picture.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert run("render", "lenet5", "--transparent", "--title", "", "-o", str(tmp_path / "a.pdf")).status == 0


def test_units_of_width() -> None:
    assert points("7in") == points("504pt") == points("page")
    assert points("2.54cm") == pytest.approx(points("25.4mm")) == pytest.approx(points("1in"))
    for wrong in ("7inch", "3", "1e3pt", "-7in"):
        with pytest.raises(ValueError, match="in or 340pt"):
            points(wrong)


@pytest.mark.parametrize("style", ["blocks", "slabs", "volumes"])
def test_a_page_wider_than_a_slide_holds_more(style: str) -> None:
    network = load("alexnet" if style == "volumes" else "unet")
    sizes = [
        max(
            item.size
            for item in list(draw(Order([network], style, width, LIGHT)).primitives())[1:]
            if isinstance(item, Text)
        )
        for width in (960.0, 1920.0)
    ]
    assert sizes[1] <= max(sizes[0], 14.0)


def test_css_knows_layers_by_their_kind() -> None:
    svg = load("unet").render(style="blocks").svg
    classes = set(re.findall(r'class="layer ([a-z]+)"', svg))
    assert {"conv", "maxpool", "input", "upconv"} <= classes
    assert 'class="layer conv"' in render([load("resnet18"), load("plain34")]).svg


def test_a_theme_is_a_file_on_the_command_line_and_in_python(tmp_path: Path, run: Callable[..., Ran]) -> None:
    path = written(tmp_path, '[kinds]\nconv = "#314159"\n')
    ran = run("render", "lenet5", "--theme", str(path), "-o", str(tmp_path / "a.svg"))
    assert ran.status == 0
    assert "#314159" in (tmp_path / "a.svg").read_text("utf-8")
    assert load("lenet5").render(theme=path).svg == load("lenet5").render(theme=read(path)).svg
    assert run("render", "lenet5", "--theme", "bright").status == 2
    assert run("render", "lenet5", "--theme", str(tmp_path / "none.toml")).status == 1


def test_groups_in_groups_are_told_their_kind_too() -> None:
    scene = draw(Order([load("googlenet")], "blocks", 960.0, LIGHT))
    told = {dict(group.data).get("kind") for group in scene.groups() if group.role == "layer"}
    assert None not in told
    assert isinstance(next(scene.groups()), Group)


def test_what_a_theme_has_a_colour_for_and_there_is_not_is_remarked(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[kinds]\nmaxpol = "#112233"\nconv = "#112233"\nupconv = "#112233"\n'
        '[blocks]\nresidual = "#112233"\nstage1 = "#112233"\nstages = "#112233"\n'
        '[layers]\n"stage1.residual1.add1" = "#112233"\nnope = "#112233"\n'
    )
    said = [remark for remark in load("resnet").render(theme=path).scene.remarks if "has a colour" in remark]
    assert len(said) == 3
    assert "`maxpol`, and there is no such kind of layer; did you mean `maxpool`?" in said[0]
    assert "`stages`" in said[1]
    assert "`nope`, and there is no such layer" in said[2]


@pytest.mark.parametrize(
    ("name", "style", "down"),
    [("lenet5", "volumes", False), ("unet", "slabs", False), ("googlenet", "blocks", False),
     ("resnet34", "strip", True), ("inception_module", "blocks", True)],
)  # fmt: skip
def test_a_theme_without_sizes_writes_none(name: str, style: str, down: bool, tmp_path: Path) -> None:
    (tmp_path / "clean.toml").write_text("sizes = false\n")

    def sizes(theme: str) -> list[str]:
        scene = load(name).render(style=style, down=down, theme=theme).scene
        assert faults(scene) == []
        texts = [item.content for item in scene.primitives() if isinstance(item, Text)]
        return [text for text in texts if re.fullmatch(r"\d\d+(×\d\d+)*|\d+×\d+×\d+|\d+×\d+ → .*", text)]

    fully_connected = {"1000"} | {str(layer.output.channels) for layer in load(name) if layer.kind.family == "dense"}
    assert len(sizes("light")) > 3
    assert set(sizes(str(tmp_path / "clean.toml"))) <= fully_connected
    (tmp_path / "bad.toml").write_text('sizes = "no"\n')
    with pytest.raises(CnngraphError, match=r"E0617.*`sizes` is no yes or no"):
        load(name).render(theme=tmp_path / "bad.toml")

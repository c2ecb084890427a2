"""What a real browser finds wrong with figures: text over text, lines through text, things off the page, text that does
not have the width that was counted on, lines that end in the air.

`python -m tests.figure.in_browser` looks at every figure there is: all networks that ship, in every style that takes
them, on a column and a slide, light and dark, pairs of them, and stages for a lecture.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene
from cnngraph.figure.stages import stages
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import DARK, LIGHT, Theme
from cnngraph.figure.writers.svg import write_svg
from cnngraph.network import Network
from cnngraph.shipped import shipped
from tests.browser import Page, page
from tests.networks import load

LOOK = (Path(__file__).parent / "in_browser.js").read_text(encoding="utf-8")
WIDTHS = {"column": 252.0, "slide": 960.0}
PAIRS = (
    ("alexnet", "alexnet_owt"),
    ("googlenet", "googlenet_bn"),
    ("googlenet", "inception_v3"),
    ("lenet5", "alexnet"),
    ("mobilenet_v1", "mobilenet_v2"),
    ("plain34", "resnet"),
    ("plain_network", "residual_network"),
    ("resnet", "resnext50"),
    ("resnet", "se_resnet50"),
    ("squeezenet", "squeezenet1_1"),
    ("unet", "siamese"),
    ("vgg16", "vgg19"),
)
JOINED = ("blocks", "overview")
"""Styles whose lines begin and end at boxes; in the others arrows stand free between what they join."""
AT_ONCE = 40
"""Figures on one page."""


def found(browser: Page, figures: Mapping[tuple[str, str], Scene]) -> dict[str, list[str]]:
    """What is wrong with *figures*, which have a name and a style, by the names of those with which something is."""
    shown = [
        f'<div data-figure="{escape(name)}"{" data-joined" * (style in JOINED)}>{write_svg(scene).decode()}</div>'
        for (name, style), scene in figures.items()
    ]
    browser(f"document.body.innerHTML = {json.dumps(''.join(shown))}; document.body.offsetHeight")
    browser("window.read = false; document.fonts.ready.then(() => { window.read = true })")
    browser.until("window.read && document.fonts.status === 'loaded'")
    wrong: dict[str, list[str]] = browser(LOOK)
    return wrong


def figures(
    networks: tuple[str, ...], styles: Mapping[str, object] = STYLES, themes: tuple[Theme, ...] = (LIGHT,)
) -> Iterator[tuple[tuple[str, str], Scene]]:
    """*networks* in the *styles* that take them, and what each is called."""
    read = [load(name) for name in networks]
    for style in styles:
        for width in WIDTHS:
            for theme in themes:
                try:
                    scene = draw(Order(read, style, WIDTHS[width], theme))
                except CnngraphError:
                    continue
                assert scene.width <= WIDTHS[width] + 0.01
                yield (f"{' '.join(networks)} {style} {width} {theme.name}", style), scene


def everything() -> Iterator[tuple[tuple[str, str], Scene]]:
    for names in (*((name,) for name in shipped()), *PAIRS):
        for (name, style), scene in figures(names, themes=(LIGHT, DARK)):
            yield (name, style), scene
            if name.endswith("slide light"):
                every = some_stages(scene, [load(each) for each in names])
                yield from (((f"{name}, stage {number}", style), part) for number, part in every)


def some_stages(scene: Scene, networks: list[Network]) -> Iterator[tuple[int, Scene]]:
    """Four of its stages, from the first on."""
    every = stages(scene, networks)
    yield from ((number, every[number]) for number in range(0, len(every), len(every) // 4 or 1))


if __name__ == "__main__":
    count = bad = 0
    every = everything()
    with page() as browser:
        while some := dict(islice(every, AT_ONCE)):
            count += len(some)
            for name, faults in found(browser, some).items():
                bad += 1
                print(f"{name}: {len(faults)}: {'; '.join(faults[:4])}", flush=True)
    print(f"{count} figures, {bad} with faults")
    sys.exit(bool(bad))

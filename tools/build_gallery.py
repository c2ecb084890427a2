"""Draws the gallery, docs/gallery.md: every style on every network of the lecture that it can show, and the other
networks as they are drawn where nothing is asked.

python tools/build_gallery.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.page import SLIDE
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import load, source
from cnngraph.network import Network

DOCS = Path(__file__).parent.parent / "docs"
SPECS = Path(__file__).parent.parent / "cnngraph" / "specs"

NETWORKS: dict[str, dict[str, object]] = {
    "lenet5": {},
    "alexnet": {},
    "vgg16": {},
    "vgg16 --set depth=19": {"depth": 19},
    "residual_block": {},
    "residual_network": {},
    "plain34": {},
    "resnet --set depth=34": {"depth": 34},
    "resnet": {},
    "nin": {},
    "conv1x1": {},
    "inception_module": {},
    "googlenet": {},
}
"""What follows `cnngraph render`, and the params it sets."""
WIDE = {"hourglass": 1680.0, "hrnet": 1250.0}
"""Points of the page of those whose text is small on a slide."""
OPERATION = {"lenet5": "avgpool1", "alexnet": "conv1", "vgg16": "conv1", "conv1x1": "conv1", "nin": "mlpconv1.conv2"}
"""The layer that the style `operation` explains, where one is worth it."""
FIGURES = {
    "lenet5": {
        "--image examples/seven.png --live": ("lenet5-live", "with what each layer makes of a picture"),
        "--layer conv2 --cell 4,6 --image examples/seven.png": ("lenet5-conv2", "one cell and what it sees"),
    },
    "plain34": {
        "resnet --set depth=34 --down --width page": ("resnet34-down", "and its residual twin, from top to bottom"),
    },
    "inception_module": {
        "--style blocks --down --width column": ("inception-down", "from top to bottom"),
    },
    "densenet121": {
        "--style strip --with-blocks --down --width page": ("densenet121-down", "with a dense block open"),
    },
    "nasnet_mobile": {
        "--with-blocks --down --width page": ("nasnet-cell", "with its cells open"),
    },
}
"""Others by command: what follows it, the file among the figures of the docs, and what it shows."""
_HEAD = """\
# Gallery

Every style on the networks of the lecture, each figure beside the command and the spec that made it. A style that
cannot show a network as it is refuses, and is not here. [Below](#networks-of-papers) are the other networks that ship,
as they are drawn where nothing is asked. This page is written by `make gallery`.
"""
_PAPERS = """\
## Networks of papers

`cnngraph show NAME` prints the spec of each.
"""


def figures() -> Iterator[tuple[str, str, str, bytes]]:
    """The network's command, the style, the whole command, and the figure."""
    for command, params in NETWORKS.items():
        network = load(command.split()[0], **params)  # type: ignore[arg-type]
        for style in STYLES:
            layer = OPERATION.get(command) if style == "operation" else None
            if style == "operation" and layer is None:
                continue
            try:
                scene = draw(Order([network], style, SLIDE, LIGHT, layer=layer))
            except CnngraphError:
                continue
            option = f"--layer {layer}" if layer else f"--style {style}"
            yield command, style, f"cnngraph render {command} {option}", write_svg(scene, "embedded")


def papers() -> Iterator[tuple[str, str, bytes]]:
    """The name of each of the other networks, the style that it is drawn in, and the figure."""
    known = {command.split()[0] for command in NETWORKS}
    for name in sorted(path.stem for path in SPECS.glob("*.spec")):
        if name not in known:
            chosen = choose(Order([load(name)], AUTO, WIDE.get(name, SLIDE), LIGHT))
            yield name, chosen.style, write_svg(chosen.scene, "embedded")


def file_name(command: str, style: str) -> str:
    return f"{command.replace(' --set ', '-').replace('=', '')}-{style}.svg"


def page(drawn: list[tuple[str, str, str, bytes]], others: list[tuple[str, str, bytes]]) -> str:
    lines = [_HEAD]
    for command, params in NETWORKS.items():
        network = load(command.split()[0], **params)  # type: ignore[arg-type]
        lines.append(f"## {_title(network)}\n\n```spec\n{_spec(command)}```\n")
        for owner, style, whole, _ in drawn:
            if owner == command:
                lines.append(f"`{whole}`\n\n![{_title(network)}, style {style}](gallery/{file_name(command, style)})\n")
        lines += _more(command, _title(network))
    lines.append(_PAPERS)
    for name, style, _ in others:
        width = f" --width {WIDE[name]:g}pt" if name in WIDE else ""
        title = _title(load(name))
        lines.append(
            f"### {title}\n\n`cnngraph render {name}{width}`\n\n![{title}, style {style}](gallery/{name}.svg)\n"
        )
        lines += _more(name, title)
    return "\n".join(lines)


def _more(command: str, title: str) -> Iterator[str]:
    for options, (name, shown) in FIGURES.get(command, {}).items():
        yield f"`cnngraph render {command} {options}`\n\n![{title}, {shown}](figures/{name}.svg)\n"


def _title(network: Network) -> str:
    return network.title or network.name


def _spec(command: str) -> str:
    return source(command.split()[0]).text


if __name__ == "__main__":
    drawn, others = list(figures()), list(papers())
    (DOCS / "gallery").mkdir(parents=True, exist_ok=True)
    for command, style, _, data in drawn:
        (DOCS / "gallery" / file_name(command, style)).write_bytes(data)
    for name, _, data in others:
        (DOCS / "gallery" / f"{name}.svg").write_bytes(data)
    (DOCS / "gallery.md").write_text(page(drawn, others), encoding="utf-8")
    print(f"{DOCS / 'gallery.md'}: {len(drawn) + len(others)} figures")

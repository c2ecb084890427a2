"""A scene as TikZ: the same lines at the same places, text in TeX's own fonts.

Those of a paper are not the ones the figure was measured with. Text that is wider in them than its
place is set narrower by TeX itself, so that it covers nothing, whatever document takes the picture in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import (
    Circle,
    Curve,
    Line,
    Move,
    Path,
    Picture,
    Point,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Stroke,
    Text,
)
from cnngraph.figure.text import width
from cnngraph.figure.typeface import OWN, Font, current
from cnngraph.figure.writers.svg import number
from cnngraph.tex import escaped

_DOCUMENT = r"""\documentclass{article}
\usepackage[OT1]{fontenc}
\renewcommand\rmdefault{cmr}\renewcommand\sfdefault{cmss}
%% Small sizes of Computer Modern are drawn wider; here all are scaled from 10 pt, as the figure was measured.
\DeclareFontFamily{OT1}{cmss}{}
\DeclareFontShape{OT1}{cmr}{m}{n}{<->cmr10}{}
\DeclareFontShape{OT1}{cmr}{m}{it}{<->cmti10}{}
\DeclareFontShape{OT1}{cmss}{m}{n}{<->cmss10}{}
\DeclareFontShape{OML}{cmm}{m}{it}{<->cmmi10}{}
\DeclareFontShape{OMS}{cmsy}{m}{n}{<->cmsy10}{}
\usepackage{tikz}
\ifdefined\pagewidth \let\pdfpagewidth\pagewidth \let\pdfpageheight\pageheight \fi %% LuaTeX's names
\pagestyle{empty}
\begin{document}
\setbox0\hbox{%%
%s}%%
\pdfpagewidth=\wd0 \pdfpageheight=\ht0
\hoffset=-1in \voffset=-1in
\shipout\box0
\end{document}
"""
_FITTED = (
    r"\def\cnngraphtext#1#2{\setbox0\hbox{\frenchspacing#2}"
    r"\ifdim\wd0>#1bp\resizebox{#1bp}{\height}{\box0}\else\box0\fi}"
)
r"""``\cnngraphtext{width}{text}``."""
_SLACK = 0.1
"""Points that a text may be wider than measured."""
_LONGEST = 16_000.0
"""Points: TeX stops at lengths from 16,384 of its own, somewhat smaller, points on."""
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
_FONTS = {"serif": r"\rmfamily", "serif-italic": r"\rmfamily\itshape", "sans": r"\sffamily"}
"""TeX's own, by the names of faces."""


def pictures(scene: Scene, stem: str) -> dict[bytes, str]:
    """The names of the files that the pictures of *scene* stand in, each once: ``STEM-1.png``, as TeX reads names."""
    stem = re.sub("[^A-Za-z0-9._-]", "-", stem)
    found = dict.fromkeys(item.png for item in scene.primitives() if isinstance(item, Picture))
    return {png: f"{stem}-{number}.png" for number, png in enumerate(found, start=1)}


def write_tikz(scene: Scene, *, document: bool = True, names: Mapping[bytes, str] | None = None) -> bytes:
    r"""*scene* as a file that pdflatex compiles to a page as large as the figure; without *document* only the
    picture, to be taken in by ``\input`` after ``\usepackage{fix-cm,tikz}``. *names* are those of the files of its
    `pictures`, which it takes in.

    Raises `CnngraphError` (E0614) for a picture in no file, for a character that TeX's standard fonts lack, and for a
    figure longer than TeX can measure.
    """
    if max(scene.width, scene.height) > _LONGEST:
        raise CnngraphError.of(
            "E0614",
            f"the figure is {scene.width:,.0f} × {scene.height:,.0f} pt",
            reason=f"TeX knows no lengths over {_LONGEST:,.0f} pt",
            help="write it as .pdf or .svg, or fold it to be smaller",
        )
    picture = "\n".join(_lines(scene, names or {})) + "\n"
    return (_DOCUMENT % picture if document else picture).encode("ascii")


def _lines(scene: Scene, names: Mapping[bytes, str]) -> Iterator[str]:
    primitives = list(scene.primitives())
    colors = {color: f"cnn{index}" for index, color in enumerate(dict.fromkeys(_colors(scene, primitives)))}
    yield r"\begin{tikzpicture}[x=1bp,y=-1bp,line join=round,inner sep=0,outer sep=0]"
    for color, name in colors.items():
        yield rf"\definecolor{{{name}}}{{HTML}}{{{color[1:].upper()}}}"
    yield _FITTED
    page = f"(0,0) rectangle ({number(scene.width)},{number(scene.height)})"
    yield rf"\useasboundingbox {page};"
    if scene.background:
        yield rf"\fill[{colors[scene.background]}] {page};"
    for item in primitives:
        yield _drawn(item, colors, names)
    yield r"\end{tikzpicture}%"


def _colors(scene: Scene, primitives: Iterable[Primitive]) -> Iterator[str]:
    if scene.background:
        yield scene.background
    for item in primitives:
        match item:
            case Text(fill=fill):
                yield fill
            case Path(stroke=stroke):
                yield stroke.color
            case Rect(fill=paint, stroke=line) | Circle(fill=paint, stroke=line) | Polygon(fill=paint, stroke=line):
                yield from ([paint] if paint else [])
                yield from ([line.color] if line else [])


def _drawn(item: Primitive, colors: dict[str, str], names: Mapping[bytes, str]) -> str:
    match item:
        case Rect(x, y, w, h, fill, stroke):
            return _path(f"{_point((x, y))} rectangle {_point((x + w, y + h))}", fill, stroke, colors)
        case Circle(x, y, radius, fill, stroke):
            return _path(f"{_point((x, y))} circle[radius={number(radius)}bp]", fill, stroke, colors)
        case Polygon(points, fill, stroke):
            return _path(" -- ".join(map(_point, points)) + " -- cycle", fill, stroke, colors)
        case Path(steps, stroke):
            return _path("".join(map(_step, steps)), None, stroke, colors)
        case Text():
            turn = f",rotate={number(item.angle)}" if item.angle else ""
            size = f"\\fontsize{{{number(item.size)}bp}}{{{number(item.size * 1.2)}bp}}\\selectfont{_font(item.font)}"
            options = f"anchor={_ANCHORS[item.anchor]}{turn},text={colors[item.fill]},font={{{size}}}"
            room = number(width(item.content, item.font, item.size) + _SLACK)
            text = rf"\cnngraphtext{{{room}}}{{{escaped(item.content)}}}"
            return rf"\node[{options}] at {_point((item.x, item.y))} {{{text}}};"
        case Picture(x, y, w, h, png):
            if png not in names:
                raise CnngraphError.of(
                    "E0614",
                    "a TikZ file has its pictures in files beside it",
                    help="give it a name, as in -o figure.tex; or write it as .pdf or .svg",
                )
            taken = rf"\includegraphics[width={number(w)}bp,height={number(h)}bp]{{{names[png]}}}"
            return rf"\node[anchor=north west] at {_point((x, y))} {{{taken}}};"


def _font(font: Font) -> str:
    """An author's own font is the document's affair."""
    return _FONTS[next(name for name in current().chains[font] if name != OWN)]


def _path(path: str, fill: str | None, stroke: Stroke | None, colors: dict[str, str]) -> str:
    options = [f"fill={colors[fill]}"] if fill else []
    if stroke:
        options += [f"draw={colors[stroke.color]}", f"line width={number(stroke.width)}bp"]
        if stroke.dash:
            pairs = zip(("on", "off") * len(stroke.dash), stroke.dash, strict=False)
            options.append("dash pattern=" + " ".join(f"{word} {number(length)}bp" for word, length in pairs))
    return rf"\path[{','.join(options)}] {path};"


def _point(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"


def _step(step: Move | Line | Curve) -> str:
    match step:
        case Move(to):
            return _point(to)
        case Line(to):
            return f" -- {_point(to)}"
        case Curve(control1, control2, to):
            return f" .. controls {_point(control1)} and {_point(control2)} .. {_point(to)}"

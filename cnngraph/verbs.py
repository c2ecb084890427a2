"""What can be done with a network, each once: drawn, counted, exported, run, verified, written as a spec.

`Network`'s methods, the command line, notebooks and the editor call these. It is the one module that `network` imports,
and only in its methods: everything else imports downward.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from cnngraph.names import one_line
from cnngraph.network import Layer, Network, Output
from cnngraph.plural import many

if TYPE_CHECKING:
    from cnngraph.comparison.compare import Comparison
    from cnngraph.diagnostics import Diagnostic
    from cnngraph.figure.figure import Figure
    from cnngraph.figure.live import Live
    from cnngraph.figure.scene import Scene
    from cnngraph.figure.theme import Theme
    from cnngraph.figure.typeface import Typeface
    from cnngraph.fronts.onnx.parts import Parts
    from cnngraph.onnx.passes import Done
    from cnngraph.onnx.write import Written
    from cnngraph.runtime.answers import Answer
    from cnngraph.runtime.session import Session
    from cnngraph.runtime.verify import Verdict
    from cnngraph.table import Table
    from cnngraph.viewer.occlusion import Track
    from cnngraph.weights.source import Weights

    Given = str | Path | Mapping[str, Any] | None
    """Weights as a user gives them: a file, arrays by name, ``"random"``; None: those that ship, else random ones."""

    class Look(TypedDict, total=False):
        """What a figure is to be like; `Network.render` says what each means and is unless said."""

        style: str | None
        width: str | float | None
        theme: str | Path | Theme | None
        font: str | Path | None
        title: str | None
        image: str | Path | None
        fold: bool | None
        depth: int | None
        layer: str | None
        cell: tuple[int, int] | None
        with_blocks: bool
        names: bool | None
        show: str | Collection[str] | None
        down: bool | None
        layout: str | None
        counts: bool
        heat: str | None
        transparent: bool


_T = TypeVar("_T")
WINDOWS = range(2, 33)
"""How many a side may be laid over a picture: each is a run."""
_QUICK = 2_000_000_000
"""Multiply-accumulates up to which onnx's evaluator, plain numpy, is asked without being told to."""


def check(file: str | Path, *, max_nodes: int | None = None, **params: object) -> tuple[Diagnostic, ...]:
    """What is wrong or doubtful in *file*, a path or the name of a shipped network; nothing raised, nothing printed.

    *params* set the spec's params, as in `cnngraph.load`.
    """
    from cnngraph.assembly import MAX_NODES
    from cnngraph.diagnostics import CnngraphError
    from cnngraph.fronts import read

    try:
        return read(str(file), params, max_nodes=MAX_NODES if max_nodes is None else max_nodes).diagnostics
    except CnngraphError as error:
        return error.diagnostics


def to_spec(network: Network) -> str:
    """As in `Network.to_spec`."""
    from cnngraph.spec.writing.text import text

    return text(network)


def summary(network: Network, *, fold: bool = True, times: Mapping[str, float] | None = None) -> Table:
    """*times* are seconds by the names of units, as `cnngraph.runtime.bench.layer_times` gives them."""
    from cnngraph.summary import summarize

    return summarize(network, fold=fold, times=times)


# Figures -------------------------------------------------------------------------------------


def figure(networks: Sequence[Network], live: Callable[[], Live] | None = None, **look: Unpack[Look]) -> Figure:
    """The figure of *networks*, which is drawn when it is first looked at; with what *live* gives in it, which is
    asked for once, if at all."""
    from cnngraph.figure.choice import AUTO, with_own
    from cnngraph.figure.figure import Figure
    from cnngraph.figure.page import points
    from cnngraph.figure.styles import LAYOUTS, STYLES, Order
    from cnngraph.look import shown

    asked: dict[str, Any] = {key: value for key, value in look.items() if value is not None}
    if (style := asked.get("style", AUTO)) != AUTO:
        _one_of("style", style, STYLES)
    asked["by_dot"] = _one_of("layout", asked.pop("layout", "own"), LAYOUTS)
    counts, heat = asked.pop("counts", False), asked.pop("heat", None)
    if "title" in asked:
        asked["title"] = one_line(asked["title"])
    if "image" in asked:
        asked["picture"] = _picture(asked.pop("image"))
    if live is not None:
        asked["live"] = cache(live)
    if "cell" in asked:
        row, column = asked["cell"]
        asked["cell"] = (row - 1, column - 1)
    asked, own = with_own(asked, networks)
    if "show" in asked:
        asked["show"] = shown(asked["show"])
    asked["width"] = points(asked.get("width", "slide"))
    asked["theme"] = _theme(asked.get("theme", "light"))
    if font := str(asked.pop("font", asked["theme"].font)):
        asked["typeface"] = _typeface(font, networks, asked.get("title", ""))
    if heat is not None:
        asked["theme"] = replace(asked["theme"], hatched=False)  # its colours say the cost alone
    if asked.pop("transparent", False):
        asked["theme"] = replace(asked["theme"], background=None)
    if asked.setdefault("style", AUTO) == AUTO and ("layer" in asked or "cell" in asked):
        asked["style"] = "operation"
    elif asked["style"] == AUTO and asked["by_dot"]:
        asked["style"] = "blocks"
    return Figure(Order(networks, **asked), counts, heat, own=own)


def differences(
    found: Comparison, width: float | str | None = None, theme: str | Path | None = None, font: str | None = None
) -> Scene:
    """The figure of what was changed; how it looks is said as to `figure`."""
    from cnngraph.figure.differences import differences
    from cnngraph.figure.page import points

    colors = _theme(theme or "light")
    typeface = _typeface(font, (found.a, found.b), "") if (font := font or colors.font) else None
    return differences(found, width=points(width or "slide"), theme=colors, typeface=typeface)


def _theme(asked: str | Path | Theme) -> Theme:
    from cnngraph.figure.theme import THEMES, Theme, read

    if isinstance(asked, Theme):
        return asked
    return read(asked) if str(asked).lower().endswith(".toml") else _one_of("theme", str(asked), THEMES)


def _typeface(font: str, networks: Sequence[Network], title: str) -> Typeface:
    """The fonts that *font*, a word for them or a file, stands for, in a figure of *networks* with that *title*."""
    from cnngraph.figure.typeface import WORDS, bundled, is_font

    if font in WORDS:
        return bundled(font)
    from cnngraph.figure.own_font import read
    from cnngraph.figure.words import all_words

    if not is_font(font):
        raise ValueError(f"no font is called {font!r}: {', '.join(WORDS)}, or a file such as Times.ttf")
    return read(font, title + "".join(map(all_words, networks)))


def _picture(path: str | Path) -> bytes:
    from cnngraph.figure.picture import read

    return read(path)


def activations(
    network: Network,
    picture: Path,
    choose: Callable[[], Weights],
    parts: Parts | None = None,
    explained: Layer | None = None,
) -> Live:
    """What every layer of *network* makes of the *picture* at that path, for a figure of it, or of one layer that is
    *explained*.

    Raises `CnngraphError` when it takes no single picture (E0814), when that cannot be read, or it does not run.
    """
    from cnngraph.about import about
    from cnngraph.figure.live import Live
    from cnngraph.figure.pictured import need_one_input
    from cnngraph.preprocessing import UNSAID
    from cnngraph.runtime.activations import classes_of, given_to, made_of, weights_of
    from cnngraph.weights.initialise import RandomWeights

    need_one_input(network)
    weights = choose()
    said = about(network)
    layers = [layer.name for layer in network if layer.inputs]
    made = made_of(picture, network, weights, layers, parts)
    is_random = isinstance(weights, RandomWeights)
    return Live(
        given_to(network, picture),
        made.pop(network.inputs[0].name),
        made,
        classes_of(network, said),
        (f"{weights.about}: what is shown means nothing",) if is_random else (),
        () if is_random or said.pictures else (UNSAID,),
        {} if explained is None else weights_of(network[explained.shares or explained.name], weights),
    )


def explained(network: Network, style: str | None, layer: str | None, cell: tuple[int, int] | None) -> Layer | None:
    """The layer that a figure explains for which these are asked; None where it is of the whole network."""
    from cnngraph.figure.styles.operation import chosen

    return chosen(network, layer) if style == "operation" or layer is not None or cell is not None else None


def render(
    networks: Network | Iterable[Network],
    path: str | Path | None = None,
    *,
    live: bool = False,
    weights: Given = None,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    passthrough: str | Path | None = None,
    dpi: float | None = None,
    outline: bool = False,
    snippet: bool = False,
    **look: Unpack[Look],
) -> Figure:
    """The figure of one network, or of two, one under the other; with a *path* written there.

    The rest is as in `Network.render`.
    """
    shown = [networks] if isinstance(networks, Network) else list(networks)
    if not live and any(each is not None for each in (weights, seed, renames, passthrough)):
        raise ValueError("weights are for a live figure")
    if live:
        if len(shown) != 1:
            raise ValueError("live is of one network")
        if (image := look.get("image")) is None:
            raise ValueError("live is what a network makes of a picture: give it as image")
        of = explained(shown[0], look.get("style"), look.get("layer"), look.get("cell"))
        choose, parts = _chooser(shown[0], weights, seed, renames, passthrough)
        drawn = figure(shown, partial(activations, shown[0], Path(image), choose, parts, of), **look)
    else:
        drawn = figure(shown, **look)
    if not drawn.order.networks:
        raise ValueError("there is no network to draw")
    if path is not None:
        return drawn.save(path, dpi=dpi, outline=outline, snippet=snippet)
    _ = drawn.scene  # what cannot be shown is said here, and not when a notebook looks at it
    return drawn


def svg(network: Network) -> str:
    """For a notebook's page."""
    return render(network)._repr_svg_()


def html(network: Network) -> str:
    """The figure for a notebook's page, and below it what the network counts."""
    from html import escape

    counts = f"{network.title or network.name}: {many(len(network), 'layer')}, {network.counts}"
    return f'<div style="background: white">{svg(network)}</div><p>{escape(counts)}</p>'


def _one_of(what: str, value: str, known: Mapping[str, _T]) -> _T:
    if value in known:
        return known[value]
    from difflib import get_close_matches

    near = get_close_matches(str(value), known, n=1)
    raise ValueError(f"no {what} is called {value!r}: " + (f"did you mean {near[0]!r}?" if near else ", ".join(known)))


def page(
    network: Network,
    weights: Weights | None = None,
    parts: Parts | None = None,
    *,
    image: str | Path | None = None,
    times: str | Path | None = None,
    occlusion: int | None = None,
    track: Track = iter,
) -> bytes:
    """The interactive page, with what there is of *weights*, and what they make of the picture at *image*; *times* is
    as in `cnngraph.figure.heat.measured`, *occlusion* the grid of `cnngraph.viewer.occlusion.falls`, as *track*. Raises
    `CnngraphError`; for a picture there have to be weights."""
    from cnngraph.figure.pictured import need_one_input
    from cnngraph.viewer.facts import facts
    from cnngraph.viewer.page import page

    if image is not None:
        need_one_input(network)
    data = facts(network, None if times is None else str(times))
    if weights is not None:
        from cnngraph.units import units
        from cnngraph.viewer.weights import weights_of

        whole = units(network)
        data["weights"] = weights_of(whole, weights)
        if image is not None:
            from cnngraph.viewer.maps import live, with_all

            falls = None
            if occlusion is not None:
                from cnngraph.viewer import occlusion as by

                # What is passed through may take one picture at a time.
                alone = session(network, lambda: weights, parts)
                falls = partial(by.falls, alone, grid=occlusion, batch=1 if parts else by.BATCH, track=track)
            loaded = session(with_all(network), lambda: weights, parts)
            data["live"] = live(whole, loaded, weights, Path(image), falls)
    return page(data, summary(network)._repr_html_())


def comparison(network: Network, other: Network) -> bytes:
    """The interactive page of two networks, with what was changed from the one to the other."""
    from html import escape

    from cnngraph.comparison.compare import compare
    from cnngraph.viewer.compared import compared
    from cnngraph.viewer.page import page

    found = compare(network, other)
    return page(compared(found), f"<pre>{escape(str(found))}</pre>")


def view(
    network: Network,
    path: str | Path,
    weights: Given = None,
    *,
    image: str | Path | None = None,
    times: str | Path | None = None,
    compare: Network | None = None,
    occlusion: int | None = None,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    passthrough: str | Path | None = None,
) -> None:
    """As in `Network.view`."""
    from cnngraph.files import write

    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path}: the page is HTML, and its name ends in .html; figures are of render")
    if compare is not None:
        if any(each is not None for each in (weights, image, times, occlusion, seed, renames, passthrough)):
            raise ValueError("compare is of structure alone, without weights, image and times")
        write(Path(path), comparison(network, compare))
        return
    if occlusion is not None and (image is None or occlusion not in WINDOWS):
        raise ValueError(f"occlusion is of an image, and from {WINDOWS[0]} to {WINDOWS[-1]}")
    choose, parts = _chooser(network, weights, seed, renames, passthrough)
    chosen = None if weights is None and image is None else choose()
    write(Path(path), page(network, chosen, parts, image=image, times=times, occlusion=occlusion))


# ONNX ----------------------------------------------------------------------------------------


def export(
    network: Network,
    path: str | Path,
    weights: Given = None,
    *,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    opset: int | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    without: Collection[str] = (),
    external_data: int | None = None,
    preprocess: str | None = None,
    logits: bool = False,
    passthrough: str | Path | None = None,
) -> Written:
    """As in `Network.export`."""
    from cnngraph.onnx.model import lowered
    from cnngraph.onnx.passes import PASSES
    from cnngraph.onnx.write import LARGEST
    from cnngraph.preprocessing import FORMS

    if batch is not None and batch < 1:
        raise ValueError(f"a batch of {batch} is none")
    for name in without:
        _one_of("pass", name, PASSES)
    half = _one_of("dtype", dtype, {"float32": False, "float16": True})
    form = None if preprocess is None else _one_of("form of pictures", preprocess, {each: each for each in FORMS})
    choose, parts = _chooser(network, weights, seed, renames, passthrough)
    made = lowered(of_logits(network) if logits else network, choose, opset=opset, batch=batch, parts=parts)
    made = made.passed(without)
    made = made.half() if half else made
    return (made.prepared(form) if form else made).write(
        Path(path), LARGEST if external_data is None else external_data
    )


def of_logits(network: Network) -> Network:
    """*network* with what goes into the softmax at its end given back, under that layer's name.

    Raises `CnngraphError` when no output is a softmax's.
    """
    from cnngraph.diagnostics import CnngraphError

    changed: dict[str, Layer] = {}
    outputs = []
    for output in network.outputs:
        layer = network[output.layer]
        if layer.kind.of_logits:
            before = network[layer.inputs[0]]
            said = tuple(each for each in layer.annotations if each.name == "classes")
            changed[before.name] = replace(before, annotations=(*before.annotations, *said))
            output = Output(before.name, before.name)
        outputs.append(output)
    if not changed:
        raise CnngraphError.of("E0908", "no output of this network is a softmax's", help="leave --logits out")
    if len({output.name for output in outputs}) < len(outputs):
        raise CnngraphError.of("E0908", "the logits are an output already", help="leave --logits out")
    layers = tuple(changed.get(layer.name, layer) for layer in network.layers)
    return replace(network, layers=layers, outputs=tuple(outputs))


def _chooser(
    network: Network, weights: Given, seed: int | None, renames: Mapping[str, str] | None,
    passthrough: str | Path | None,
) -> tuple[Callable[[], Weights], Parts | None]:  # fmt: skip
    """What chooses the weights, and what is passed through."""
    from cnngraph.fronts import model_of

    model = model_of(network, None if passthrough is None else str(passthrough))

    def chosen() -> Weights:
        from cnngraph.weights.choose import choose

        return choose(network, weights, seed, renames, model.weights if model else None)

    return chosen, model.parts if model else None


# Running -------------------------------------------------------------------------------------


def session(
    network: Network, choose: Callable[[], Weights], parts: Parts | None = None, *, with_file: bool = False
) -> Session:
    """*network* ready to run, layer by layer, with *parts* passed through; *with_file* as in `Session`."""
    from cnngraph.onnx.model import lowered
    from cnngraph.runtime.session import Session

    with lowered(network, choose, parts=parts).file() as path:
        return Session(path, network, with_file=with_file)


def run(
    network: Network,
    given: Any,
    weights: Given = None,
    *,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    top: int = 5,
    labels: str | Path | Sequence[str] | None = None,
    invert: bool | None = None,
    mean: float | Sequence[float] = (),
    std: float | Sequence[float] = (),
    passthrough: str | Path | None = None,
) -> tuple[Answer, ...]:
    """As in `Network.run`."""
    from cnngraph.preprocessing import UNSAID
    from cnngraph.runtime.answers import answers, labels_for
    from cnngraph.runtime.feeds import PictureInput, array_feed
    from cnngraph.runtime.images import each_of
    from cnngraph.weights.initialise import RandomWeights

    paths = each_of(_paths(given))
    arrays = [] if paths else _arrays(given)
    if arrays and (invert is not None or _numbers(mean) or _numbers(std)):
        raise ValueError("invert, mean and std are for pictures; an array is taken as it is")
    choose, parts = _chooser(network, weights, seed, renames, passthrough)
    chosen = choose()
    loaded = session(network, lambda: chosen, parts)
    help = f"give arrays:  run({{{', '.join(f'{port.name!r}: array' for port in loaded.inputs)}}})"
    if not paths:
        batches = [("", loaded.run(array_feed(loaded, arrays, help)))]
    else:
        is_said = loaded.about.pictures is not None or invert is not None or _numbers(mean) or _numbers(std)
        if not is_said and not isinstance(chosen, RandomWeights):
            warnings.warn(UNSAID, stacklevel=3)
        pictures = PictureInput.of(loaded, loaded.done.given(invert, _numbers(mean), _numbers(std)), help)
        batches = [(str(path), loaded.run(pictures.feed(path))) for path in paths]
    names = labels_for(labels, {name: each.shape for name, each in batches[0][1].items()}, loaded.about.classes)
    return tuple(answer for source, outputs in batches for answer in answers(source, outputs, top, names))


def _paths(given: Any) -> list[Path]:
    """The pictures that are given; none when it is something else."""
    several = [given] if isinstance(given, str | Path) else given if isinstance(given, list | tuple) else []
    return [Path(each) for each in several] if all(isinstance(each, str | Path) for each in several) else []


def _arrays(given: Any) -> list[tuple[str, Any]]:
    import numpy as np

    named = given.items() if isinstance(given, Mapping) else [("", given)]
    for _, value in named:
        # A picture of Pillow's would be taken as it is, neither scaled nor resized.
        if not hasattr(value, "__array__"):
            raise TypeError(
                f"run takes the path of a picture, a list of such paths, an array, or arrays by input, "
                f"not {type(value).__name__}"
            )
    return [(name, np.asarray(value)) for name, value in named]


def _numbers(value: float | Sequence[float]) -> tuple[float, ...]:
    return (float(value),) if isinstance(value, int | float) else tuple(map(float, value))


def verified(
    network: Network, choose: Callable[[], Weights], *, opset: int | None = None, reference: bool | None = None,
    parts: Parts | None = None,
) -> Iterator[tuple[tuple[Done, ...], Verdict]]:  # fmt: skip
    """The verdict on the file as it is written layer by layer, and when passes change it on what they make of it; with
    the changes. *reference* says whether onnx's own evaluator runs the first; small networks unless said."""
    from cnngraph.onnx.model import lowered
    from cnngraph.runtime.verify import SIZE, verify
    from cnngraph.sizes import chosen

    sizes = chosen(network, SIZE)
    small = network.macs is not None and network.macs < _QUICK
    made = lowered(network, choose, opset=opset, parts=parts)
    with made.file() as path:
        yield (), verify(path, reference=small if reference is None else reference, sizes=sizes)
    passed = made.passed()
    if changes := tuple(each for each in passed.done if each.count):
        with passed.file() as path:
            yield changes, verify(path, reference=False, sizes=sizes)


def verify(
    network: Network,
    weights: Given = None,
    *,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    opset: int | None = None,
    reference: bool | None = None,
    passthrough: str | Path | None = None,
) -> Verdict:
    """As in `Network.verify`."""
    choose, parts = _chooser(network, weights, seed, renames, passthrough)
    *_, (_, verdict) = verified(network, choose, opset=opset, reference=reference, parts=parts)
    return verdict

"""The network: what every front end makes and every back end reads.

Nothing here knows text, figures or ONNX.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cnngraph.layers.kind import Kind, Parameter
from cnngraph.names import one_line
from cnngraph.plural import many
from cnngraph.source import Span
from cnngraph.volume import Volume

if TYPE_CHECKING:
    from pathlib import Path

    import networkx

    from cnngraph.figure.figure import Figure
    from cnngraph.figure.theme import Theme
    from cnngraph.onnx.write import Written
    from cnngraph.runtime.answers import Answer
    from cnngraph.runtime.verify import Verdict
    from cnngraph.table import Table


@dataclass(frozen=True, slots=True)
class Annotation:
    """``@name(arguments)`` on a line of the spec."""

    name: str
    arguments: tuple[object, ...] = ()
    span: Span | None = None
    named: tuple[tuple[str, object], ...] = ()
    """The arguments that are given by name: ``style="text"``."""


LABEL = "label"
"""The name of the annotation that says what figures call a layer."""
NOTE = "note"
"""The name of the annotation that says something below a figure."""
LINE = "line"
"""The name of the annotation of a join that says what figures write on the line of one of its inputs: the number of the
input, and the words. In a spec it is a `LABEL` on the branch."""
OF_JOINS = frozenset({LABEL, NOTE, LINE})
"""The names of annotations that on the line of a join are its own, and not of its branches."""
OF_WEIGHTS = frozenset({"init", "weights", "freeze"})
"""The names of annotations that say something of a layer's own weights."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, and the one tensor it makes, which has the layer's name."""

    name: str
    """Unique: ``conv1``, ``stage2.residual1.conv1``, ``conv1.relu``; `cnngraph.names` has what it may be."""
    kind: Kind
    """What it does, with its arguments; `cnngraph.layers` has the kinds."""
    inputs: tuple[str, ...]
    """Names of the layers whose tensors it takes, in order."""
    input_volumes: tuple[Volume, ...]
    output: Volume
    unit: str
    """Name of the layer that leads the step it was written in: ``conv1`` for ``conv1.bn`` and ``conv1.relu``."""
    block: str = ""
    """Path of the block it is in, a key of `Network.blocks`; empty at top level."""
    skips: tuple[int, ...] = ()
    """Which of the inputs arrive by a ``skip`` branch (drawn as an arc)."""
    on_shortcut: bool = False
    """True for the layers of a ``skip -> …`` branch: they are the projection that a dotted arc stands for."""
    span: Span | None = None
    """Where in a spec it is written; None for a layer that came in otherwise."""
    annotations: tuple[Annotation, ...] = ()
    origin: str = ""
    """What the file that it came from calls it, where that is not its name."""
    shares: str = ""
    """Name of the layer before it whose weights it uses, all of them; that one uses none but its own. Empty for a layer
    with weights of its own, or without any."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Its own weights by their own names (``weight``, ``bias``, ``running_mean``); the key in a weight
        file is ``f"{layer.name}.{name}"``. None where it uses those of the layer that it `shares` with."""
        return _NONE if self.shares else _counted(self.kind, self.input_volumes, self.output).parameters

    @property
    def params(self) -> int:
        """How many trainable numbers of its own it has."""
        return 0 if self.shares else _counted(self.kind, self.input_volumes, self.output).params

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one input: convolutions and fully connected layers, no bias.

        None while a size they depend on is free.
        """
        return _counted(self.kind, self.input_volumes, self.output).macs

    @property
    def label(self) -> str:
        """What figures call it, as its author says; empty where that is left to them."""
        return next((str(each.arguments[0]) for each in self.annotations if each.name == LABEL), "")

    @property
    def said(self) -> dict[int, str]:
        """What figures write on the lines of its inputs, by their numbers, as its author says."""
        return {int(str(number)): str(text) for number, text in
                (each.arguments for each in self.annotations if each.name == LINE)}  # fmt: skip

    @property
    def line(self) -> int | None:
        return self.span.line if self.span else None


_NONE: Mapping[str, Parameter] = MappingProxyType({})


class _Counted(NamedTuple):
    parameters: Mapping[str, Parameter]
    params: int
    macs: int | None


@lru_cache(maxsize=4096)
def _counted(kind: Kind, inputs: tuple[Volume, ...], output: Volume) -> _Counted:
    """Once for all layers alike: deep networks have few that are not."""
    parameters = kind.parameters(inputs)
    params = kind.counted(inputs).count
    assert params is not None
    return _Counted(MappingProxyType(parameters), params, kind.macs(inputs, output))


@dataclass(frozen=True, slots=True)
class Block:
    """One use of a block."""

    path: str
    """``stage2.residual1``"""
    name: str
    """The block's own name: ``residual``."""
    parent: str
    """Path of the block that uses it; empty at top level."""
    label: str = ""
    """What figures call it, as its author says; empty where that is left to them."""
    arguments: tuple[tuple[str, object], ...] = field(default=(), compare=False)
    """What its parameters are here, but for tensors, by the names that the spec gives them; empty where none does."""


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that the network gives back, and the name it is given back under."""

    name: str
    layer: str
    origin: str = ""
    """What the file that it came from calls it, where that is not its name."""
    label: str = ""
    """What figures call it, as its author says; empty where that is its name."""


@dataclass(frozen=True)
class Shortcut:
    """A skip edge: from the tensor at the fork to the layer where it joins again."""

    source: str
    """The layer whose tensor it takes."""
    join: str
    """The layer it ends in."""
    through: tuple[str, ...]
    """The layers on it, in order: empty for an identity (solid), else a projection (dotted)."""


@dataclass(frozen=True)
class Network:
    """Layers in topological order, and what they give back; immutable.

    Made through `cnngraph.assembly`, which sees to it that it is sound.
    """

    name: str
    layers: tuple[Layer, ...]
    """In topological order, inputs among them."""
    outputs: tuple[Output, ...]
    title: str = ""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    file: str = ""
    """The file it was read from, as the user named it."""
    annotations: tuple[Annotation, ...] = ()
    """Of the network itself: what its spec says of its figure."""
    arguments: Mapping[str, object] = field(default_factory=dict, compare=False)
    """What the params of its spec are here."""
    values: Mapping[str, object] = field(default_factory=dict, compare=False)
    """What its spec gives names besides, by `let`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", one_line(self.title))

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    def __getitem__(self, name: str) -> Layer:
        """Raises `KeyError`, with the nearest name, for a layer that there is not."""
        try:
            return self.by_name[name]
        except KeyError:
            raise KeyError(f"no layer `{name}`{_near(name, self.by_name)}") from None

    def __repr__(self) -> str:
        return f"<Network {self.name}: {many(len(self), 'layer')}, {self.counts}>"

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    @property
    def inputs(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if not layer.inputs)

    @property
    def is_fixed(self) -> bool:
        """Whether no size of its inputs is free."""
        return all(layer.output.is_fixed for layer in self.inputs)

    @cached_property
    def is_known(self) -> bool:
        """Whether what every layer does is known here; of one that is not, only what it makes is."""
        return all(layer.kind.is_known for layer in self.layers)

    @cached_property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @cached_property
    def macs(self) -> int | None:
        """Of all layers; None while a size is free that some depend on."""
        return total(layer.macs for layer in self.layers)

    @property
    def counts(self) -> str:
        """``61,706 parameters, 416,520 multiply-accumulates``; the latter unless a size is free that they depend on."""
        least = "" if self.is_known else "at least "
        macs = f", {least}{self.macs:,} multiply-accumulates" if self.macs is not None else ""
        return f"{self.params:,} parameters{macs}"

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """For every layer the layers that take its tensor, in order; one entry for each input taken."""
        found: dict[str, list[str]] = {layer.name: [] for layer in self.layers}
        for layer in self.layers:
            for name in layer.inputs:
                found[name].append(layer.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """For every layer whose weights others use too, those others, in order."""
        found: dict[str, list[str]] = {}
        for layer in self.layers:
            if layer.shares:
                found.setdefault(layer.shares, []).append(layer.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def live(self) -> frozenset[str]:
        """Names of the layers that an output depends on, and of every input."""
        alive = {output.layer for output in self.outputs}
        for layer in reversed(self.layers):
            if layer.name in alive:
                alive.update(layer.inputs)
        return frozenset(alive | {layer.name for layer in self.inputs})

    @cached_property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """Every skip edge, in the order of the layers they end in."""
        found = []
        for layer in self.layers:
            for index in layer.skips:
                at, through = layer.inputs[index], []
                while self[at].on_shortcut and self[at].inputs:
                    through.append(at)
                    at = self[at].inputs[0]
                found.append(Shortcut(at, layer.name, tuple(reversed(through))))
        return tuple(found)

    def to_spec(self) -> str:
        """A spec that reads as this network: the same layers under the same names, wired the same."""
        from cnngraph import verbs

        return verbs.to_spec(self)

    def summary(self, *, fold: bool = True) -> Table:
        """The table that `cnngraph summary` prints: as text, as data, as CSV, Markdown and LaTeX.

        Folding joins equal neighbours: same layers, same volumes, same counts.
        """
        from cnngraph import verbs

        return verbs.summary(self, fold=fold)

    def render(
        self,
        path: str | Path | None = None,
        *,
        style: str | None = None,
        width: str | float | None = None,
        theme: str | Path | Theme | None = None,
        font: str | Path | None = None,
        title: str | None = None,
        image: str | Path | None = None,
        live: bool = False,
        weights: str | Path | Mapping[str, Any] | None = None,
        seed: int | None = None,
        renames: Mapping[str, str] | None = None,
        passthrough: str | Path | None = None,
        fold: bool | None = None,
        depth: int | None = None,
        layer: str | None = None,
        cell: tuple[int, int] | None = None,
        with_blocks: bool = False,
        names: bool | None = None,
        show: str | Collection[str] | None = None,
        down: bool | None = None,
        layout: str | None = None,
        counts: bool = False,
        heat: str | None = None,
        transparent: bool = False,
        dpi: float | None = None,
        outline: bool = False,
        snippet: bool = False,
    ) -> Figure:
        """The figure, which a notebook shows; with a *path* it is written there, as its suffix says.

        The rest are the options of `cnngraph render`; what is None is as the spec's ``@figure`` says, else as there:
        style ``"auto"``, width ``"slide"``, theme ``"light"``. *width* may be a number of points, *theme* a TOML file
        or a `cnngraph.figure.theme.Theme`, *font* ``"serif"``, ``"sans"`` or a file, *show* a list; a *title* ``""`` is
        none, and *transparent* leaves the ground out; *cell* is the row and column, from 1, that `operation` marks;
        *live* shows what the network makes of the *image*, with *weights*, *seed*, *renames* and *passthrough* as in
        `export`. Raises `CnngraphError` when the style cannot show the network or has no place for an option,
        `ValueError` for a word that is none of those that an option takes.
        """
        from cnngraph import verbs

        return verbs.render(
            self,
            path,
            style=style,
            width=width,
            theme=theme,
            font=font,
            title=title,
            image=image,
            live=live,
            weights=weights,
            seed=seed,
            renames=renames,
            passthrough=passthrough,
            fold=fold,
            depth=depth,
            layer=layer,
            cell=cell,
            with_blocks=with_blocks,
            names=names,
            show=show,
            down=down,
            layout=layout,
            counts=counts,
            heat=heat,
            transparent=transparent,
            dpi=dpi,
            outline=outline,
            snippet=snippet,
        )

    def export(
        self,
        path: str | Path,
        weights: str | Path | Mapping[str, Any] | None = None,
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
        """Writes an ONNX file and says what was written.

        *weights* are a file, arrays by name (a PyTorch state dict is one), or ``"random"`` with a *seed*; unless said
        those that ship for the network, else random ones. *renames* give tensors other names. *opset* is 17 to 22, 20
        unless said; *batch* free unless said; *dtype* float32 or float16; *without* names passes to leave out; weights
        are put beside a file that would have more than *external_data* bytes, 2 GB unless said. *preprocess* puts what
        pictures go through into the file, which then takes their bytes, as ``uint8-nhwc`` or ``float32-nchw``;
        *logits* leaves out the softmax at the end. What an `opaque` layer stands for is *passed through* from the ONNX
        model that the network was imported from: the file it was loaded from, or the one given here, whose weights it
        has, too, unless others are given. Raises `CnngraphError`.
        """
        from cnngraph import verbs

        return verbs.export(
            self,
            path,
            weights,
            seed=seed,
            renames=renames,
            opset=opset,
            batch=batch,
            dtype=dtype,
            without=without,
            external_data=external_data,
            preprocess=preprocess,
            logits=logits,
            passthrough=passthrough,
        )

    def run(
        self,
        given: Any,
        weights: str | Path | Mapping[str, Any] | None = None,
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
        """What onnxruntime answers to *given*, an answer for each picture.

        *given* is the path of a picture or of a folder of pictures, a list of them, an array (height, width, channels,
        or as the model takes it, with the batch in front if there are several pictures), or a mapping of arrays by
        input. Weights and *passthrough* are as in `export`.
        *top* guesses are kept of each vector, called by *labels*, a list or a file
        with one a line, or else as `@classes` says. What happens to pictures is said by the input's annotations, or by
        *invert*, *mean* and *std*. Raises `CnngraphError`.
        """
        from cnngraph import verbs

        return verbs.run(
            self,
            given,
            weights,
            seed=seed,
            renames=renames,
            top=top,
            labels=labels,
            invert=invert,
            mean=mean,
            std=std,
            passthrough=passthrough,
        )

    def verify(
        self,
        weights: str | Path | Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        renames: Mapping[str, str] | None = None,
        opset: int | None = None,
        reference: bool | None = None,
        passthrough: str | Path | None = None,
    ) -> Verdict:
        """Exports to a file for a while, before and after the passes, runs each in several ways, compares every shape
        and output, and gives the verdict on the latter.

        Weights and *passthrough* are as in `export`; *reference* says whether onnx's own, slow evaluator is asked too,
        small networks unless said. Raises `CnngraphError` (E0817) when something differs.
        """
        from cnngraph import verbs

        return verbs.verify(
            self, weights, seed=seed, renames=renames, opset=opset, reference=reference, passthrough=passthrough
        )

    def view(
        self,
        path: str | Path,
        weights: str | Path | Mapping[str, Any] | None = None,
        *,
        image: str | Path | None = None,
        times: str | Path | None = None,
        compare: Network | None = None,
        occlusion: int | None = None,
        seed: int | None = None,
        renames: Mapping[str, str] | None = None,
        passthrough: str | Path | None = None,
    ) -> None:
        """Writes the page that `cnngraph view` writes: one file of HTML, in which blocks open and close.

        With *weights*, which like *seed*, *renames* and *passthrough* are as in `export`, it has their histograms; with
        an *image*, what every layer makes of that; *occlusion* says on how many windows a side it is tried where its
        answers come from, 2 to 32. *times* is a file of ``bench --layers --json``. Without these, the
        page can be of this network and one to *compare*, with what was changed from the one to the other. Raises
        `CnngraphError`, and `ValueError` unless *path* ends in ``.html`` or ``.htm``.
        """
        from cnngraph import verbs

        verbs.view(
            self, path, weights, image=image, times=times, compare=compare, occlusion=occlusion,
            seed=seed, renames=renames, passthrough=passthrough,
        )  # fmt: skip

    def _repr_svg_(self) -> str:
        """For notebooks: the figure that `cnngraph render` draws of it."""
        from cnngraph import verbs

        return verbs.svg(self)

    def _repr_html_(self) -> str:
        """For notebooks: the same, with what it counts below."""
        from cnngraph import verbs

        return verbs.html(self)

    @cached_property
    def graph(self) -> networkx.DiGraph:
        """The layers as nodes (attribute ``layer``) and the tensors between them as edges, for graph algorithms.

        An edge has ``inputs``, as which of the taker's inputs it comes (a layer may take one tensor twice), and
        ``skip``, whether it is written as a skip.
        """
        import networkx

        graph = networkx.DiGraph(name=self.name)
        for layer in self.layers:
            graph.add_node(layer.name, layer=layer)
            for name in dict.fromkeys(layer.inputs):
                inputs = tuple(index for index, each in enumerate(layer.inputs) if each == name)
                graph.add_edge(name, layer.name, inputs=inputs, skip=any(index in layer.skips for index in inputs))
        return graph


_Made = TypeVar("_Made")


def kept(make: Callable[[Network], _Made]) -> Callable[[Network], _Made]:
    """*make*, a reading of a network, which is made once of each and kept with it, as its own properties are."""
    key = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def once(network: Network) -> _Made:
        known = network.__dict__
        if key not in known:
            known[key] = make(network)
        found: _Made = known[key]
        return found

    return once


def _near(name: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(name), known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None when one of them is not known."""
    found = 0
    for count in counts:
        if count is None:
            return None
        found += count
    return found

"""A network as the text of a spec.

`scopes` sorts the layers into the file and the uses of its blocks, `runs` finds the chains and branches
in each, and here they become phrases, with labels where a name is needed. Uses of a block whose phrases
differ in numbers only share a definition (`blocks`); at last `layout` makes lines of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cnngraph.layers import KINDS
from cnngraph.layers.rearrange import Split
from cnngraph.network import Annotation, Layer, Network, Output
from cnngraph.repetition import repetition
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import UNNAMED, identifier, is_name, quoted, sayable
from cnngraph.spec.syntax import IMAGE
from cnngraph.spec.writing import layout
from cnngraph.spec.writing.again import Unsayable, used_again
from cnngraph.spec.writing.blocks import Definition, Param
from cnngraph.spec.writing.defaults import defaults
from cnngraph.spec.writing.formulas import solved
from cnngraph.spec.writing.phrases import (
    Body,
    Call,
    Hole,
    Joined,
    Line,
    Repeated,
    Stage,
    Step,
    conditional,
    holes,
    skeleton,
)
from cnngraph.spec.writing.runs import Element, OutOfOrder, Run, Way, runs
from cnngraph.spec.writing.scopes import Item, Scope, in_order, scopes
from cnngraph.spec.writing.steps import annotation, is_shortcut, plain, step
from cnngraph.spec.writing.variants import Merged, evenly_folded, merged
from cnngraph.volume import Volume, as_int


def text(network: Network) -> str:
    """A spec that reads as *network*: the same layers under the same names, with the same blocks and skips.

    A name that no label can be is written as one that looks like it, and kept in an ``@origin``. Where blocks stand in
    the way of saying which layers share weights, as one from within a block with one without, there are none.
    """
    try:
        return _text(sayable(network))
    except Unsayable:
        layers = tuple(replace(layer, block="") for layer in network.layers)
        return _text(sayable(replace(network, layers=layers, blocks={})))


def _text(network: Network) -> str:
    try:
        return _Text(network, strict=True).whole()
    except OutOfOrder:
        return _Text(replace(network, layers=tuple(_joins_behind_branches(network))), strict=False).whole()


def _joins_behind_branches(network: Network) -> Iterator[Layer]:
    """The layers in an order in which all that only leads to a join stands right before it, shortcuts last.

    What a shortcut makes besides belongs to the next join that a shortcut leads to.
    """
    done = {layer.name for layer in network.inputs}
    yield from network.inputs
    aside: list[Layer] = []
    before: dict[str, list[Layer]] = {}
    for layer in network.layers:
        if layer.on_shortcut and not any(_goes_on(layer, network[name]) for name in network.consumers[layer.name]):
            aside.append(layer)
        elif layer.skips and not layer.on_shortcut:
            before[layer.name], aside = aside, []
    late = {layer.name for layers in before.values() for layer in layers}
    for end in network.layers:
        if network.consumers[end.name] or end.name in late:
            continue
        waiting = [end]
        while waiting:
            layer = waiting[-1]
            inputs = list(enumerate(map(network.__getitem__, layer.inputs)))
            late_ones = {n for n, each in inputs if n in layer.skips and each.on_shortcut and not layer.on_shortcut}
            plain = [each for n, each in inputs if n not in late_ones]
            shortcuts = [each for n, each in inputs if n in late_ones]
            first = (network[layer.shares],) if layer.shares else ()
            needed = (*first, *plain, *before.get(layer.name, ()), *shortcuts)
            missing = [each for each in needed if each.name not in done]
            if missing:
                waiting.append(missing[0])
                continue
            waiting.pop()
            if layer.name not in done:
                done.add(layer.name)
                yield layer


def _goes_on(layer: Layer, taker: Layer) -> bool:
    """Whether a shortcut goes on from *layer* to *taker*, or ends in it."""
    return taker.on_shortcut or any(taker.inputs[index] == layer.name for index in taker.skips)


_SUM = "add"


@dataclass(slots=True)
class _Said:
    """A stage, and what the line that it is on has to say with it."""

    stage: Stage
    label: str = ""
    annotations: str = ""
    tensor: str = ""
    """What it leaves; empty behind a split."""
    is_fixed: bool = False
    """Whether it holds names, so that it stands for itself only."""
    starts_line: bool = True


class _Text:
    def __init__(self, network: Network, strict: bool, names_output: bool = False) -> None:
        self.network = network
        self.names_output = names_output
        """Whether an `output` line is written in any case."""
        self.number = {layer.name: number for number, layer in enumerate(network.layers)}
        self.strict = strict
        self.whole_scopes = scopes(network)
        self.runs: dict[Scope, list[Run]] = {}
        self.wanted: set[Item] = set()
        """Items whose tensor is referred to by name, and those written so far that have a label for another reason."""
        self.aliases: dict[Scope, list[tuple[str, str]]] = {}
        """Names that a scope gives to tensors at its end."""
        self.again = used_again(self.whole_scopes)
        """What each item does again that has the weights of another."""
        self.called: dict[Item, str] = {}
        """What the blocks of items are called in the text."""
        self.definitions: list[Definition] = []
        self.uses: dict[Scope, Call] = {}
        """What says each use of a block."""
        self.names = set(RESERVED) | set(KINDS) | {item.local for item in self.whole_scopes.top.items}
        self.names |= {layer.name for layer in network.inputs}
        self.given: dict[Scope, set[str]] = {}
        """Names in each scope that are taken."""
        self.around: dict[Scope, int] = {}
        """How many annotations of the layers in each scope stand on a line around it, as far as there are `runs`."""
        self.counts: dict[Scope, Counter[str]] = {}
        self.normed: dict[str, str] = {}
        """Whether the shortcuts in each block normalize, by an example."""
        self.uses_prelude = self._prelude_fits(self.whole_scopes.top)
        params = Param("c", "c", ""), Param("s", "s", "1"), Param("bn", "bn", "on")
        self.prelude = Definition("shortcut", (), (), params, (), ())
        if self.uses_prelude:
            self.names.add("shortcut")

    # What is needed --------------------------------------------------------------------------

    def _prelude_fits(self, top: Scope) -> bool:
        """Whether every block called `shortcut` is the one that is always there."""
        waiting = [top]
        while waiting:
            scope = waiting.pop()
            if scope.block == "shortcut":
                if not self._is_prelude(scope):
                    return False
                if scope.parent is not None:
                    self.normed.setdefault(scope.parent.block, _projection(scope)[2])
            waiting += [item.inside for item in scope.items if item.inside]
        return True

    def _is_prelude(self, scope: Scope) -> bool:
        if len(scope.items) != 1 or scope.items[0].inside or len(scope.given) != 1:
            return False
        layers = scope.items[0].layers
        return (
            is_shortcut([layer.kind for layer in layers], layers[0].input_volumes[0])
            and scope.items[0].local == "conv1"
            and not any(layer.annotations for layer in layers)
        )

    def whole(self) -> str:
        top = self.whole_scopes.top
        self.find(top, 0)
        outputs = self.outputs(top)
        self.define()
        lines = tuple(self.scope(top, 0))
        if not outputs and self.is_called_otherwise(top):
            return _Text(self.network, self.strict, names_output=True).whole()
        named = self.network.name != UNNAMED or self.network.title or self.network.annotations
        head = [self.net(), ""] if named else []
        head += [self.input(layer, number) for number, layer in enumerate(self.network.inputs)]
        said, default_lines = defaults(self.definitions, lines)
        parts = ["\n".join(head), "\n".join(default_lines)]
        parts += ["\n".join(layout.block(definition, said)) for definition in self.definitions]
        parts.append("\n".join([*layout.flow(lines, said), *outputs]))
        return "\n\n".join(part for part in parts if part) + "\n"

    def net(self) -> str:
        name = identifier(self.network.name, "net")
        title = self.network.title.replace('"', "'")  # a text of the language has no way to write one
        said = [f'"{title}"'] if title else []
        return " ".join(["net", name, *said, *map(annotation, self.network.annotations)])

    def input(self, layer: Layer, number: int) -> str:
        name = "" if number == 0 and layer.name == IMAGE else f"{layer.name} "
        return " ".join(
            [f"input {name}{layer.output.declared}", *map(annotation, (*layer.annotations, *_origin([layer])))]
        )

    def find(self, scope: Scope, given: int) -> None:
        """The runs of *scope* and of the blocks in it, and what they refer to; the last *given* annotations of its
        layers stand on a line around it."""
        self.around[scope] = given
        self.runs[scope] = found = runs(scope, self.whole_scopes, strict=self.strict)
        for run in found:
            if run.begins:
                self.want(run.source, scope)
            self.find_in(run.elements, scope, given)
        left = found[-1].result if found else None
        if scope.path and left != scope.result:
            self.want(scope.result, scope)

    def find_in(self, elements: Iterable[Element], scope: Scope, given: int) -> None:
        for element in elements:
            inside = given + self.on_line(element, given)
            for tensor in element.named:
                self.want(tensor, scope)
            for way in element.ways:
                for run in way.aside:
                    self.want(run.source, scope)
                    self.find_in(run.elements, scope, inside)
                self.want(way.source, scope)
                self.find_in(way.elements, scope, inside)
            if (first := self.again.get(element.item)) is not None:
                self.wanted.update(_path(first, scope))
            elif element.item.inside:
                self.find(element.item.inside, given)

    def on_line(self, element: Element, given: int) -> int:
        """How many annotations of a join stand on its line and are those of all that is in its branches."""
        annotations = _without(element.item.layers[0], given).annotations if element.ways else ()
        shared = annotations and all(
            _ends_with(layer, annotations, given)
            for way in element.ways
            for each in way.elements
            for layer in _all(each)
        )
        return len(annotations) if shared else 0

    def want(self, tensor: str | None, scope: Scope) -> None:
        if tensor is not None and self.is_made_in(scope, tensor):
            self.wanted.update(self.whole_scopes.way(tensor, scope))

    def is_made_in(self, scope: Scope, tensor: str) -> bool:
        layer = self.network[tensor]
        return bool(layer.inputs) and scope.holds(layer.block)

    # Outputs ---------------------------------------------------------------------------------

    def outputs(self, top: Scope) -> list[str]:
        """The `output` line, where one is needed."""
        found = self.runs[top]
        left = found[-1].result if found else None
        inputs = [layer.name for layer in self.network.inputs]
        if not found and len(inputs) == 1:
            left = inputs[0]
        outputs = self.network.outputs
        if len(outputs) == 1 and outputs[0].layer == left and not outputs[0].origin and not self.names_output:
            (output,) = outputs
            if output.layer in inputs and output.name == output.layer:
                return []
            way = self.whole_scopes.way(output.layer, top) if output.layer not in inputs else []
            if (
                len(way) == 1
                and output.name in (output.layer, way[0].local)
                and not (output.name != way[0].local and way[0] in self.wanted)
            ):
                if output.name != output.layer:
                    self.wanted.add(way[0])
                return []
        said = [replace(each, name=self.output(each.name, each.layer, top), origin=each.origin or each.name)
                for each in outputs]  # fmt: skip
        origins = _origin(said) if any(each.name != each.origin for each in said) else []
        return [" ".join(["output", *(each.name for each in said), *map(annotation, origins)])]

    def is_called_otherwise(self, top: Scope) -> bool:
        """Whether the last line turned out to need a label, and the network would give its tensor back under that."""
        (output,) = self.network.outputs
        (item,) = self.whole_scopes.way(output.layer, top) if self.network[output.layer].inputs else (None,)
        return item in self.wanted and item is not None and output.name != item.local

    def output(self, name: str, tensor: str, top: Scope) -> str:
        """What the text calls an output: as it is called, or like it where that cannot be said of *tensor*."""
        if not self.network[tensor].inputs:
            return name if name == tensor else self.alias(name, tensor, top)
        if self.name(tensor, top) == name:
            self.wanted.update(self.whole_scopes.way(tensor, top))
            return name
        path, _, last = name.rpartition(".")
        scope: Scope | None = self.whole_scopes.maker[tensor].scope
        while scope is not None and scope.path != path:
            scope = scope.parent
        if scope is None:
            return self.alias(name, tensor, top)
        inner = self.whole_scopes.way(tensor, scope)
        if not (len(inner) == 1 and inner[0].local == last):
            if last in self.taken(scope):
                return self.alias(name, tensor, top)
            self.aliases.setdefault(scope, []).append((last, tensor))
        self.wanted.update(inner)
        while scope.use is not None and scope.parent is not None:
            self.wanted.add(scope.use)
            scope = scope.parent
        return name

    def alias(self, name: str, tensor: str, top: Scope) -> str:
        """A name of its own at the end of the file, like *name*."""
        name = name.replace(".", "_")
        while name in self.taken(top):
            name += "_"
        self.aliases.setdefault(top, []).append((name, tensor))
        self.want(tensor, top)
        return name

    def taken(self, scope: Scope) -> set[str]:
        """The names that *scope* gives."""
        found = {item.local for item in scope.items} | {name for name, _ in self.aliases.get(scope, ())}
        return found if scope.path else found | {layer.name for layer in self.network.inputs}

    # Phrases ---------------------------------------------------------------------------------

    def name(self, tensor: str, scope: Scope) -> str:
        """How *scope* calls *tensor*."""
        if self.is_made_in(scope, tensor):
            *blocks, last = self.whole_scopes.way(tensor, scope)
            return ".".join([*(item.local for item in blocks), self.label_of(last, tensor)])
        if not scope.path:
            return tensor
        number = list(scope.given).index(tensor)
        return self.tensor_names(scope)[number - 1] if number else "in"

    def tensor_names(self, scope: Scope) -> list[str]:
        """What a block calls the tensors it is given besides what flows."""
        taken = {item.local for item in scope.items} | {name for name, _ in self.aliases.get(scope, ())}
        found = []
        for number in range(1, len(scope.given)):
            name = "e" if len(scope.given) == 2 else f"e{number}"
            while name in taken or name in RESERVED:
                name += "_"
            found.append(name)
        return found

    def label_of(self, item: Item, tensor: str) -> str:
        if item.is_split:
            return tensor.removeprefix(f"{item.scope.path}.")
        return f"{item.local}_" if item.local in RESERVED else item.local

    def scope(self, scope: Scope, given: int) -> tuple[Line, ...]:
        """The lines of a file or block; the last *given* annotations of its layers stand on a line around it."""
        self.given[scope] = {layer.name for layer in self.network.inputs} if not scope.path else set()
        self.counts[scope] = Counter()
        found: list[Line] = []
        for run in self.runs[scope]:
            begin = f"from {self.name(run.source, scope)}" if run.begins and run.source else ""
            found += self.lines(run.elements, begin, run.source, scope, given, at_top=not scope.path)
        for name, tensor in self.aliases.get(scope, ()):
            found.append(Line((), name, f"from {self.name(tensor, scope)}"))
        left = self.runs[scope][-1].result if self.runs[scope] else None
        if scope.path and (left != scope.result or scope in self.aliases):
            found.append(Line((), begin=f"from {self.name(scope.result, scope)}"))
        return tuple(found)

    def lines(
        self,
        elements: Sequence[Element],
        begin: str,
        source: str | None,
        scope: Scope,
        given: int,
        at_top: bool = False,
    ) -> list[Line]:
        parts = [self.said(element, scope, given) for element in elements]
        if at_top:
            for part, element in zip(parts, elements, strict=True):
                if not element.item.is_split:
                    origins = _origin(sorted(_all(element), key=lambda layer: self.number[layer.name]))
                    part.annotations = " ".join(filter(None, (part.annotations, _annotations(origins))))
        said = _folded(parts)
        before = self.network[source].output if source else None
        found: list[Line] = []
        stages: list[_Said] = []

        def end() -> None:
            nonlocal begin, before
            if stages or begin:
                found.append(self.line(stages, begin, before))
                before = self.network[stages[-1].tensor].output if stages and stages[-1].tensor else None
            stages.clear()
            begin = ""

        for each in said:
            alone = bool(each.label or each.annotations)
            begins = each.starts_line and at_top
            if stages and (alone or begins or stages[-1].label or stages[-1].annotations):
                end()
            stages.append(each)
        end()
        return found

    def line(self, said: list[_Said], begin: str, before: Volume | None) -> Line:
        if not said:
            return Line((), begin=begin)
        last = said[-1]
        volume = self.network[last.tensor].output if last.tensor else None
        claim = str(volume) if volume else ""
        if volume and not volume.is_fixed:
            claim = "(" + ", ".join(str(dim) if isinstance(dim, int) else "?" for dim in volume.dims) + ")"
        changes = volume is not None and volume.is_fixed and volume != before
        return Line(tuple(s.stage for s in said), last.label, begin, claim, last.annotations, changes)

    def said(self, element: Element, scope: Scope, given: int) -> _Said:
        item = element.item
        if item.is_split:
            return self.split(item, given)
        if (first := self.again.get(item)) is not None:
            return self.used_again(item, first, scope, given)
        if item.inside:
            return self.call(item, [self.name(tensor, scope) for tensor in element.named])
        layers = [_without(layer, given) for layer in item.layers]
        if element.ways:
            return self.joined(element, layers[0], scope, given)
        lead, *followers = layers
        common = followers[0].annotations if followers else ()
        on_step = lead.annotations[: len(lead.annotations) - len(common)]
        stage = step([layer.kind for layer in layers], [self.name(tensor, scope) for tensor in element.named], on_step)
        label, stage_, fixed = self.labelled(item, lead.kind.word, stage)
        return _Said(stage_, label, _annotations(common), item.output, fixed, stage.starts_line)

    def used_again(self, item: Item, first: Item, scope: Scope, given: int) -> _Said:
        name = ".".join(self.label_of(each, each.output) for each in _path(first, scope))
        word = first.layers[0].kind.word if first.layers else self.called[first]
        if item.inside:
            self.called[item] = word
        label, stage, fixed = self.labelled(item, word, Step((f"again {name}",)))
        made = next(_all(Element(item)))
        return _Said(stage, label, _annotations(_without(made, given).annotations), item.output, fixed)

    def split(self, item: Item, given: int) -> _Said:
        names = [layer.name.removeprefix(f"{item.scope.path}.") for layer in item.layers]
        self.given[item.scope].update(names)
        slices = Split(n=len(names))
        on_step = (*_without(item.layers[0], given).annotations, *([] if item.scope.path else _origin(item.layers)))
        claim = f" => {item.layers[0].output} {_annotations(on_step)}" if on_step else ""
        stage = step([slices])
        return _Said(Step((*stage.parts, claim)), ", ".join(names), is_fixed=True)

    def call(self, item: Item, tensors: list[str]) -> _Said:
        assert item.inside is not None
        scope = item.inside
        if scope.block == "shortcut" and self.uses_prelude:
            stage = self.shortcut(*_projection(scope))
        else:
            stage = replace(self.uses[scope], tensors=tuple(tensors))
        self.called[item] = stage.definition.name
        label, stage_, fixed = self.labelled(item, stage.definition.name, stage)
        return _Said(stage_, label, tensor=item.output, is_fixed=fixed)

    def shortcut(self, channels: int, stride: int, bn: str = "on") -> Call:
        return Call(self.prelude, (), self.prelude.given((str(channels), str(stride), bn)))

    def define(self) -> None:
        """The definitions of all blocks, and what says each of their uses; those inside of others first."""
        for alike in in_order([scope for scope in self.runs if scope.path]):
            if alike[0].block == "shortcut" and self.uses_prelude:
                continue
            taking: dict[tuple[str, ...], list[tuple[Scope, Body]]] = {}
            for scope in alike:
                body = self.scope(scope, self.around[scope])
                taking.setdefault(tuple(self.tensor_names(scope)), []).append((scope, body))
            for uses in taking.values():
                variants: dict[object, list[tuple[Scope, Body]]] = {}
                for (scope, _), body in zip(uses, evenly_folded([body for _, body in uses]), strict=True):
                    variants.setdefault(tuple(map(skeleton, body)), []).append((scope, body))
                bodies = list(variants.values())
                for text in merged([each[0][1] for each in bodies]):
                    self.definition(text, [(number, *use) for number in text.variants for use in bodies[number]])

    def definition(self, text: Merged, uses: list[tuple[int, Scope, Body]]) -> None:
        """The definition with this text, of *uses*, each of one of its variants."""
        block, name, number = uses[0][1].block, uses[0][1].block, 1
        while name in self.names or not is_name(name):
            number += 1
            name = f"{block}_{number}"
        self.names.add(name)
        values = [[hole.value for line in body for hole in holes(line)] for _, _, body in uses]
        columns = [
            tuple(
                inside[places[variant]] if variant in places else None
                for (variant, _, _), inside in zip(uses, values, strict=True)
            )
            for places in text.places
        ]
        scopes = [scope for _, scope, _ in uses]
        taken = {name for scope in scopes for name in self.given[scope]} | set(self.tensor_names(scopes[0]))
        taken |= {alias for scope in scopes for alias, _ in self.aliases.get(scope, ())}
        found = solved(
            [hole for line in text.body for hole in holes(line)],
            columns,
            [self.flowing(scope) for scope in scopes],
            [tuple(variant in holds for variant, _, _ in uses) for holds in text.conditions],
            taken,
            [f"with_{word}" for word in conditional(text.body, len(text.conditions))],
        )
        made = Definition(
            name, text.body, tuple(self.tensor_names(scopes[0])), found.params, found.values, found.conditions
        )
        self.definitions.append(made)
        for scope, arguments in zip(scopes, found.arguments, strict=True):
            self.uses[scope] = Call(made, (), made.given(arguments))

    def flowing(self, scope: Scope) -> int | None:
        """The channels of what flows into a block."""
        source = next(iter(scope.given), None)
        channels = self.network[source].output.channels if source is not None else None
        return channels if isinstance(channels, int) else None

    def joined(self, element: Element, join: Layer, scope: Scope, given: int) -> _Said:
        extra = self.on_line(element, given)
        on_line = join.annotations if extra else ()
        branches = tuple(
            self.branch(way, join, as_int(volume.channels), scope, given + extra)
            for way, volume in zip(element.ways, join.input_volumes, strict=True)
        )
        stage = Joined(plain(step([join.kind])), branches)
        label, stage_, fixed = self.labelled(element.item, join.kind.word, stage)
        inside = fixed or any(line.label for branch in branches for line in branch) or _has_names(branches)
        return _Said(stage_, label, _annotations(on_line), join.name, inside)

    def is_vanished(self, join: Layer, scope: Scope) -> bool:
        """Whether the next skip of *join* that does nothing is written as a shortcut that needed no layer: where there
        are skips of sums, one of these."""
        if not scope.vanished or not self.uses_prelude:
            return False
        sums = [layer for item in scope.items for layer in item.layers if layer.skips and layer.kind.word == _SUM]
        return not sums or join.kind.word == _SUM

    def branch(self, way: Way, join: Layer, channels: int, scope: Scope, given: int) -> tuple[Line, ...]:
        """*channels* are those that it brings to its *join*."""
        begin = "skip" if way.is_skip else ""
        found: list[Line] = []
        if way.source is not None:
            if way.is_skip:
                found.append(Line((), begin="skip"))
            begin = f"from {self.name(way.source, scope)}"
        for run in way.aside:
            assert run.source is not None
            found += self.lines(run.elements, f"from {self.name(run.source, scope)}", run.source, scope, given)
        if way.is_skip and way.source is None and not way.elements and self.is_vanished(join, scope):
            path = scope.vanished[0]
            if self.automatic(scope, "shortcut") == path.removeprefix(f"{scope.path}."):
                scope.vanished.popleft()
                self.count(scope, "shortcut")
                self.given[scope].add(path.removeprefix(f"{scope.path}."))
                return (Line((self.shortcut(channels, 1, self.normed.get(scope.block, "on")),), begin="skip"),)
        found += self.lines(way.elements, begin, None, scope, given)
        return tuple(found)

    # Labels ----------------------------------------------------------------------------------

    def automatic(self, scope: Scope, word: str) -> str:
        number = self.counts[scope][word] + 1
        while f"{word}{number}" in self.given[scope]:
            number += 1
        self.counts[scope][word] = number - 1  # a name that is taken stays so
        return f"{word}{number}"

    def count(self, scope: Scope, word: str) -> None:
        self.counts[scope][word] = int(self.automatic(scope, word).removeprefix(word))

    def labelled(self, item: Item, word: str, stage: Stage) -> tuple[str, Stage, bool]:
        """The label that *item* needs to have its name or be referred to; its stage; whether it stands for itself."""
        scope, local = item.scope, item.local
        is_automatic = self.automatic(scope, word) == local
        needs = item in self.wanted or not is_automatic
        if is_automatic and (not needs or local in RESERVED):
            self.count(scope, word)
        self.given[scope].add(local)
        if not needs:
            return "", stage, False
        self.wanted.add(item)
        if local in RESERVED:
            # no label can be such a name, but that of a group can be another
            return self.label_of(item, item.output), Repeated((Line((stage,)),), Hole("n", "1")), True
        return local, stage, True


def _path(item: Item, scope: Scope) -> list[Item]:
    """*item* behind the uses of blocks that it lies in, from *scope* on."""
    found = [item]
    while found[0].scope is not scope:
        use = found[0].scope.use
        assert use is not None
        found.insert(0, use)
    return found


def _all(element: Element) -> Iterator[Layer]:
    """The layers of an element, of its branches and blocks."""
    waiting: list[Element | Item] = [element]
    while waiting:
        match waiting.pop():
            case Element(item=item, ways=ways):
                waiting += [item, *(inner for way in ways for inner in way.elements)]
                waiting += [inner for way in ways for run in way.aside for inner in run.elements]
            case Item(layers=layers, inside=inside):
                yield from layers
                waiting += inside.items if inside else []


def _ends_with(layer: Layer, annotations: tuple[Annotation, ...], given: int) -> bool:
    return _without(layer, given).annotations[-len(annotations) :] == annotations


def _origin(made: Sequence[Layer] | Sequence[Output]) -> list[Annotation]:
    """What the layers or outputs of a line were called where they came from, if one of them was called otherwise."""
    if not any(each.origin for each in made):
        return []
    return [Annotation("origin", tuple(quoted(each.origin or each.name) for each in made))]


def _without(layer: Layer, given: int) -> Layer:
    """*layer* without the annotations that a line around it gives it."""
    return replace(layer, annotations=layer.annotations[: len(layer.annotations) - given]) if given else layer


def _annotations(annotations: Iterable[Annotation]) -> str:
    return " ".join(map(annotation, annotations))


def _projection(scope: Scope) -> tuple[int, int, str]:
    """The channels and the stride of the `shortcut` that *scope* is, and whether it normalizes."""
    layer, *normed = scope.items[0].layers
    stride = layer.kind.caption().stride or (1, 1)
    return as_int(layer.output.channels), stride[0], "on" if normed else "off"


def _has_names(branches: Iterable[Iterable[Line]]) -> bool:
    """Whether a label stands anywhere in *branches*."""
    waiting = [line for branch in branches for line in branch]
    while waiting:
        line = waiting.pop()
        if line.label:
            return True
        for stage in line.stages:
            match stage:
                case Joined(branches=inner):
                    waiting += [line for branch in inner for line in branch]
                case Repeated(body=body):
                    waiting += body
    return False


def _folded(said: list[_Said]) -> list[_Said]:
    """With equal stretches once, and how often, where no name is lost."""
    numbers: dict[object, int] = {}
    keys = []
    for index, each in enumerate(said):
        values = tuple(hole.value for hole in holes(each.stage))
        alone = each.is_fixed or each.label or each.annotations
        keys.append(numbers.setdefault(index if alone else (skeleton(each.stage), values), len(numbers)))
    found: list[_Said] = []
    at = 0
    while at < len(said):
        period, times = repetition(keys, at)
        if times == 1:
            found.append(said[at])
        else:
            body = tuple(each.stage for each in said[at : at + period])
            stage = Repeated((Line(body),), Hole("n", str(times)))
            found.append(_Said(stage, tensor=said[at + period * times - 1].tensor))
        at += period * times
    return found

"""A network as the text of a spec.

`scopes` sorts the layers into the file and the uses of its blocks, `runs` finds the chains and branches in each, `plan`
what has to be named, and here they become phrases (`steps`, `said`), with labels where a name is needed. Uses of a
block share a definition (`blocks`): what differs in more than numbers stands under conditions (`variants`), and what
differs in numbers comes of its parameters (`formulas`). At last `defaults` are found, and `layout` makes lines of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cnngraph.layers.rearrange import Split
from cnngraph.network import LINE, OF_JOINS, Layer, Network
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import NUMBERED, UNNAMED, identifier, is_name, of_branches, sayable
from cnngraph.spec.syntax import IMAGE
from cnngraph.spec.writing import layout
from cnngraph.spec.writing.again import without_what_stands_in_the_way
from cnngraph.spec.writing.annotated import in_words, origin, without
from cnngraph.spec.writing.annotated import label as labelled
from cnngraph.spec.writing.blocks import Definition
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
)  # fmt: skip
from cnngraph.spec.writing.plan import Plan, layers_of, path_of, projection
from cnngraph.spec.writing.reordering import joins_behind_branches
from cnngraph.spec.writing.runs import Element, OutOfOrder, Way
from cnngraph.spec.writing.said import Said, folded, has_names
from cnngraph.spec.writing.scopes import Item, Scope, in_order, sorted_by
from cnngraph.spec.writing.steps import annotation, plain, step
from cnngraph.spec.writing.variants import Merged, evenly_folded, merged
from cnngraph.volume import Volume, as_int

_WITH_SKIP = "with_skip"
_PLAIN = "unit"
"""What a block is called that is like one with a skip, and has none."""


def text(network: Network) -> str:
    """A spec that reads as *network*: the same layers under the same names, with the same blocks and skips.

    A name that no label can be is written as one that looks like it, and kept in an ``@origin``. Uses of blocks that
    stand in the way of saying which layers share weights, as one from within a block with one without, are written out.
    """
    return _text(sayable(without_what_stands_in_the_way(sayable(network))[0]))


def _text(network: Network) -> str:
    try:
        return _Text(network, strict=True).whole()
    except OutOfOrder:
        return _Text(replace(network, layers=tuple(joins_behind_branches(network))), strict=False).whole()


class _Text(Plan):
    """The text as it is put together."""

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
            [f"input {name}{layer.output.declared}", *map(annotation, (*layer.annotations, *origin([layer])))]
        )

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
                    origins = origin(sorted(layers_of(element), key=lambda layer: self.number[layer.name]))
                    part.annotations = " ".join(filter(None, (part.annotations, in_words(origins))))
        for part, element in zip(parts, elements, strict=True):
            part.is_tap = element.item in self.tapped and not element.ways
        said = folded(parts)
        before = self.network[source].output if source else None
        found: list[Line] = []
        stages: list[Said] = []

        def end() -> None:
            nonlocal begin, before
            if stages or begin:
                found.append(self.line(stages, begin, before))
                before = self.network[stages[-1].tensor].output if stages and stages[-1].tensor else None
            stages.clear()
            begin = ""

        for each in said:
            alone = bool(each.label or each.annotations)
            begins = each.starts_line and at_top and not self.is_led_into(each, stages)
            if stages and (alone or begins or stages[-1].label or stages[-1].annotations):
                end()
            stages.append(each)
        end()
        return found

    def is_led_into(self, said: Said, before: list[Said]) -> bool:
        """Whether it is said in one breath with what is *before*: a fully connected layer with what flattens for it."""
        if not before or not before[-1].tensor or not said.tensor:
            return False
        flat, made = (self.network[self.network[each.tensor].unit].kind for each in (before[-1], said))
        return flat.idle and flat.family == "reshape" and made.family == "dense"

    def line(self, said: list[Said], begin: str, before: Volume | None) -> Line:
        if not said:
            return Line((), begin=begin)
        last = said[-1]
        volume = self.network[last.tensor].output if last.tensor else None
        claim = str(volume) if volume else ""
        if volume and not volume.is_fixed:
            claim = "(" + ", ".join(str(dim) if isinstance(dim, int) else "?" for dim in volume.dims) + ")"
        changes = volume is not None and volume.is_fixed and volume != before
        return Line(tuple(s.stage for s in said), last.label, begin, claim, last.annotations, changes)

    def said(self, element: Element, scope: Scope, given: int) -> Said:
        item = element.item
        if item.is_split:
            return self.split(item, given)
        if (first := self.again.get(item)) is not None:
            return self.used_again(item, first, scope, given)
        if item.inside:
            return self.call(item, [self.name(tensor, scope) for tensor in element.named])
        layers = [without(layer, given) for layer in item.layers]
        if element.ways:
            return self.joined(element, layers[0], scope, given)
        lead, *followers = layers
        common = followers[0].annotations if followers else ()
        on_step = lead.annotations[: len(lead.annotations) - len(common)]
        stage = step([layer.kind for layer in layers], [self.name(tensor, scope) for tensor in element.named], on_step)
        label, stage_, fixed = self.labelled(item, lead.kind.word, stage)
        return Said(stage_, label, in_words(common), item.output, fixed, stage.starts_line)

    def used_again(self, item: Item, first: Item, scope: Scope, given: int) -> Said:
        name = ".".join(self.label_of(each, each.output) for each in path_of(first, scope))
        word = first.layers[0].kind.word if first.layers else self.called[first]
        if item.inside:
            self.called[item] = word
        label, stage, fixed = self.labelled(item, word, Step((f"again {name}",)))
        made = next(layers_of(Element(item)))
        block = self.network.blocks[item.inside.path].label if item.inside else ""
        said = (*labelled(block), *without(made, given).annotations)
        return Said(stage, label, in_words(said), item.output, fixed)

    def split(self, item: Item, given: int) -> Said:
        names = [layer.name.removeprefix(f"{item.scope.path}.") for layer in item.layers]
        self.given[item.scope].update(names)
        slices = Split(n=len(names))
        on_step = (*without(item.layers[0], given).annotations, *([] if item.scope.path else origin(item.layers)))
        claim = f" => {item.layers[0].output} {in_words(on_step)}" if on_step else ""
        stage = step([slices])
        return Said(Step((*stage.parts, claim)), ", ".join(names), is_fixed=True)

    def call(self, item: Item, tensors: list[str]) -> Said:
        assert item.inside is not None
        scope = item.inside
        if scope.block == "shortcut" and self.uses_prelude:
            stage = self.shortcut(*projection(scope))
        else:
            stage = replace(self.uses[scope], tensors=tuple(tensors))
        self.called[item] = stage.definition.name
        label, stage_, fixed = self.labelled(item, stage.definition.name, stage)
        called = in_words(labelled(self.network.blocks[scope.path].label))
        return Said(stage_, label, called, item.output, fixed)

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
        # Where uses of one block have become those of several, these stand where blocks that were several would.
        written = {scope: call.definition for scope, call in self.uses.items()}
        order = sorted_by([scope for scope in self.runs if scope in written], written)
        assert order is not None  # no definition is used in itself
        self.definitions = [written[alike[0]] for alike in order]

    def definition(self, text: Merged, uses: list[tuple[int, Scope, Body]], block: str = "") -> None:
        """The definition with this text, called *block* or as its *uses* are, each of one of its variants.

        Where a skip would be there if a parameter says so and for no other reason, there is one of those that have it
        and one of the rest: a residual without its skip is none.
        """
        flags = [f"with_{word}" for word in conditional(text.body, len(text.conditions))]
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
            flags,
        )
        if any(param.name == _WITH_SKIP for param in found.params):
            self.apart(uses, text.conditions[flags.index(_WITH_SKIP)])
            return
        block, number = block or uses[0][1].block, 1
        name, stem = block, NUMBERED.sub("", block)
        while name in self.names or not is_name(name):
            number += 1
            name = f"{stem}_{number}"
        self.names.add(name)
        made = Definition(
            name, text.body, tuple(self.tensor_names(scopes[0])), found.params, found.values, found.conditions
        )
        self.definitions.append(made)
        for scope, arguments in zip(scopes, found.arguments, strict=True):
            self.uses[scope] = Call(made, (), made.given(arguments))

    def apart(self, uses: list[tuple[int, Scope, Body]], holds: frozenset[int]) -> None:
        """Definitions of *uses* of the variants in *holds*, and of the others."""
        for is_held in (True, False):
            variants: dict[int, list[tuple[Scope, Body]]] = {}
            for number, scope, body in uses:
                if (number in holds) == is_held:
                    variants.setdefault(number, []).append((scope, body))
            bodies = list(variants.values())
            for text in merged([each[0][1] for each in bodies]):
                found = [(number, *use) for number in text.variants for use in bodies[number]]
                self.definition(text, found, "" if is_held else _PLAIN)

    def flowing(self, scope: Scope) -> int | None:
        """The channels of what flows into a block."""
        source = next(iter(scope.given), None)
        channels = self.network[source].output.channels if source is not None else None
        return channels if isinstance(channels, int) else None

    def joined(self, element: Element, join: Layer, scope: Scope, given: int) -> Said:
        extra = self.on_line(element, given)
        on_line = of_branches(join) if extra else ()
        own = tuple(each for each in join.annotations if each.name in OF_JOINS - {LINE})
        branches = tuple(
            self.branch(way, join, as_int(volume.channels), scope, given + extra, join.said.get(number, ""))
            for number, (way, volume) in enumerate(zip(element.ways, join.input_volumes, strict=True))
        )
        stage = Joined(plain(step([join.kind])), branches)
        label, stage_, fixed = self.labelled(element.item, join.kind.word, stage)
        inside = fixed or any(line.label for branch in branches for line in branch) or has_names(branches)
        return Said(stage_, label, in_words((*own, *on_line)), join.name, inside)

    def branch(self, way: Way, join: Layer, channels: int, scope: Scope, given: int, said: str) -> tuple[Line, ...]:
        """*channels* are those that it brings to its *join*, and *said* is on its line."""
        begin = "skip" if way.is_skip else ""
        found: list[Line] = []
        if way.source is not None:
            if way.is_skip:
                found.append(Line((), begin="skip"))
            begin = f"from {self.name(way.source, scope)}"
        for run in way.aside:
            assert run.source is not None
            found += self.lines(run.elements, f"from {self.name(run.source, scope)}", run.source, scope, given)
        is_empty = way.is_skip and way.source is None and not way.elements and not said
        if is_empty and self.uses_prelude and scope.has_shortcut(join):
            path = scope.vanished[0]
            if self.automatic(scope, "shortcut") == path.removeprefix(f"{scope.path}."):
                scope.vanished.popleft()
                self.count(scope, "shortcut")
                self.given[scope].add(path.removeprefix(f"{scope.path}."))
                return (Line((self.shortcut(channels, 1, self.normed.get(scope.block, "on")),), begin="skip"),)
        found += self.lines(way.elements, begin, None, scope, given)
        if said:
            found[-1] = replace(found[-1], annotations=in_words(labelled(said)))
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
        if is_automatic and local not in RESERVED and item not in self.entered:
            self.tapped.add(item)
        if local in RESERVED:
            # no label can be such a name, but that of a group can be another
            return self.label_of(item, item.output), Repeated((Line((stage,)),), Hole("n", "1")), True
        return local, stage, True

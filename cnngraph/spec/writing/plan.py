"""What a text has to name, and how: the chains of each scope, the tensors that are referred to, the outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cnngraph.layers import KINDS
from cnngraph.network import Layer, Network
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import of_branches
from cnngraph.spec.writing.again import used_again
from cnngraph.spec.writing.annotated import ends_with, label, origin, without
from cnngraph.spec.writing.blocks import Definition, Param
from cnngraph.spec.writing.phrases import Call
from cnngraph.spec.writing.runs import Element, Run, runs
from cnngraph.spec.writing.scopes import Item, Scope, scopes
from cnngraph.spec.writing.steps import annotation, is_shortcut
from cnngraph.volume import as_int


class Plan:
    """What of a network its text refers to by name, and what it calls that."""

    def __init__(self, network: Network, strict: bool, names_output: bool = False) -> None:
        self.network = network
        self.names_output = names_output
        """Whether an `output` line is written in any case."""
        self.number = {layer.name: number for number, layer in enumerate(network.layers)}
        self.strict = strict
        self.whole_scopes = scopes(network)
        self.runs: dict[Scope, list[Run]] = {}
        self.entered: set[Item] = set()
        """Items whose label leads to what is inside of them, or to what is done again."""
        self.tapped: set[Item] = set()
        """Items whose label names their tensor alone, which they have without it: it may stand on a repeat."""
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
                    self.normed.setdefault(scope.parent.block, projection(scope)[2])
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
            and not self.network.blocks[scope.path].label
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
                self.wanted.update(path_of(first, scope))
                self.entered.update(path_of(first, scope))
            elif element.item.inside:
                self.find(element.item.inside, given)

    def on_line(self, element: Element, given: int) -> int:
        """How many annotations of a join stand on its line and are those of all that is in its branches."""
        annotations = of_branches(without(element.item.layers[0], given)) if element.ways else ()
        shared = annotations and all(
            ends_with(layer, annotations, given)
            for way in element.ways
            for each in way.elements
            for layer in layers_of(each)
        )
        return len(annotations) if shared else 0

    def want(self, tensor: str | None, scope: Scope) -> None:
        if tensor is not None and self.is_made_in(scope, tensor):
            way = self.whole_scopes.way(tensor, scope)
            self.wanted.update(way)
            self.entered.update(way[:-1])

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
        if (
            len(outputs) == 1
            and outputs[0].layer == left
            and not outputs[0].origin
            and not outputs[0].label
            and not self.names_output
        ):
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
        origins = origin(said) if any(each.name != each.origin for each in said) else []
        labels = label(*(each.label or each.name for each in said)) if any(each.label for each in said) else []
        return [" ".join(["output", *(each.name for each in said), *map(annotation, (*origins, *labels))])]

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
            way = self.whole_scopes.way(tensor, top)
            self.wanted.update(way)
            self.entered.update(way[:-1])
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
            self.entered.add(scope.use)
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


def path_of(item: Item, scope: Scope) -> list[Item]:
    """*item* behind the uses of blocks that it lies in, from *scope* on."""
    found = [item]
    while found[0].scope is not scope:
        use = found[0].scope.use
        assert use is not None
        found.insert(0, use)
    return found


def layers_of(element: Element) -> Iterator[Layer]:
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


def projection(scope: Scope) -> tuple[int, int, str]:
    """The channels and the stride of the `shortcut` that *scope* is, and whether it normalizes."""
    layer, *normed = scope.items[0].layers
    stride = layer.kind.caption().stride or (1, 1)
    return as_int(layer.output.channels), stride[0], "on" if normed else "off"

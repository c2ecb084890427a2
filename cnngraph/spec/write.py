"""A network as a spec that reads as the same network: its layers, names, wiring, blocks and skips.

A line for each step, ``from`` and labels only where the flow does not say it already, joins with branches where these
begin at one tensor, a block once for all its equal uses, equal lines as ``[…] x3``. What names reading would give is
worked out on the way: a label is written where the automatic name would be another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from cnngraph.layers.activation import Activation, Softmax
from cnngraph.layers.dense import Fc
from cnngraph.layers.kind import Kind
from cnngraph.layers.normalization import BatchNorm
from cnngraph.layers.values import PADDING, PAIR, Padding, show
from cnngraph.network import Annotation, Layer, Network, Output
from cnngraph.spec.lexer import RESERVED

_LONGEST_JOIN = 500
"""Items before a join among which its branches are looked for."""


def to_spec(network: Network) -> str:
    """The text. Names that no spec can say, such as those with blanks, become ones that it can.

    Where blocks cannot be kept, since a tensor inside one is taken outside, their names become parts of the layers'.
    """
    speakable = _speakable(network)
    for candidate in (speakable, _without_blocks(speakable)):
        try:
            text = _Writer(candidate).text()
        except _Inexpressible:
            continue
        if _reads_as(candidate, text):
            return text
    raise ValueError(f"{network.name} cannot be written as a spec")


def _reads_as(network: Network, text: str) -> bool:
    from cnngraph.diagnostics import CnngraphError
    from cnngraph.reading import parse

    try:
        return _wiring(parse(text, max_nodes=len(network) + 1)) == _wiring(network)
    except CnngraphError:
        return False


def _wiring(network: Network) -> list[object]:
    """The layers with places in order for names."""
    place = {layer.name: at for at, layer in enumerate(network.layers)}
    return [
        *((layer.kind, [place[name] for name in layer.inputs], layer.output) for layer in network.layers),
        *(place[output.layer] for output in network.outputs),
    ]


def _speakable(network: Network) -> Network:
    """*network* with names that labels can be."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for layer in network.layers:
        if layer.name == f"{layer.unit}.{layer.kind.word}" and layer.unit in names:
            name = f"{names[layer.unit]}.{layer.kind.word}"
        else:
            name = ".".join(_word(part) for part in layer.name.split("."))
        while name in taken:
            name += "_"
        taken.add(name)
        names[layer.name] = name
    return _renamed(network, names) if any(old != new for old, new in names.items()) else network


def _word(part: str) -> str:
    made = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in part)
    # The sixth relu without a name is called `relu6`, which no label may be.
    return f"n{made}" if not made or made[0].isdigit() or (made in RESERVED and made != "relu6") else made


def _without_blocks(network: Network) -> Network:
    """*network* with every layer at top level, ``stage1.conv1`` as ``stage1_conv1``."""
    names = {}
    for layer in network.layers:
        inside = layer.name.removeprefix(f"{layer.block}.") if layer.block else layer.name
        names[layer.name] = f"{layer.block.replace('.', '_')}_{inside}" if layer.block else inside
    return replace(_renamed(network, names, flat=True), blocks={})


def _renamed(network: Network, names: Mapping[str, str], flat: bool = False) -> Network:
    layers = tuple(
        replace(
            layer,
            name=names[layer.name],
            inputs=tuple(names[name] for name in layer.inputs),
            unit=names.get(layer.unit, layer.unit),
            block="" if flat else layer.block,
        )
        for layer in network.layers
    )
    outputs = tuple(Output(names[output.layer], names[output.layer]) for output in network.outputs)
    return replace(network, layers=layers, outputs=outputs)


class _Inexpressible(Exception):
    """With blocks the network cannot be said."""


# What is said --------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Item:
    """A step, or one use of a block."""

    name: str
    """Full: ``stage1.conv1``, ``stage1.residual1``."""
    layers: tuple[Layer, ...]
    block: str = ""
    """The block's own name, for a use of one."""
    inputs: tuple[str, ...] = ()
    """Tensors from outside, in the order in which they are wanted."""

    def __post_init__(self) -> None:
        own = {layer.name for layer in self.layers}
        self.inputs = tuple(dict.fromkeys(name for layer in self.layers for name in layer.inputs if name not in own))
        if not self.block:
            # A join may take one tensor twice.
            self.inputs = self.layers[0].inputs

    @property
    def result(self) -> str:
        return self.layers[-1].name


@dataclass(slots=True, eq=False)
class _Join:
    """A join whose branches begin at one tensor."""

    item: _Item
    fork: str
    branches: list[tuple[bool, list[_Statement]]]
    """Whether each is a skip, and what is on it."""


_Statement = _Item | _Join


@dataclass(slots=True)
class _Scope:
    """What a body of lines knows: the file's, or a block's."""

    path: str
    tensors: dict[str, str]
    """Tensors that have a name here, with it."""
    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def automatic(self, word: str) -> str:
        """The name that the next thing called *word* gets without a label."""
        count = self.counts.get(word, 0) + 1
        while f"{word}{count}" in self.taken:
            count += 1
        return f"{word}{count}"


class _Writer:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.definitions: dict[str, list[str]] = {}
        """Lines of each block, by its name."""
        self.taken_by: dict[str, set[str]] = {}
        """For each tensor the layers that take it."""
        for layer in network.layers:
            for name in layer.inputs:
                self.taken_by.setdefault(name, set()).add(layer.name)
        self.given_back = {output.layer for output in network.outputs}

    def text(self) -> str:
        network = self.network
        title = network.title if network.title != network.name and not set('"{}') & set(network.title) else ""
        lines = [f"net {_word(network.name)}" + (f' "{title}"' if title else ""), ""]
        inputs = network.inputs
        for layer in inputs:
            name = "" if layer.name == "image" and len(inputs) == 1 else f" {layer.name}"
            lines.append(f"input{name} {layer.output}{_annotations(layer.annotations)}")
        items = self._items("", [layer for layer in network.layers if layer.inputs])
        last = items[-1].result if items else inputs[0].name
        as_it_is = [output.layer for output in network.outputs] == [last]
        scope = _Scope("", {layer.name: layer.name for layer in inputs}, {layer.name for layer in inputs})
        flow = inputs[0].name if len(inputs) == 1 else ""
        body = self._body(items, scope, flow, set() if as_it_is else self.given_back)
        for definition in self.definitions.values():
            lines += ["", *definition]
        lines += ["", *body]
        if not as_it_is:
            lines.append("output " + " ".join(scope.tensors[output.layer] for output in network.outputs))
        return "\n".join(lines) + "\n"

    # Items ---------------------------------------------------------------------------------------

    def _items(self, path: str, layers: Sequence[Layer]) -> list[_Item]:
        """What stands directly in the block at *path*, in order."""
        items: list[_Item] = []
        for (name, block), group in groupby(layers, lambda layer: self._leader(path, layer)):
            held = tuple(group)
            if block:
                items.append(_Item(name, held, block))
            elif self._is_step(held):
                items.append(_Item(name, held))
            else:
                items += [_Item(layer.name, (layer,)) for layer in held]
        if len({item.name for item in items}) < len(items):
            raise _Inexpressible
        for item in items:
            self._need_closed(item)
        return items

    def _leader(self, path: str, layer: Layer) -> tuple[str, str]:
        """Name of the item that *layer* belongs to, and of the block when that is a use of one."""
        if layer.block == path:
            return layer.unit, ""
        inner = self.network.blocks[layer.block]
        while inner.parent != path:
            inner = self.network.blocks[inner.parent]
        return inner.path, inner.name

    def _is_step(self, layers: Sequence[Layer]) -> bool:
        """Whether they are what one step makes: each takes the one before it, and nothing else does."""
        lead, *rest = layers
        before = lead
        for layer in rest:
            alone = layer.inputs == (before.name,) and self.taken_by[before.name] == {layer.name}
            fits = layer.name == f"{lead.name}.{layer.kind.word}" and (
                (lead.kind.followers and isinstance(layer.kind, BatchNorm | Activation))
                or isinstance(layer.kind, Softmax)
            )
            if not alone or not fits or before.name in self.given_back:
                return False
            before = layer
        return True

    def _need_closed(self, item: _Item) -> None:
        """Of what an item makes, only its last tensor is taken elsewhere."""
        own = {layer.name for layer in item.layers}
        for layer in item.layers[:-1]:
            if layer.name in self.given_back or self.taken_by.get(layer.name, set()) - own:
                raise _Inexpressible

    # Bodies --------------------------------------------------------------------------------------

    def _body(self, items: Sequence[_Item], scope: _Scope, flow: str, more: set[str]) -> list[str]:
        """The lines for *items* in *scope*, of which the first takes *flow* unless it says otherwise.

        *more* are tensors that are spoken of behind them. With several inputs none of them flows on.
        """
        statements = self._statements(list(items))
        spoken_of = set(more)
        self._listen(statements, flow, scope, spoken_of)
        return _repeated(self._lines(statements, scope, flow, spoken_of, 0))

    def _statements(self, items: list[_Item]) -> list[_Statement]:
        """Items with joins around their branches; the widest first, so that those within are found inside."""
        at = len(items) - 1
        found: list[_Statement] = []
        while at >= 0:
            joined = self._joined(items, at)
            if joined is None:
                found.append(items[at])
                at -= 1
            else:
                join, at = joined
                found.append(join)
        return found[::-1]

    def _joined(self, items: list[_Item], at: int) -> tuple[_Join, int] | None:
        """The join at *at* with the items before it as its branches, and the place before them."""
        join = items[at]
        if join.block or len(join.inputs) < 2 or join.layers[0].kind.family != "join":
            return None
        outside: dict[str, None] = dict.fromkeys(join.inputs)
        inside: set[str] = set()
        for start in range(at - 1, max(-1, at - _LONGEST_JOIN), -1):
            item = items[start]
            if self.taken_by.get(item.result, set()) - inside - {layer.name for layer in join.layers}:
                return None
            if item.result not in outside or item.result in self.given_back:
                return None
            del outside[item.result]
            outside |= dict.fromkeys(item.inputs)
            inside |= {layer.name for layer in item.layers}
            if len(outside) == 1:
                (fork,) = outside
                branches = self._branches(join, fork, items[start:at])
                if branches is not None:
                    return _Join(join, fork, branches), start - 1
        return None

    def _branches(self, join: _Item, fork: str, items: list[_Item]) -> list[tuple[bool, list[_Statement]]] | None:
        made_by = {item.result: item for item in items}
        branches: list[tuple[bool, list[_Statement]]] = []
        at = 0
        for port, name in enumerate(join.inputs):
            is_skip = port in join.layers[0].skips
            if name == fork:
                if not is_skip:
                    return None
                branches.append((True, []))
                continue
            own: set[int] = set()
            waiting = [name]
            while waiting:
                item = made_by.get(waiting.pop())
                if item is not None and id(item) not in own:
                    own.add(id(item))
                    waiting += item.inputs
            branch = items[at : at + len(own)]
            if {id(item) for item in branch} != own or fork not in branch[0].inputs[:1]:
                return None
            at += len(own)
            branches.append((is_skip, self._statements(branch)))
        return branches if at == len(items) else None

    def _listen(self, statements: Sequence[_Statement], flow: str, scope: _Scope, spoken_of: set[str]) -> None:
        """Which tensors the lines speak of by name, because the flow does not bring them."""
        for statement in statements:
            if isinstance(statement, _Join):
                if statement.fork != flow:
                    spoken_of.add(statement.fork)
                for _, branch in statement.branches:
                    self._listen(branch, statement.fork, scope, spoken_of)
                flow = statement.item.result
                continue
            first, *others = statement.inputs
            if first != flow:
                spoken_of.add(first)
            spoken_of.update(others)
            flow = statement.result

    def _lines(
        self, statements: Sequence[_Statement], scope: _Scope, flow: str, spoken_of: set[str], depth: int
    ) -> list[str]:
        indent = "  " * depth
        lines: list[str] = []
        for statement in statements:
            if isinstance(statement, _Item):
                first, *others = statement.inputs
                start = "" if first == flow else f"from {self._called(first, scope)} -> "
                words, word = self._words(statement, [self._called(name, scope) for name in others], scope)
                label = self._label(statement, word, scope, spoken_of)
                lines.append(f"{indent}{label}{start}{words}")
                flow = statement.result
                continue
            item = statement.item
            start = "" if statement.fork == flow else f"from {self._called(statement.fork, scope)} -> "
            inner: list[str] = []
            for is_skip, branch in statement.branches:
                below = self._lines(branch, scope, statement.fork, spoken_of, depth + 2)
                if not below:
                    inner.append(f"{indent}  | skip")
                    continue
                first_line = below[0].lstrip()
                skip = "skip -> " if is_skip else ""
                named, colon, rest = first_line.partition(": ")
                if skip and colon and named.isidentifier():
                    first_line, skip = f"{named}: {skip}{rest}", ""
                inner += [f"{indent}  | {skip}{first_line}", *below[1:]]
            word = item.layers[0].kind.word
            label = self._label(item, word, scope, spoken_of)
            lines += [f"{indent}{label}{start}{word} {{", *inner, f"{indent}}}"]
            flow = item.result
        return lines

    def _called(self, tensor: str, scope: _Scope) -> str:
        if tensor not in scope.tensors:
            raise _Inexpressible
        return scope.tensors[tensor]

    def _label(self, item: _Item, word: str, scope: _Scope, spoken_of: set[str]) -> str:
        """``name: ``, where the automatic name is another or the tensor is spoken of; the name is given."""
        name = item.name.removeprefix(f"{scope.path}.") if scope.path else item.name
        if not name.isidentifier():
            raise _Inexpressible
        automatic = scope.automatic(word)
        labelled = item.result in spoken_of or name != automatic
        if labelled and name in RESERVED:
            name += "_"
        scope.tensors[item.result] = name
        scope.taken.add(name)
        if not labelled:
            scope.counts[word] = int(automatic.removeprefix(word))
        return f"{name}: " if labelled else ""

    # Steps ---------------------------------------------------------------------------------------

    def _words(self, item: _Item, tensors: list[str], scope: _Scope) -> tuple[str, str]:
        """A step as text, and the word that its automatic name is made of."""
        if item.block:
            name = self._define(item)
            return " ".join([name, *tensors]), name
        lead, *followers = (layer.kind for layer in item.layers)
        annotations = _annotations(item.layers[0].annotations)
        if isinstance(lead, Fc) and followers and isinstance(followers[-1], Softmax):
            words = ["softmax", *_arguments(lead)]
            if len(followers) > 1:
                raise _Inexpressible
            return " ".join(words) + annotations, lead.word
        words = [lead.word, *tensors, *_arguments(lead, with_norm=any(isinstance(f, BatchNorm) for f in followers))]
        for follower in followers:
            words += (
                [follower.word, *_arguments(follower)] if isinstance(follower, BatchNorm) else [_activation(follower)]
            )
        return " ".join(words) + annotations, lead.word

    def _define(self, item: _Item) -> str:
        """The name of a block whose use makes *item*'s layers."""
        first, *others = item.inputs
        names = {tensor: f"t{number}" for number, tensor in enumerate(others, start=1)}
        scope = _Scope(item.name, {first: "in", **names}, set(names.values()))
        lines = self._body(self._items(item.name, item.layers), scope, first, set())
        body = [f"  {line}" for line in lines]
        for number in range(1, len(self.network.blocks) + 2):
            name = item.block.rpartition(".")[2] + (f"_{number}" if number > 1 else "")
            header = f"block {name}({', '.join(f'{each}: tensor' for each in names.values())}) {{"
            definition = [header, *body, "}"]
            if self.definitions.setdefault(name, definition) == definition:
                return name
        raise _Inexpressible


def _repeated(lines: list[str]) -> list[str]:
    """Equal steps, one after the other, as one line with how often."""
    found: list[str] = []
    for line, group in groupby(lines):
        times = len(list(group))
        words = line.strip()
        plain = not any(mark in words for mark in ("{", "}", "|", ": ", "from "))
        if times > 1 and plain:
            indent = line[: len(line) - len(line.lstrip())]
            found.append(f"{indent}[{words}] x{times}")
        else:
            found += [line] * times
    return found


def _arguments(kind: Kind, with_norm: bool = False) -> Iterator[str]:
    """What is not as it is unless said, in the language's words."""
    positional = True
    for argument in kind.arguments():
        value = getattr(kind, argument.field)
        default = argument.default
        if argument.field == "bias" and with_norm:
            default = False
        if not argument.required and value == default:
            positional = False
            continue
        text = _value(argument.type, value, argument.positional and positional)
        if argument.type.is_flag:
            yield argument.keyword if value and argument.keyword != "bias" else f"{argument.keyword}={text}"
        elif text in argument.type.words or (argument.positional and positional):
            yield text
        else:
            yield f"{argument.keyword}={text}"


def _value(type: object, value: object, positional: bool) -> str:
    from cnngraph.layers.values import Type

    assert isinstance(type, Type)
    for word, meaning in type.words.items():
        if meaning == value and meaning.__class__ is value.__class__:
            return word
    if type.is_flag:
        return "on" if value else "off"
    if type is PADDING:
        assert isinstance(value, Padding)
        return str(value.amounts[0]) if len(set(value.amounts)) == 1 else show(value.amounts)
    if type is PAIR:
        assert isinstance(value, tuple)
        if positional:
            return f"{value[0]}x{value[1]}"
        return str(value[0]) if value[0] == value[1] else show(value)
    return show(value)


def _activation(kind: Kind) -> str:
    given = list(_arguments(kind))
    return f"{kind.word}={given[0].rpartition('=')[2]}" if given else kind.word


def _annotations(annotations: Sequence[Annotation]) -> str:
    return "".join(
        f" @{each.name}" + (f"({', '.join(map(show, each.arguments))})" if each.arguments else "")
        for each in annotations
    )

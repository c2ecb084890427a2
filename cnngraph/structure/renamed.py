"""A network with the names that a text would give of itself: of each layer its kind and of each use of a block the
block's, with a number, place by place. What has such names needs no label but where it is referred to. What is given
back under a name of its own has that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from string import digits

from cnngraph.network import Layer, Network
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import NUMBERED, is_name
from cnngraph.spec.writing.scopes import scopes
from cnngraph.structure.pieces import SHORTCUT
from cnngraph.structure.splits import PART


def renamed(network: Network) -> Network:
    """*network*, which was read from a text that nobody wrote, with those names; what is an input keeps its own."""
    given = _Names(network)
    names = {layer.name: given.layer(layer) for layer in network.layers}
    given.block("")  # those without a layer
    paths, called = given.paths, given.called
    layers = tuple(
        replace(
            layer,
            name=names[layer.name],
            inputs=tuple(names[each] for each in layer.inputs),
            unit=names[layer.unit],
            block=paths[layer.block],
            shares=names[layer.shares] if layer.shares else "",
        )
        for layer in network.layers
    )
    blocks = {
        paths[path]: replace(block, path=paths[path], name=called[block.name], parent=paths[block.parent])
        for path, block in network.blocks.items()
    }
    outputs = tuple(
        replace(
            each,
            layer=names[each.layer],
            name=names.get(each.name, paths.get(each.name, each.name)),
        )
        for each in network.outputs
    )
    return replace(network, layers=layers, blocks=blocks, outputs=outputs)


def _given_back(network: Network) -> dict[str, str]:
    """What has an output to itself that is called otherwise is called like that: else a line would say so."""
    known = {layer.name for layer in network.layers} | set(network.blocks)
    found: dict[str, str] = {}
    whole = scopes(network)
    for output in network.outputs:
        if output.name in known or not is_name(output.name) or not network[output.layer].inputs:
            continue
        item, *inside = whole.way(output.layer, whole.top)
        if not inside and not item.is_split:
            found.setdefault(item.name, output.name)
    return found


class _Names:
    """Given in the order of the layers."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.taken = {layer.name for layer in network.inputs} | {output.name for output in network.outputs}
        # An output that is called like its layer, or like a use of a block, is so still.
        self.taken -= {layer.name for layer in network.layers if layer.inputs} | set(network.blocks)
        self.own = _given_back(network)
        """For a step or use of a block in the file the name of its own under which its tensor is given back."""
        self.waiting = iter(network.blocks.values())
        self.paths: dict[str, str] = {"": ""}
        self.called = self.blocks()
        """What each block is called."""
        self.names: dict[str, str] = {}
        self.counts: dict[str, Counter[str]] = {}

    def layer(self, layer: Layer) -> str:
        if layer.block:
            self.block(layer.block)
        if not layer.inputs:
            name = layer.name
        elif layer.unit != layer.name:
            name = f"{self.names[layer.unit]}.{layer.kind.word}"
        else:
            is_part = layer.name.rpartition(".")[2].rstrip(digits) == PART
            name = self.free(layer.name, PART if is_part else layer.kind.word, layer.block)
        self.names[layer.name] = name
        return name

    def block(self, path: str) -> None:
        """Names the use of a block at *path*, and those before it, or all there are."""
        while not path or path not in self.paths:
            block = next(self.waiting, None)
            if block is None:
                return
            self.paths[block.path] = self.free(block.path, self.called[block.name], block.parent)

    def blocks(self) -> dict[str, str]:
        """For each block its name without the number, or with one where that is taken: those in others first, as they
        are defined."""
        inside: dict[str, dict[str, None]] = {}
        for block in self.network.blocks.values():
            around = self.network.blocks[block.parent].name if block.parent else ""
            inside.setdefault(around, {})[block.name] = None
        called: dict[str, str] = {SHORTCUT: SHORTCUT}
        waiting = [*inside.get("", ())][::-1]
        while waiting:
            name = waiting[-1]
            missing = [each for each in inside.get(name, ()) if each not in called]
            if missing:
                waiting += missing[::-1]
                continue
            waiting.pop()
            if name not in called:
                free = stem = NUMBERED.sub("", name)
                number = 1
                while free in self.taken or free in called.values():
                    number += 1
                    free = f"{stem}_{number}"
                called[name] = free
        return called

    def free(self, old: str, word: str, block: str) -> str:
        """The next name of *word* in *block*; no label is a reserved word."""
        if old in self.own:
            return self.own[old]
        prefix = f"{self.paths[block]}." if block else ""
        counts = self.counts.setdefault(block, Counter())
        is_label = old.rpartition(".")[2].startswith(f"{word}_")
        while True:
            counts[word] += 1
            said = f"{word}{counts[word]}"
            name = f"{prefix}{word}_{counts[word]}" if is_label and said in RESERVED else f"{prefix}{said}"
            if name not in self.taken:
                self.taken.add(name)
                return name

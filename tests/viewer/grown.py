"""Random networks in random blocks."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import cnngraph
from cnngraph.network import Block, Network

STEPS = ("conv 4 3x3 same", "relu", "maxpool 3x3 s=1 same", "conv 4 1x1 bn relu", "dropout 0.5")
JOINS = ("add", "mul", "max")


def grown(random: Random, most: int = 14) -> Network:
    """Layers that follow one another, begin elsewhere, join, and are given back, and are in blocks within blocks, some
    of which cannot be one thing."""
    lines, names = ["net grown", "input 8x8x4"], ["image"]
    for number in range(random.randint(2, most)):
        start = f"from {random.choice(names)} -> " if random.random() < 0.2 else ""
        join = random.random() < 0.3
        work = f"{random.choice(JOINS)} {random.choice(names[-5:])}" if join else random.choice(STEPS)
        lines.append(f"t{number}: {start}{work}")
        names.append(f"t{number}")
    outputs = random.sample(names[1:], random.randint(1, min(3, len(names) - 1)))
    network = cnngraph.parse("\n".join([*lines, f"output {' '.join(outputs)}"]) + "\n")
    return _in_blocks(network, random)


def _in_blocks(network: Network, random: Random) -> Network:
    layers = list(network.layers)
    blocks: dict[str, Block] = {}

    def cut(start: int, stop: int, parent: str) -> None:
        at = start
        while at < stop:
            end = min(stop, at + random.randint(1, 6))
            if random.random() < 0.6:
                path = f"{parent}.b{len(blocks)}".lstrip(".")
                blocks[path] = Block(path, "b", parent)
                for number in range(at, end):
                    layers[number] = replace(layers[number], block=path)
                if end - at > 2 and end - at < stop - start:
                    cut(at, end, path)
            at = end

    cut(1, len(layers), "")
    return replace(network, layers=tuple(layers), blocks=blocks)

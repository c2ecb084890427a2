"""Random networks of every shape: blocks, branches in branches, tensors used far away, several inputs and outputs."""

from __future__ import annotations

import random

_STEPS = ("conv 4 3x3 same relu", "conv 4 1x1", "relu", "maxpool 3x3 s=1 same", "bn", "conv 4 5x5 same bn relu")

_INSIDE = {"open": ("inner",), "cell": ("a", "b")}
"""Labels in blocks, by which tensors inside are used from outside."""


def random_spec(seed: int) -> str:
    """A network all of whose tensors have one volume, so that anything can be added to anything."""
    rng = random.Random(seed)
    lines = [f"net random_{seed}", "input 8x8x4"]
    lines += ["input second 8x8x4"] * (rng.random() < 0.25)
    lines += [
        "block plain() {\n  conv 4 3x3 same relu\n  conv 4 1x1\n}",
        "block residual() {\n  add {\n    | conv 4 3x3 same relu -> conv 4 3x3 same\n    | skip\n  }\n  relu\n}",
        "block open() {\n  inner: conv 4 1x1\n  relu -> conv 4 3x3 same\n}",
        "block outer() {\n  [residual] x2\n  plain\n}",
        "block cell(other: tensor) {\n  a: conv 4 1x1\n  b: from other -> conv 4 1x1\n  c: from a -> add b\n"
        "  from b -> maxpool 3x3 s=1 same -> add c\n}",
    ]
    names = ["image"] + ["second"] * ("input second 8x8x4" in lines)
    outputs = []
    for number in range(rng.randint(2, 12)):
        name = f"t{number}"
        source = names[-1] if rng.random() < 0.6 else rng.choice(names)
        way = _way(rng, names, 0)
        lines.append(f"{name}: from {source} -> {way}")
        names += [f"{name}.{inner}" for inner in _INSIDE.get(way.partition(" ")[0], ()) if "->" not in way]
        names.append(name)
        if rng.random() < 0.2:
            outputs.append(name)
    if (outputs and names[-1] not in outputs) or rng.random() < 0.2:
        outputs.append(names[-1])
    outputs = list(dict.fromkeys(outputs))
    rng.shuffle(outputs)
    return "\n".join([*lines, *([f"output {' '.join(outputs)}"] if outputs else []), ""])


def _way(rng: random.Random, names: list[str], depth: int) -> str:
    steps = [_step(rng, names, depth) for _ in range(rng.randint(1, 3))]
    return " -> ".join(steps)


def _step(rng: random.Random, names: list[str], depth: int) -> str:
    draw = rng.random()
    if draw < 0.45 or depth > 2:
        return rng.choice(_STEPS)
    if draw < 0.6:
        return rng.choice(["plain", "residual", "open", "outer"])
    if draw < 0.68:
        return f"cell {rng.choice(names)}"
    if draw < 0.76:
        return f"add {' '.join(rng.sample(names, rng.randint(1, min(3, len(names)))))}"
    if draw < 0.84:
        return f"[{rng.choice([*_STEPS, 'residual', 'plain'])}] x{rng.randint(2, 4)}"
    ways = [_way(rng, names, depth + 1) for _ in range(rng.randint(1, 3))]
    ways += ["skip"] * (rng.random() < 0.6 or len(ways) == 1)
    join = rng.choice(["add", "add", "max", "mul"])
    if rng.random() < 0.3:
        return f"concat {{ {' '.join('| ' + way for way in ways)} }} -> conv 4 1x1"
    return f"{join} {{ {' '.join('| ' + way for way in ways)} }}"


_ON_MAPS = (
    "conv 8 3x3 same relu",
    "conv 8 1x1",
    "conv 8 3x3 same bn",
    "bn",
    "relu",
    "maxpool 3x3 s=1 same",
    "dropout 0.5",
)
_ON_VECTORS = ("fc 8 relu", "fc 8", "fc 8 -> dropout 0.5", "fc 8 bias=off relu", "relu")


def random_path(seed: int, length: int = 25, vectors: bool = False) -> str:
    """A path with shortcuts over it, of any length, one in the other and across each other, through projections too."""
    rng = random.Random(seed)
    steps = _ON_VECTORS if vectors else _ON_MAPS
    lines = [f'net path_{seed} "Path {seed}"', "input a 8" if vectors else "input 16x16x8"]
    names = ["a" if vectors else "image"]
    for number in range(rng.randint(2, length)):
        name, draw = f"t{number}", rng.random()
        if draw < 0.25 and len(names) > 1:
            others = rng.sample(names[:-1], min(len(names) - 1, rng.choice([1, 1, 1, 2])))
            lines.append(
                f"{name}: {rng.choice(['add', 'add', 'add', 'mul'])} {' '.join(others)}{rng.choice(['', ' -> relu'])}"
            )
        elif draw < 0.4:
            main = f"{rng.choice(steps[:2])} -> {rng.choice(steps[:2])}"
            lines.append(f"{name}: add {{ | {main} | skip -> {steps[1]} }} -> relu")
        elif draw < 0.5 and not vectors:
            lines.append(f"{name}: concat {{ | conv 8 3x3 same | skip }} -> conv 8 1x1")
        else:
            lines.append(f"{name}: {rng.choice(steps)}")
        names.append(name)
    return "\n".join([*lines, ""])


def random_levels(seed: int) -> str:
    """A network of maps of several resolutions, down and up again, with tensors joined across and several outputs."""
    rng = random.Random(seed)
    lines = [f'net levels_{seed} "Levels {seed}"', "input 64x64x4"]
    lines += ["block residual() {\n  add {\n    | conv 4 3x3 same relu -> conv 4 3x3 same\n    | skip\n  }\n  relu\n}"]
    lines += ["block two() {\n  conv 4 3x3 same relu\n  conv 4 1x1\n}"]
    levels = {"image": 0}
    names = ["image"]
    for number in range(rng.randint(3, 16)):
        name = f"t{number}"
        source = names[-1] if rng.random() < 0.7 else rng.choice(names)
        level = levels[source]
        same = [other for other in names if levels[other] == level and other != source]
        draw = rng.random()
        if draw < 0.25 and level < 4:
            step = rng.choice(["maxpool f=2 s=2", "conv 4 3x3 s=2 same relu", "avgpool f=2 s=2"])
            level += 1
        elif draw < 0.5 and level > 0:
            step = rng.choice(["upsample 2", "upconv 4 2x2 s=2", "conv 4 1x1 -> upsample 2"])
            level -= 1
        elif draw < 0.8 and same:
            others = " ".join(rng.sample(same, min(len(same), rng.randint(1, 3))))
            step = rng.choice([f"add {others}", f"concat {others} -> conv 4 3x3 same relu", f"mul {others}"])
        else:
            step = rng.choice(["conv 4 3x3 same relu", "residual", "two", "[residual] x3", "[conv 4 3x3 same] x2"])
        lines.append(f"{name}: from {source} -> {step}")
        levels[name] = level
        names.append(name)
    outputs = [name for name in names[1:-1] if rng.random() < 0.15]
    lines.append(f"output {' '.join([*outputs, names[-1]])}")
    return "\n".join([*lines, ""])

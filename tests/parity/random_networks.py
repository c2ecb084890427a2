"""Random networks over the kinds of the language, as specs: odd windows, borders and strides, joins, blocks, outputs.

Lines are drawn by chance and kept where the checker takes them, so that what comes out is whatever the language allows.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from cnngraph.fronts.spec import read_source
from cnngraph.network import Network
from cnngraph.sizes import fit, volumes
from cnngraph.source import Source
from cnngraph.volume import as_int

FREE = {"H": 12, "W": 16}
"""What free sizes are when a network runs."""
MOST_NUMBERS = 5000
"""Of a volume: larger ones are not drawn further."""
ACTIVATIONS = (
    "relu", "relu6", "leaky", "leaky 0.3", "leaky slope=-0.2", "prelu", "elu", "elu 0.5", "selu", "gelu", "swish",
    "hswish", "hsigmoid", "hsigmoid 0.2", "mish", "sigmoid", "tanh", "softplus", "abs", "square",
    "clip -1 0.5", "clip lo=0 hi=6",
)  # fmt: skip
ON_A_STEP = (
    "relu", "relu6", "leaky=0.1", "leaky", "prelu", "elu=0.7", "selu", "gelu", "swish", "hswish", "hsigmoid=0.2",
    "mish", "sigmoid", "tanh", "softplus", "abs", "square", "linear",
)  # fmt: skip
OWN_LINES = ("softmax", "logsoftmax", "scale", "scale bias", "shift", "times 0.17", "times learned", "times by=-2",
             "plus 3", "plus learned", "dropout 0.3", "lrn", "lrn n=3 alpha=0.5 beta=0.6 k=2")  # fmt: skip


class _Maker:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.lines = [f"net random{seed}"]
        self.tensors = ["image"]
        self.blocks: list[str] = []
        self.network: Network | None = None

    # Arguments -------------------------------------------------------------------------------

    def some(self, *choices: str) -> str:
        return self.dice.choice(choices)

    def maybe(self, chance: float, text: Callable[[], str]) -> str:
        return f" {text()}" if self.dice.random() < chance else ""

    def count(self, *counts: int) -> int:
        return self.dice.choice(counts or (1, 2, 3, 4, 6, 8))

    def size(self, most: int = 4) -> str:
        """A window or the like: ``3x3``, ``1x4``."""
        down = self.dice.randint(1, most)
        return f"{down}x{down if self.dice.random() < 0.5 else self.dice.randint(1, most)}"

    def padding(self) -> str:
        number = self.dice.randint
        return self.some(
            "same", "same", "same_upper", "same_lower", "valid", f"p={number(0, 2)}",
            f"p=({number(0, 2)}, {number(0, 2)})",
            f"p=({number(0, 2)}, {number(0, 2)}, {number(0, 2)}, {number(0, 2)})",
        )  # fmt: skip

    def stride(self) -> str:
        return f"s={self.some('1', '2', '2', '3', '2x1', '1x3', '(2, 3)')}"

    def window(self) -> str:
        """Of any kind that slides one: stride, padding, by chance."""
        return self.maybe(0.5, self.stride) + self.maybe(0.7, self.padding)

    def behind(self) -> str:
        """A normalization and an activation on a step."""
        norm = self.maybe(0.4, lambda: self.some("bn", "bn", "instancenorm", "groupnorm=2"))
        return norm + self.maybe(0.1, lambda: self.some("bias=on", "bias=off")) + self.maybe(0.5, self.activation)

    def activation(self) -> str:
        return self.dice.choice(ON_A_STEP)

    # Steps -----------------------------------------------------------------------------------

    def conv(self) -> str:
        more = self.maybe(0.3, lambda: f"d={self.some('2', '1x2', '(3, 2)')}") + self.maybe(
            0.3, lambda: f"groups={self.count(2, 3)}"
        )
        return f"conv {self.count()} {self.size(5)}{self.window()}{more}{self.behind()}"

    def dwconv(self) -> str:
        more = self.maybe(0.3, lambda: f"d={self.some('2', '2x1')}") + self.maybe(0.4, lambda: "m=2")
        return f"dwconv {self.size()}{self.window()}{more}{self.behind()}"

    def upconv(self) -> str:
        more = (
            self.maybe(0.3, lambda: f"d={self.some('2', '1x2')}")
            + self.maybe(0.3, lambda: f"groups={self.count(2, 3)}")
            + self.maybe(0.4, lambda: f"op={self.count(1, 1, 2)}")
        )
        return f"upconv {self.count()} {self.size()}{self.window()}{more}{self.behind()}"

    def pool(self) -> str:
        word = self.some("maxpool", "avgpool")
        shape = self.dice.random()
        if shape < 0.12:
            return f"{word} global"
        if shape < 0.3:
            return f"{word} to={self.size(5)}"
        flags = self.maybe(0.4, lambda: "ceil") + (self.maybe(0.4, lambda: "count_pad") if word == "avgpool" else "")
        return f"{word} {self.size()}{self.window()}{flags}"

    def norm(self) -> str:
        return self.some("bn", "bn eps=0.01", "instancenorm", "groupnorm 2", "groupnorm 3 eps=0.1", "layernorm")

    def resize(self) -> str:
        how = self.maybe(0.5, lambda: "bilinear" + self.maybe(0.4, lambda: "align_corners"))
        to = f"to={self.size(9)}" if self.dice.random() < 0.4 else self.some("2", "3", "2x1", "1.5", "(1.5, 2)", "0.5")
        return f"upsample {self.named() if self.dice.random() < 0.15 else to}{how}"

    def border(self) -> str:
        number = self.dice.randint
        amount = self.some(
            f"{number(0, 2)}", f"({number(0, 2)}, {number(0, 2)})",
            f"({number(0, 2)}, {number(0, 3)}, {number(0, 2)}, {number(0, 1)})",
        )  # fmt: skip
        if self.dice.random() < 0.4:
            return f"crop {self.named() if self.dice.random() < 0.3 else amount}"
        return f"pad {amount}{self.maybe(0.7, lambda: self.some('reflect', 'replicate', 'circular'))}"

    def moved(self) -> str:
        if self.dice.random() < 0.4:
            # With as many channels as it takes.
            return self.some(
                "conv 8 1x1 -> unreorg 2", "conv 9 3x3 same -> unreorg 3 by_channel", "conv 4 1x1 -> shuffle 2",
                "upsample 2 -> reorg 2 by_channel", "conv 4 1x1 -> upsample 2 -> reorg 2 as_darknet",
            )  # fmt: skip
        return self.some(
            "reorg 2", "reorg 2 by_channel", "reorg 2 as_darknet", "unreorg 2", "unreorg 2 by_channel", "shuffle 2",
            "shuffle 3", "widen 9", "widen 12 s=2", "widen 8 s=2x3", "slice 0 2", "slice 1 4", "reorg 3",
        )  # fmt: skip

    def vector(self) -> str:
        behind = self.maybe(0.3, lambda: "bn") + self.maybe(0.4, self.activation) + self.maybe(0.2, lambda: "bias=off")
        return f"flatten -> fc {self.count(3, 5, 7)}{behind}"

    def step(self) -> str:
        """Any step that is no join."""
        makers = [self.conv] * 5 + [self.pool] * 4 + [self.dwconv, self.upconv, self.moved] * 2
        makers += [self.norm, self.resize, self.border]
        makers += [lambda: self.dice.choice(ACTIVATIONS), lambda: self.dice.choice(OWN_LINES)]
        return self.dice.choice(makers)()

    def keeping(self, channels: int) -> str:
        """A step that leaves the volume as it is."""
        return self.some(
            f"conv {channels} {self.some('3x3', '1x3', '5x1', '1x1')} same{self.behind()}",
            f"conv {channels} 2x2 {self.some('same_upper', 'same_lower')}{self.behind()}",
            f"dwconv 3x3 same{self.behind()}", "maxpool 3x3 s=1 same", "avgpool 3x3 s=1 same count_pad",
            "avgpool 2x3 s=1 same_upper", self.norm(), self.dice.choice(ACTIVATIONS), self.dice.choice(OWN_LINES),
            "pad 1 reflect -> maxpool 3x3 s=1",
        )  # fmt: skip

    # Lines -----------------------------------------------------------------------------------

    def named(self) -> str:
        return self.dice.choice(self.tensors[-4:])

    def branches(self, channels: int, word: str) -> str:
        made = [f"| {' -> '.join(self.keeping(channels) for _ in range(self.dice.randint(1, 2)))}"]
        if word == "concat":
            made += [f"| {self.some('', 'skip -> ')}{self.conv_of_same_size()}"]
        if word == "mul":
            gate = f"avgpool global -> conv {channels} 1x1 {self.some('sigmoid', 'hsigmoid', 'tanh')}"
            made.append(f"| {gate}" if self.dice.random() < 0.5 else f"| {self.keeping(channels)}")
        made += ["| skip"] if self.dice.random() < 0.7 or len(made) == 1 else []
        if self.dice.random() < 0.3:
            made.append(f"| {self.keeping(channels)}")
        self.dice.shuffle(made)
        return f"{word} {{ {' '.join(made)} }}"

    def strided(self) -> str:
        """A residual with a projection."""
        channels, stride = self.count(4, 6, 8), self.some("2", "1", "2x1")
        way = self.some(f"skip -> conv {channels} 1x1 s={stride} bn", f"skip -> shortcut {channels} s={stride}")
        return f"add {{ | conv {channels} 3x3 s={stride} same{self.behind()} | {way} }}"

    def conv_of_same_size(self) -> str:
        return f"conv {self.count()} {self.some('3x3', '1x1', '3x5')} same{self.behind()}"

    def line(self) -> str:
        """What may stand behind a label."""
        assert self.network is not None
        channels = self.network.layers[-1].output.channels
        assert isinstance(channels, int)
        dice = self.dice.random()
        if dice < 0.2:
            return self.branches(channels, self.some("add", "concat", "mul", "sub", "max"))
        if dice < 0.26:
            return self.strided()
        if dice < 0.34:
            return f"{self.some('add', 'concat', 'mul', 'sub', 'max')} {self.named()}"
        if dice < 0.40:
            return f"from {self.named()} -> {self.step()}"
        if dice < 0.46:
            return f"[{self.keeping(channels)} -> {self.keeping(channels)}] x{self.count(2, 3)}"
        if dice < 0.52 and self.blocks:
            return f"{self.dice.choice(self.blocks)} {self.count(4, 6, 8)}{self.maybe(0.5, self.stride)}"
        return " -> ".join(self.step() for _ in range(self.dice.randint(1, 2)))

    def block(self, name: str) -> str:
        """A block with params, and a tensor inside that can be named."""
        body = self.some(
            f"  conv c 3x3 s=s same bn relu -> conv c 1x3 same{self.behind()}",
            "  add {\n    | conv c 3x3 s=s same bn relu -> dwconv 3x3 same bn\n    | skip -> shortcut c s=s\n  }",
            f"  inner: conv c 1x1{self.behind()}\n  maxpool 3x3 s=s same\n  conv c+1 1x1",
            f"  concat {{\n    | avgpool 3x3 s=s same\n    | conv c 3x3 s=s same{self.behind()}\n  }}",
        )
        return f"block {name}(c, s=1) {{\n{body}\n}}"

    # The whole -------------------------------------------------------------------------------

    def takes(self, *lines: str) -> bool:
        """Whether the checker takes the network with *lines* at its end; if so they stay."""
        network = read_source(Source("random.spec", "\n".join([*self.lines, *lines, ""])), {}).network
        if network is None or not _is_fit(network):
            return False
        self.lines += lines
        self.network = network
        return True

    def spec(self) -> str:
        free = self.dice.random() < 0.15
        high, wide = (f"?{name}" if free else str(self.dice.randint(3, 11)) for name in FREE)
        self.lines.append(f"input image ({high}, {wide}, {self.count(1, 2, 3, 4, 6)})")
        if two := self.dice.random() < 0.25:
            self.lines.append(f"input mask ({high}, {wide}, {self.count(1, 2)})")
            self.tensors.append("mask")
        for name in ("twice", "wide")[: self.dice.choice((0, 0, 1, 2))]:
            if self.dice.random() < 0.3:
                self.lines.append(self.some("default conv swish", "default maxpool s=1 same", "default conv same"))
            self.lines.append(self.block(name))
            self.blocks.append(name)
        assert self.takes(f"t0: from image -> concat mask -> {self.some('relu', 'tanh')}" if two else "t0: tanh")
        self.tensors.append("t0")
        for number in range(1, self.dice.randint(3, 9)):
            if any(self.takes(f"t{number}: {self.line()}") for _ in range(20)):
                self.tensors.append(f"t{number}")
        if self.dice.random() < 0.4 and self.takes(f"v: {self.vector()}"):
            self.tensors.append("v")
            if self.dice.random() < 0.5:
                end = self.some("softmax 4", "layernorm", "scale -> fc 3", "logsoftmax", "fc 6 relu -> softmax 2")
                self.takes(f"w: {end}")
        if self.dice.random() < 0.3:
            self.takes(f"output {' '.join(self.dice.sample(self.tensors[-3:], 2))}")
        used = "\n".join(line for line in self.lines if not line.startswith("block"))
        kept = (line for line in self.lines if not line.startswith("block") or f" {line.split('(')[0][6:]} " in used)
        return "\n".join([*kept, ""])


def _is_fit(network: Network) -> bool:
    """Whether it is small, runs with the sizes in `FREE`, and onnxruntime's rounding is not most of what it answers."""
    if not fit(network, FREE):
        return False
    made = volumes(network, FREE)
    for layer in network.layers:
        volume = made[layer.name]
        if layer.kind.word == "instancenorm" and as_int(volume.size) < 8 * as_int(volume.channels):
            return False  # of few numbers the variance may be next to none
        if layer.kind.word == "upsample" and len(layer.inputs) == 2 and not network.is_fixed:
            return False  # copies by a float32 of onnxruntime's, as docs/layers.md says
    return all(as_int(volume.size) <= MOST_NUMBERS for volume in made.values())


def spec(seed: int) -> str:
    """The text of the random network *seed*."""
    return _Maker(seed).spec()

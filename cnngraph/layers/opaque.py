"""Parts of models from elsewhere: what they have and no layer here does."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.kind import Caption, Family, Kind, argument, kind
from cnngraph.layers.reach import Reach
from cnngraph.layers.terms import Term, number
from cnngraph.layers.values import INDEX, SHAPE, TEXT
from cnngraph.volume import Volume


@kind
class Opaque(Kind):
    """A part of a model from elsewhere that no layer here does: ``opaque "attention" to=14x14x256``. It takes what
    flows in, and tensors that are named, and makes the volume that is said: the one volume of a network that is a claim
    and is not computed. It is drawn and its weights are counted; its multiply-accumulates are not known. It is exported
    out of the ONNX file that it is from, where that is at hand: what it stands for is passed through as it is."""

    word = "opaque"
    family: ClassVar[Family] = "other"
    takes_tensors = "many"
    is_known = False
    onnx = "none"

    does: str = argument(TEXT, positional=True, doc="what the file that it is from calls it, in quotation marks")
    to: tuple[int, ...] | None = argument(
        SHAPE, default=None, doc="the volume or the length of the vector that it makes; that of its input unless said"
    )
    numbers: int = argument(INDEX, keyword="params", default=0, doc="how many numbers of weights it has")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        return inputs[0] if self.to is None else Volume(self.to)

    def counted(self, inputs: tuple[Volume, ...]) -> Term:
        """They are in the file that it is from, and nobody else is to give them: it has no parameters."""
        return number(self.numbers)

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def caption(self) -> Caption:
        return Caption(self.does, loud=self.does)

"""A layer of a Caffe network as its text says it, in the old form (``layers``) or the new (``layer``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnngraph.fronts.caffe.oldest import is_oldest, upgraded
from cnngraph.fronts.caffe.prototext import Message
from cnngraph.fronts.mistake import mistake
from cnngraph.source import Span


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer."""

    message: Message
    name: str
    type: str
    """As the new form has it: ``InnerProduct``."""
    bottoms: tuple[str, ...]
    """The blobs that it takes."""
    tops: tuple[str, ...]
    """The blobs that it makes; one it takes is made in place."""

    @property
    def span(self) -> Span:
        return self.message.place("type", "name")

    @property
    def scope(self) -> str:
        """Its name as a path: ``inception_3a.1x1`` for ``inception_3a/1x1``."""
        return self.name.replace("/", ".")

    def options(self, name: str) -> Message:
        """The arguments under *name*: ``convolution_param``."""
        return self.message.message(name)


def messages(net: Message) -> list[Message]:
    """The layers of *net* as messages in the form of today or the one before, in the order of the text."""
    found = net.messages("layer", "layers")
    return list(upgraded(found)) if is_oldest(found) else found


def layers(net: Message, found: Sequence[Message]) -> list[Layer]:
    """Those of the *found* messages of *net* that run in the phase TEST. Raises `CnngraphError`."""
    state = net.message("state")
    stages, level = set(state.texts("stage")), state.whole("level", 0)
    return [_layer(each) for each in found if _runs(each, stages, level)]


def _layer(message: Message) -> Layer:
    type = message.text("type")
    if not type:
        raise mistake("E0115", "this layer has no `type`", message.place())
    tops = tuple(message.texts("top"))
    name = message.text("name") or (tops[0] if tops else type)
    return Layer(message, name, present(type), tuple(message.texts("bottom")), tops)


_CAMEL = (
    "ACCURACY", "BATCH_NORM", "BIAS", "CONCAT", "CONTRASTIVE_LOSS", "CONVOLUTION", "CROP", "DATA", "DECONVOLUTION",
    "DENSE_CRF", "DROPOUT", "DUMMY_DATA", "ELTWISE", "EUCLIDEAN_LOSS", "EXP", "FLATTEN", "HINGE_LOSS", "IMAGE_DATA",
    "IMAGE_SEG_DATA", "INFOGAIN_LOSS", "INNER_PRODUCT", "INTERP", "MAT_WRITE", "MEMORY_DATA",
    "MULTINOMIAL_LOGISTIC_LOSS", "NORMALIZE", "PERMUTE", "POOLING", "POWER", "PYTHON", "REDUCTION", "RESHAPE", "SCALE",
    "SIGMOID", "SIGMOID_CROSS_ENTROPY_LOSS", "SILENCE", "SLICE", "SOFTMAX", "SPLIT", "THRESHOLD", "TILE", "UPSAMPLE",
    "WINDOW_DATA",
)  # fmt: skip
_PRESENT = {
    **{old: "".join(part.capitalize() for part in old.split("_")) for old in _CAMEL},
    "ABSVAL": "AbsVal", "ARGMAX": "ArgMax", "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "IM2COL": "Im2col",
    "CConvolution": "Convolution", "CInnerProduct": "InnerProduct", "ConvolutionRistretto": "Convolution",
    "DeconvolutionRistretto": "Deconvolution", "FcRistretto": "InnerProduct",
    "LRNRistretto": "LRN", "PRELU": "PReLU", "RELU": "ReLU", "ROI_POOLING": "ROIPooling",
    "SOFTMAX_LOSS": "SoftmaxWithLoss", "TANH": "TanH",
}  # fmt: skip
"""Types of the old form (`V1LayerParameter`, and forks) as the new form has them, and those of forks that have the same
with numbers of few bits (Ristretto), or some of them switched off (network surgery); the others are called alike."""


def present(type: str) -> str:
    """The name of a type in the new form: ``InnerProduct`` for ``INNER_PRODUCT``."""
    return _PRESENT.get(type, type)


def _runs(message: Message, stages: set[str], level: int) -> bool:
    """Whether a layer runs in the phase TEST (`Net::FilterNet` in Caffe's net.cpp)."""
    include, exclude = message.messages("include"), message.messages("exclude")
    if include:
        return any(_meets(rule, stages, level) for rule in include)
    return not any(_meets(rule, stages, level) for rule in exclude)


def _meets(rule: Message, stages: set[str], level: int) -> bool:
    if rule.text("phase", "TEST") not in ("TEST", "1"):
        return False
    if level < rule.whole("min_level", level) or level > rule.whole("max_level", level):
        return False
    return stages.issuperset(rule.texts("stage")) and stages.isdisjoint(rule.texts("not_stage"))


_LOSSES = frozenset({"HDF5Output", "MatWrite", "DetectionEvaluate", "Silence", "WarpCTC"})


def is_loss(layer: Layer) -> bool:
    """Whether it only measures how good the network is: by its type, because what it makes counts while training, or
    because it is one number of all pictures together."""
    if any(word in layer.type.lower() for word in ("loss", "accuracy")) or layer.type in _LOSSES:
        return True
    if layer.type == "Reduction" and layer.options("reduction_param").whole("axis", 0) == 0:
        return True
    return any(layer.message.numbers("loss_weight"))


def is_data(layer: Layer) -> bool:
    """Whether it brings what the network takes: pictures, and what is known of them."""
    return not layer.bottoms and layer.type != "Parameter"

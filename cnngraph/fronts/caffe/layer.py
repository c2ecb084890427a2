"""A layer of a Caffe network as its text says it, in the old form (``layers``) or the new (``layer``)."""

from __future__ import annotations

from dataclasses import dataclass

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


def layers(net: Message) -> list[Layer]:
    """Those of *net* that run in the phase TEST, in the order of the text. Raises `CnngraphError`."""
    state = net.message("state")
    stages, level = set(state.texts("stage")), state.whole("level", 0)
    found = [each for each in net.messages("layer", "layers") if _runs(each, stages, level)]
    return [_layer(each) for each in found]


def _layer(message: Message) -> Layer:
    if message.messages("layer"):
        raise mistake(
            "E0115", "this network is written as Caffe had it until 2013", message.place("layer"),
            help="Caffe's own tool makes the present form of it:  upgrade_net_proto_text OLD NEW",
        )  # fmt: skip
    type = message.text("type")
    if not type:
        raise mistake("E0115", "this layer has no `type`", message.place())
    tops = tuple(message.texts("top"))
    name = message.text("name") or (tops[0] if tops else type)
    return Layer(message, name, present(type), tuple(message.texts("bottom")), tops)


_CAMEL = (
    "ACCURACY", "CONCAT", "CONTRASTIVE_LOSS", "CONVOLUTION", "CROP", "DATA", "DECONVOLUTION", "DROPOUT", "DUMMY_DATA",
    "ELTWISE", "EUCLIDEAN_LOSS", "EXP", "FLATTEN", "HINGE_LOSS", "IMAGE_DATA", "INFOGAIN_LOSS", "INNER_PRODUCT",
    "MEMORY_DATA", "MULTINOMIAL_LOGISTIC_LOSS", "POOLING", "POWER", "RESHAPE", "SIGMOID", "SIGMOID_CROSS_ENTROPY_LOSS",
    "SILENCE", "SLICE", "SOFTMAX", "SPLIT", "THRESHOLD", "WINDOW_DATA",
)  # fmt: skip
_PRESENT = {
    **{old: "".join(part.capitalize() for part in old.split("_")) for old in _CAMEL},
    "ABSVAL": "AbsVal", "ARGMAX": "ArgMax", "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "IM2COL": "Im2col",
    "PRELU": "PReLU", "RELU": "ReLU", "SOFTMAX_LOSS": "SoftmaxWithLoss", "TANH": "TanH",
}  # fmt: skip
"""Types of the old form (`V1LayerParameter`, and forks) as the new form has them; the others are called alike."""


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


def is_loss(layer: Layer) -> bool:
    """Whether it only measures how good the network is."""
    return layer.type.lower().endswith("loss") or layer.type in (
        "Accuracy",
        "HDF5Output",
        "DetectionEvaluate",
        "Silence",
    )


def is_data(layer: Layer) -> bool:
    """Whether it brings what the network takes: pictures, and what is known of them."""
    return not layer.bottoms and layer.type != "Parameter"

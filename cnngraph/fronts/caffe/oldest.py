"""Caffe's networks as they were written until 2013, ``layers { layer { type: "conv" … } bottom: … top: … }``, in the
form that came after it, as `UpgradeV0Net` in Caffe's src/caffe/util/upgrade_proto.cpp makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnngraph.fronts.caffe.prototext import Message
from cnngraph.fronts.mistake import mistake

_TYPES = {
    "accuracy": "Accuracy", "bnll": "BNLL", "concat": "Concat", "conv": "Convolution", "data": "Data",
    "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten", "hdf5_data": "HDF5Data",
    "hdf5_output": "HDF5Output", "im2col": "Im2col", "images": "ImageData", "infogain_loss": "InfogainLoss",
    "innerproduct": "InnerProduct", "lrn": "LRN", "multinomial_logistic_loss": "MultinomialLogisticLoss",
    "pool": "Pooling", "relu": "ReLU", "sigmoid": "Sigmoid", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "split": "Split", "tanh": "TanH", "window_data": "WindowData",
}  # fmt: skip
_OPTIONS = {
    "concat": "concat_param", "conv": "convolution_param", "data": "transform_param", "dropout": "dropout_param",
    "images": "image_data_param", "innerproduct": "inner_product_param", "lrn": "lrn_param", "pool": "pooling_param",
    "window_data": "transform_param",
}  # fmt: skip
"""Where the options of a type have stood since."""
_SAID = {
    "biasterm": "bias_term", "kernelsize": "kernel_size", "meanfile": "mean_file", "cropsize": "crop_size",
    "batchsize": "batch_size",
}  # fmt: skip
"""What options are called otherwise."""


def is_oldest(messages: Iterable[Message]) -> bool:
    """Whether the layers *messages* are of this form."""
    return any("layer" in message for message in messages)


def upgraded(messages: Iterable[Message]) -> Iterator[Message]:
    """The layers *messages* in the form of today. A border that is a layer of its own is one of the layer behind it."""
    borders: dict[str, tuple[str, Message]] = {}
    for outer in messages:
        inner = outer.message("layer")
        type = inner.text("type")
        bottoms, tops = outer.texts("bottom"), outer.texts("top")
        if type == "padding":
            if len(bottoms) != 1 or len(tops) != 1:
                raise mistake("E0207", "a layer `padding` has one blob below and one above", inner.place("type"))
            borders[tops[0]] = bottoms[0], inner
            continue
        if type not in _TYPES:
            raise mistake("E0115", f"there is no type `{type}` in this form", inner.place("type"))
        yield _upgraded(outer, inner, type, borders)
        for top in tops:
            borders.pop(top, None)


def _upgraded(outer: Message, inner: Message, type: str, borders: dict[str, tuple[str, Message]]) -> Message:
    made, options = outer.empty(), inner.empty()
    for name, value, start in inner.fields():
        if name == "name":
            made.add(name, value, start)
        elif name == "type":
            made.add(name, _TYPES[type], start)
        else:
            options.add(_SAID.get(name, name), value, start)
    for name, value, start in outer.fields():
        if name == "bottom" and isinstance(value, str) and value in borders:
            value, padding = borders[value]
            for key, amount, place in padding.fields():
                if key == "pad":
                    options.add(key, amount, place)
        if name != "layer":
            made.add(name, value, start)
    if type in _OPTIONS:
        made.add(_OPTIONS[type], options, outer.start)
    return made

"""Networks as Caffe has them: any spec that a .prototxt can say, and files of blobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnngraph.network import Layer, Network
from cnngraph.volume import as_int

Blobs = Mapping[str, Sequence[Any]]
"""Arrays, by the names of layers."""


def data(*sizes: int, name: str = "data") -> str:
    """An input of a height, a width and channels, or of so many numbers."""
    dims = (1, sizes[2], sizes[0], sizes[1]) if len(sizes) == 3 else (1, *sizes)
    return f'input: "{name}"\ninput_shape {{ {" ".join(f"dim: {dim}" for dim in dims)} }}\n'


def layer(type: str, name: str, bottoms: str = "", tops: str = "", **options: object) -> str:
    """One layer; ``convolution={"pad": 1}`` is its ``convolution_param``, a list a field that is repeated."""
    blobs = [f'  bottom: "{each}"\n' for each in bottoms.split()] + [f'  top: "{each}"\n' for each in tops.split()]
    return f'layer {{\n  name: "{name}"\n  type: "{type}"\n{"".join(blobs)}{_fields(options, "  ")}}}\n'


def _fields(options: Mapping[str, object], indent: str) -> str:
    text = ""
    for key, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                name = f"{key}_param" if indent == "  " and key not in ("include", "exclude", "param") else key
                text += f"{indent}{name} {{\n{_fields(each, indent + '  ')}{indent}}}\n"
            else:
                said = str(each).lower() if isinstance(each, bool) else each
                text += f"{indent}{key}: {said}\n"
    return text


def ssd300() -> str:
    """As SSD's deploy.prototxt for pictures of 300x300 and the 21 classes of VOC."""

    def bare(name: str, below: str, channels: int, side: int, **options: int) -> str:
        options = {"num_output": channels, "kernel_size": side, "pad": side // 2} | options
        return layer("Convolution", name, below, name, convolution=options)

    def conv(name: str, below: str, channels: int, side: int, **options: int) -> str:
        return bare(name, below, channels, side, **options) + layer("ReLU", f"relu_{name}", name, name)

    text, last = data(300, 300, 3), "data"
    for stage, (channels, times) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for number in range(1, times + 1):
            text, last = text + conv(f"conv{stage}_{number}", last, channels, 3), f"conv{stage}_{number}"
        size = {"kernel_size": 2, "stride": 2} if stage < 5 else {"kernel_size": 3, "stride": 1, "pad": 1}
        text, last = text + layer("Pooling", f"pool{stage}", last, f"pool{stage}", pooling=size), f"pool{stage}"
    text += conv("fc6", last, 1024, 3, pad=6, dilation=6) + conv("fc7", "fc6", 1024, 1)
    last = "fc7"
    for stage, (few, many, options) in enumerate([(256, 512, {"stride": 2}), (128, 256, {"stride": 2}),
                                                  (128, 256, {"pad": 0}), (128, 256, {"pad": 0})], 6):  # fmt: skip
        text += conv(f"conv{stage}_1", last, few, 1) + conv(f"conv{stage}_2", f"conv{stage}_1", many, 3, **options)
        last = f"conv{stage}_2"
    norm = {"across_spatial": False, "channel_shared": False}
    text += layer("Normalize", "norm", "conv4_3", "norm", norm=norm)
    ends: dict[str, list[str]] = {"loc": [], "conf": [], "priorbox": []}
    for blob, boxes in (("norm", 4), ("fc7", 6), ("conv6_2", 6), ("conv7_2", 6), ("conv8_2", 4), ("conv9_2", 4)):
        for end, each in (("loc", 4), ("conf", 21)):
            name = f"{blob}_{end}"
            text += bare(name, blob, boxes * each, 3)
            text += layer("Permute", f"{name}_perm", name, f"{name}_perm", permute={"order": [0, 2, 3, 1]})
            text += layer("Flatten", f"{name}_flat", f"{name}_perm", f"{name}_flat", flatten={"axis": 1})
            ends[end].append(f"{name}_flat")
        text += layer("PriorBox", f"{blob}_priorbox", f"{blob} data", f"{blob}_priorbox", prior_box={"min_size": 60})
        ends["priorbox"].append(f"{blob}_priorbox")
    for end, blobs in ends.items():
        axis = 2 if end == "priorbox" else 1
        text += layer("Concat", f"mbox_{end}", " ".join(blobs), f"mbox_{end}", concat={"axis": axis})
    text += layer("Reshape", "mbox_conf_reshape", "mbox_conf", "rows", reshape={"shape": {"dim": [0, -1, 21]}})
    text += layer("Softmax", "mbox_conf_softmax", "rows", "soft", softmax={"axis": 2})
    text += layer("Flatten", "mbox_conf_flatten", "soft", "soft_flat", flatten={"axis": 1})
    return text + layer("DetectionOutput", "detection_out", "mbox_loc soft_flat mbox_priorbox", "detection_out")


ACTIVATIONS = {"relu": "ReLU", "relu6": "ReLU6", "sigmoid": "Sigmoid", "tanh": "TanH", "swish": "Swish",
               "prelu": "PReLU", "abs": "AbsVal", "softplus": "BNLL", "softmax": "Softmax", "leaky": "ReLU",
               "elu": "ELU"}  # fmt: skip


def written(network: Network, *, in_place: bool = False) -> str:
    """A network as a .prototxt; with *in_place*, what changes no volume makes the blob that it takes."""
    text = "".join(data(*map(as_int, each.output.dims), name=each.name) for each in network.inputs)
    blob = {each.name: each.name for each in network.inputs}
    outputs = {output.layer for output in network.outputs}
    for each in network.layers:
        if not each.inputs:
            continue
        bottoms = " ".join(blob[name] for name in each.inputs)
        alone = len(each.inputs) == 1 and len(network.consumers[each.inputs[0]]) == 1 and blob[each.inputs[0]] != "data"
        quiet = each.kind.word in {"bn", "dropout", *ACTIVATIONS} and each.inputs[0] not in outputs
        blob[each.name] = bottoms if in_place and alone and quiet and network[each.inputs[0]].inputs else each.name
        said = _written(network, each, bottoms, blob[each.name])
        if first := each.shares or (each.name if each.name in network.shared else ""):
            names = [f'  param {{ name: "{first}.{key}" }}\n' for key in network[first].parameters]
            said = said.removesuffix("}\n") + "".join(names) + "}\n"
        text += said
    return text


def _written(network: Network, each: Layer, bottoms: str, top: str) -> str:
    kind: Any = each.kind
    options: dict[str, Any]
    volume, word, name = each.input_volumes[0], kind.word, each.name
    if word in ACTIVATIONS:
        options = {"leaky": {"relu": {"negative_slope": getattr(kind, "slope", 0)}},
                   "elu": {"elu": {"alpha": getattr(kind, "alpha", 0)}},
                   "prelu": {"prelu": {"channel_shared": getattr(kind, "shared", False)}}}.get(word, {})  # fmt: skip
        return layer(ACTIVATIONS[word], name, bottoms, top, **options)
    match word:
        case "conv" | "dwconv" | "upconv":
            assert not getattr(kind, "output_padding", 0)
            groups = as_int(volume.channels) if word == "dwconv" else kind.groups
            options = _window(kind, _border(each)) | {"num_output": as_int(each.output.channels), "group": groups,
                                                      "bias_term": kind.bias}  # fmt: skip
            return layer(
                "Deconvolution" if word == "upconv" else "Convolution", name, bottoms, top, convolution=options
            )
        case "maxpool" | "avgpool":
            how = "AVE" if word == "avgpool" else "MAX"
            assert kind.to is None
            if kind.everything:
                return layer("Pooling", name, bottoms, top, pooling={"pool": how, "global_pooling": True})
            options, border = _window(kind, _border(each)), _border(each)
            assert how == "MAX" or kind.count_pad or not any(border)
            mode = {} if kind.ceil else {"round_mode": "FLOOR"}
            return layer("Pooling", name, bottoms, top, pooling={"pool": how, **options, **mode})
        case "bn":
            assert kind.affine
            norm = layer("BatchNorm", name, bottoms, top, batch_norm={"eps": kind.eps})
            return norm + layer("Scale", f"{name}/scale", top, top, scale={"bias_term": True})
        case "fc":
            return layer("InnerProduct", name, bottoms, top,
                         inner_product={"num_output": kind.units, "bias_term": kind.bias})  # fmt: skip
        case "lrn":
            options = {"local_size": kind.n, "alpha": kind.alpha, "beta": kind.beta, "k": kind.k}
            return layer("LRN", name, bottoms, top, lrn=options)
        case "dropout":
            return layer("Dropout", name, bottoms, top, dropout={"dropout_ratio": kind.p})
        case "add" | "max" | "sub":
            how = {"add": "SUM", "max": "MAX", "sub": "SUM"}[word]
            coefficients = {"coeff": [1, -1]} if word == "sub" else {}
            return layer("Eltwise", name, bottoms, top, eltwise={"operation": how, **coefficients})
        case "mul":
            large = max(each.inputs, key=lambda of: as_int(network[of].output.size))
            order = [large, *(of for of in each.inputs if of != large)]
            by_input = dict(zip(each.inputs, bottoms.split(), strict=True))
            return layer("Scale", name, " ".join(by_input[of] for of in order), top, scale={"axis": 0})
        case "slice":
            channels, tops, points = as_int(volume.channels), [], []
            if kind.start:
                tops, points = [f"{name}/before"], [kind.start]
            tops.append(top)
            if kind.stop < channels:
                tops, points = [*tops, f"{name}/behind"], [*points, kind.stop]
            rest = "".join(layer("Silence", f"{each}/none", each) for each in tops if each != top)
            return layer("Slice", name, bottoms, " ".join(tops), slice={"slice_point": points}) + rest
        case "shuffle":
            return layer("ShuffleChannel", name, bottoms, top, shuffle_channel={"group": kind.g})
        case "crop":
            assert len(each.inputs) == 2
            offset = [(as_int(a) - as_int(b)) // 2 for a, b in zip(volume.dims[:2], each.output.dims[:2], strict=True)]
            return layer("Crop", name, bottoms, top, crop={"axis": 2, "offset": offset})
        case "upsample":
            assert not kind.bilinear
            return layer("Upsample", name, bottoms, top, upsample={"scale": kind.n})
        case "flatten":
            return layer("Flatten", name, bottoms, top)
        case "concat":
            return layer("Concat", name, bottoms, top)
    raise ValueError(f"no layer for {word}")


def _border(each: Layer) -> tuple[int, int]:
    kind: Any = each.kind
    borders = [kind.slide.pads(axis, size) for axis, size in enumerate(each.input_volumes[0].dims[:2])]
    assert all(before == after for before, after in borders)
    return borders[0][0], borders[1][0]


def _window(kind: Any, border: tuple[int, int]) -> dict[str, object]:
    stride = kind.stride or kind.window
    found = {"kernel_h": kind.window[0], "kernel_w": kind.window[1], "stride_h": stride[0], "stride_w": stride[1],
             "pad_h": border[0], "pad_w": border[1]}  # fmt: skip
    return found | ({"dilation": list(kind.dilation)} if getattr(kind, "dilation", (1, 1)) != (1, 1) else {})


# Files of blobs --------------------------------------------------------------------------------------


def blobs_of(network: Network, arrays: Mapping[str, Any], divisor: float = 2.0) -> dict[str, list[Any]]:
    """The weights of a spec as Caffe has them in the layers of `written`."""
    found: dict[str, list[Any]] = {}
    for each in network.layers:
        own = {key: arrays[f"{each.name}.{key}"] for key in each.parameters}
        if each.kind.word == "bn":
            statistics = [own["running_mean"] * divisor, own["running_var"] * divisor]
            found[each.name] = [*statistics, np.array([divisor], "f4")]
            found[f"{each.name}/scale"] = [own["weight"], own["bias"]]
        elif own:
            found[each.name] = list(own.values())
    return found


def caffemodel(blobs: Blobs, *, old: bool = False, oldest: bool = False, double: bool = False) -> bytes:
    """The file that has *blobs*; in the *old* form, or the *oldest*, with the four sizes that blobs had."""
    name, inner, outer = (1, 50, 2) if oldest else (4, 6, 2) if old else (1, 7, 100)
    made = b""
    for key, arrays in blobs.items():
        own = b"".join(_field(inner, _blob(each, old or oldest, double)) for each in arrays)
        own = _field(name, key.encode()) + own
        made += _field(outer, _field(1, own) + _field(2, b"below") if oldest else own)
    return _field(1, b"net") + made


def _blob(array: Any, old: bool, double: bool) -> bytes:
    numbers = np.ascontiguousarray(array, "<f8" if double else "<f4").tobytes()
    if old:
        sizes = (1,) * (4 - array.ndim) + array.shape
        shape = b"".join(varint(number << 3) + varint(size) for number, size in enumerate(sizes, 1))
    else:
        shape = _field(7, _field(1, b"".join(map(varint, array.shape))))
    return shape + _field(8 if double else 5, numbers)


def _field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])

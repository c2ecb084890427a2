"""Keras's weights, turned to PyTorch's layout: ``.weights.h5`` and ``.keras`` of Keras 3, ``.h5`` of Keras 2.

Keras 3 files each layer under the count of its class (``layers/conv2d_1/vars/0``) and keeps the layer's own name as
an attribute; which variable is which follows from the class. Keras 2 names layers and variables, in order.
Kernels are height, width, in, out there and out, in, height, width here; matrices are in, out there.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.layers.values import VALID, Padding
from cnngraph.weights.readers.entry import Array, Entry, Said, Unreadable, member_bytes, natural

EPSILON = 1e-3
"""What Keras's normalizations add to the variance unless told otherwise; PyTorch adds 1e-5."""
_LARGEST_CONFIG = 2**23
"""Bytes; that of Keras's NASNetLarge has 2^20."""
_IN_ARCHIVE = "model.weights.h5"


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the file with its variables, in Keras's order."""

    name: str
    kind: str
    """Its class as Keras files it: ``depthwise_conv2d``."""
    variables: Mapping[str, Any]
    """HDF5 datasets by variable, or by number in files of Keras 3."""


@dataclass(frozen=True, slots=True)
class _Config:
    """What the model's configuration says of a layer."""

    place: int
    kind: str
    said: Mapping[str, object]
    """Its arguments, by their keywords here."""
    scale: bool
    center: bool
    function: tuple[str, Mapping[str, object]] | None
    """The activation behind it, or that it is."""
    channels_first: bool


def read_keras(path: Path) -> list[Entry]:
    """Its tensors: in the model's order if the file tells, else by class. Raises `Unreadable`."""
    try:
        import h5py
    except ImportError:
        raise CnngraphError.of(
            "E0705", f"{path}: files of Keras's are read with h5py, which is not installed",
            help="pip install 'cnngraph[keras]'",
        ) from None  # fmt: skip
    if path.suffix.lower() == ".keras":
        stream, config = _unpacked(path)
        file = h5py.File(stream, "r")
    else:
        file, config = h5py.File(path, "r"), {}
    datasets: dict[str, Any] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise Unreadable(f"`{name}` is said to be in another file, and no other file is opened")
            datasets[name] = item

    # Goes through what is in the file once, and along no link that leads out of it.
    file.visititems(take)
    holder = file.get("model_weights", file)
    if "layer_names" in holder.attrs or "layer_names0" in holder.attrs:
        config = config or _config_of(file)
        layers = _keras2(holder, datasets, config)
    else:
        layers = _keras3(file, datasets, config)
    counts: Counter[str] = Counter()
    entries: list[Entry] = []
    hwc = _is_hwc(config)
    for layer in layers:
        filed = f"{layer.kind}_{counts[layer.kind]}"
        counts[layer.kind] += 1
        entries += [
            replace(
                entry,
                filed=entry.name.replace(layer.name, filed, 1),
                said=_said_of(entry, layer, config),
                tells=bool(config),
                hwc=hwc,
            )
            for entry in _entries(layer, config.get(layer.name))
        ]
    return entries


def _unpacked(path: Path) -> tuple[IO[bytes], dict[str, _Config]]:
    """The weights in a ``.keras`` archive as a file of their own, since HDF5 jumps about; and its configuration."""
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if _IN_ARCHIVE not in members:
            raise Unreadable(f"there is no {_IN_ARCHIVE} in it")
        member = members[_IN_ARCHIVE]
        if member.compress_type != zipfile.ZIP_STORED:
            raise Unreadable("its weights are compressed, which Keras never does")
        config: dict[str, _Config] = {}
        if "config.json" in members:
            version = ""
            if "metadata.json" in members:
                about = json.loads(member_bytes(archive, members["metadata.json"], _LARGEST_CONFIG))
                version = str(about.get("keras_version", "")) if isinstance(about, dict) else ""
            config = _configured(json.loads(member_bytes(archive, members["config.json"], _LARGEST_CONFIG)), version)
        out = tempfile.TemporaryFile()  # noqa: SIM115 - it is read as long as the weights are
        with archive.open(member) as stream:
            shutil.copyfileobj(stream, out, 2**20)
    out.seek(0)
    return out, config


def _config_of(file: Any) -> dict[str, _Config]:
    """The configuration in an HDF5 file of a whole model."""
    text = str(file.attrs.get("model_config", "{}"))
    if len(text) > _LARGEST_CONFIG:
        raise Unreadable(f"its model_config has {len(text):,} characters, too many to be one")
    return _configured(json.loads(text), str(file.attrs.get("keras_version", "")))


def _configured(model: Any, version: str) -> dict[str, _Config]:
    """Layers by name, in the model's order, those of models within models too; *version* is that of Keras."""
    old = version.startswith("2.")
    found: dict[str, _Config] = {}
    waiting = [model]
    while waiting:
        item = waiting.pop()
        config = item.get("config", {}) if isinstance(item, dict) else {}
        if not isinstance(config, dict):
            continue
        if isinstance(config.get("layers"), list):
            waiting += reversed(config["layers"])
            continue
        if isinstance(name := config.get("name"), str):
            kind = _snake(str(item.get("class_name", "")))
            found[name] = _Config(
                len(found),
                kind,
                _arguments(kind, config),
                config.get("scale") is not False,
                config.get("center") is not False,
                _function(kind, config, old),
                config.get("data_format") == "channels_first",
            )
    return found


def read_layers(path: Path) -> list[Said] | None:
    """What its configuration tells of layers without weights, and of the functions behind others, in the model's order;
    None where there is no configuration."""
    import h5py

    if path.suffix.lower() == ".keras":
        config = _unpacked(path)[1]
    else:
        with h5py.File(path, "r") as file:
            config = _config_of(file)
    if not config:
        return None
    said = []
    for name, each in config.items():
        kind = each.kind.replace("_", "").replace("1d", "2d")
        if each.kind.replace("1d", "2d") in _VARIABLES or kind in _SILENT or kind in _FUNCTIONS:
            pass
        elif kind.startswith("global"):
            said.append(Said(kind.removeprefix("global"), {"global": True}, name))
        else:
            border = each.said.get("n") if kind == "zeropadding2d" else None
            said.append(Said(kind, each.said, name, border.amounts if isinstance(border, Padding) else None))
        if each.function is not None:
            said.append(Said(*each.function, name))
    return said


_SILENT = {
    "inputlayer", "flatten", "dropout", "spatialdropout2d", "gaussiandropout", "gaussiannoise", "alphadropout",
    "activityregularization", "activation", "reshape",
}  # fmt: skip
"""Classes of which nothing more is to be said: they change no number when a model runs, or their weights tell."""
_FUNCTIONS = {"relu", "leakyrelu", "elu", "softmax"}
"""Classes that are a function."""
_KEYWORDS = {"epsilon": "eps", "strides": "s", "dilation_rate": "d", "padding": "p", "pool_size": "f"}
_PADDINGS = {"valid": VALID, "same": Padding("same_upper")}


def _arguments(kind: str, config: Mapping[str, Any]) -> dict[str, object]:
    said: dict[str, object] = {}
    if kind.startswith(("zero_padding", "cropping")):
        return _border(config.get("padding", config.get("cropping")))
    if kind.startswith("up_sampling"):
        how = str(config.get("interpolation", "nearest"))
        said["mode"] = how
        match config.get("size"):
            case [int() as down, int() as across]:
                said["n"] = down if down == across else (down, across)
            case int() as times:
                said["n"] = (times,)
        return said
    for key, keyword in _KEYWORDS.items():
        match config.get(key):
            case float() as number:
                said[keyword] = number
            case [*sizes] if sizes and all(type(size) is int for size in sizes):
                said[keyword] = tuple(sizes)
            case str() as mode if mode in _PADDINGS:
                said[keyword] = _PADDINGS[mode]
            case "causal":
                said[keyword] = _causal(config)
    match config.get("groups"):
        case int() as groups if kind == "group_normalization" and groups > 0:
            said["g"] = groups
    return said


def _causal(config: Mapping[str, Any]) -> Padding:
    """Zeros before a sequence, so that no place sees what comes after it."""
    match config.get("kernel_size"), config.get("dilation_rate"):
        case [int() as window], [int() as dilation]:
            return Padding("given", (dilation * (window - 1), 0, 0, 0))
    return VALID


def _border(amounts: object) -> dict[str, object]:
    """What a layer puts around a map or cuts off: two numbers of a sequence, two pairs of a map."""
    match amounts:
        case [[int() as top, int() as bottom], [int() as left, int() as right]]:
            return {"n": Padding("given", (top, left, bottom, right))}
        case [int() as before, int() as after]:
            return {"n": Padding("given", (before, 0, after, 0))}
    return {}


def _function(kind: str, config: Mapping[str, Any], old: bool) -> tuple[str, Mapping[str, object]] | None:
    """The activation that a layer is, or has behind it; *old* is that of Keras 2."""
    name, arguments = kind.replace("_", ""), config
    if "activation" in config:
        function = config["activation"]
        name = str(function.get("config", "") if isinstance(function, dict) else function).replace("_", "")
        if name == "linear":
            return None
        if name == "hardsigmoid":
            return "hsigmoid", {"slope": 0.2 if old else 1 / 6}
        # Keras's function has another slope than its layer.
        arguments = {"negative_slope": 0.2} if name == "leakyrelu" else {}
    elif name not in _FUNCTIONS and kind != "p_re_lu":
        return None
    elif name == "relu":
        if config.get("threshold"):
            name = "relu with a threshold"
        elif isinstance(most := config.get("max_value"), int | float):
            name = f"relu{most:g}"
        elif config.get("negative_slope"):
            name = "leakyrelu"
    if name == "prelu":
        return name, {"shared": sorted(arguments.get("shared_axes") or ()) == [1, 2, 3]}
    slope = arguments.get("negative_slope", arguments.get("alpha"))
    if not isinstance(slope, int | float):
        return name, {}
    return name, {"slope": float(slope), "alpha": float(slope)}


def _is_hwc(config: Mapping[str, _Config]) -> bool:
    """Whether flattened numbers have a place's channels together. A `Flatten` that knows of channels first puts them
    last, so that weights stay the same; one that does not, or a `Reshape`, leaves the order that the map has."""
    maps = any(each.channels_first for each in config.values() if each.kind != "flatten")
    flattens = [each.channels_first for each in config.values() if each.kind == "flatten"]
    return not maps or (bool(flattens) and all(flattens))


def _said_of(entry: Entry, layer: _Layer, config: Mapping[str, _Config]) -> Mapping[str, object]:
    """What the configuration says of the layer that *entry* is of."""
    if entry.name.startswith(f"{layer.name}.pointwise."):
        # The second half of a separable convolution, which does not stride.
        return {}
    said = config[layer.name].said if layer.name in config else {}
    # Its default, where the file tells nothing.
    return {"eps": EPSILON, **said} if layer.kind.endswith("normalization") else said


def _snake(name: str) -> str:
    """A class's name as Keras files it: ``DepthwiseConv2D`` under ``depthwise_conv2d``, ``PReLU`` under ``p_re_lu``."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _keras3(file: Any, datasets: Mapping[str, Any], config: Mapping[str, _Config]) -> list[_Layer]:
    variables: dict[str, dict[str, Any]] = {}
    for path in sorted(datasets, key=natural):
        place, _, number = path.rpartition("/")
        # What an optimizer keeps stands in the file of a model that was trained, and is of no layer.
        if place.endswith("/vars") and place.strip("/").partition("/")[0] != "optimizer":
            variables.setdefault(place, {})[number] = datasets[path]
    if not variables:
        raise Unreadable("there are no layers of Keras's in it")
    layers = []
    for place, held in variables.items():
        filed = place.removesuffix("/vars").rpartition("/")[2]
        name = file[place].attrs.get("name", filed)
        layers.append(_Layer(str(name), re.sub(r"_\d+$", "", filed), held))
    unknown = len(config)
    layers.sort(key=lambda layer: config[layer.name].place if layer.name in config else unknown)
    # The configuration is sorted by depth, which mixes branches. Names that Keras made count layers as they were made.
    for kind in {layer.kind for layer in layers}:
        counted = [at for at, layer in enumerate(layers) if re.fullmatch(rf"{kind}(_\d+)?", layer.name)]
        made = sorted((layers[at] for at in counted), key=lambda layer: natural(layer.name))
        for at, layer in zip(counted, made, strict=True):
            layers[at] = layer
    return layers


def _keras2(holder: Any, datasets: Mapping[str, Any], config: Mapping[str, _Config]) -> list[_Layer]:
    layers = []
    root = holder.name.strip("/")
    for name in _names(holder.attrs, "layer_names"):
        variables = {}
        for path in _names(holder[name].attrs, "weight_names") if name in holder else ():
            dataset = next(
                (datasets[at] for at in ("/".join(filter(None, (root, name, path))),) if at in datasets), None
            )
            if dataset is None:
                raise Unreadable(f"`{path}` of the layer `{name}` is not in it")
            variables[path.rpartition("/")[2].partition(":")[0]] = dataset
        if variables:
            kind = config[name].kind if name in config else _guessed(name, variables)
            layers.append(_Layer(name, kind, variables))
    return layers


def _names(attributes: Any, key: str) -> Iterable[str]:
    """A list of names among HDF5 attributes, which is in parts (``layer_names0``, …) when it is long."""
    keys = [key] if key in attributes else sorted((k for k in attributes if re.fullmatch(rf"{key}\d+", k)), key=natural)
    for each in keys:
        for name in attributes[each]:
            yield name.decode() if isinstance(name, bytes) else str(name)


def _guessed(name: str, variables: Mapping[str, Any]) -> str:
    """A layer's class by its variables and its name, where no configuration tells."""
    if "pointwise_kernel" in variables:
        return "separable_conv2d"
    if "depthwise_kernel" in variables or ("depthwise" in name or "dwconv" in name):
        return "depthwise_conv2d" if any("kernel" in key for key in variables) else "batch_normalization"
    if "kernel" in variables:
        if len(variables["kernel"].shape) == 2:
            return "dense"
        return "conv2d_transpose" if "transpose" in name else "conv2d"
    if "moving_mean" in variables:
        return "batch_normalization"
    return "p_re_lu" if "alpha" in variables else "layer_normalization"


_VARIABLES: dict[str, tuple[str, ...]] = {
    "conv2d": ("kernel", "bias"),
    "conv2d_transpose": ("kernel", "bias"),
    "depthwise_conv2d": ("kernel", "bias"),
    "dense": ("kernel", "bias"),
    "separable_conv2d": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "layer_normalization": ("gamma", "beta"),
    "group_normalization": ("gamma", "beta"),
    "p_re_lu": ("alpha",),
}
"""Each class's variables, in the order they are numbered."""

_WITHOUT = {"gamma": "no γ (scale=False), which is 1", "beta": "no β (center=False), which is 0"}
_HERE = {
    "kernel": "weight",
    "gamma": "weight",
    "alpha": "weight",
    "beta": "bias",
    "bias": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _entries(layer: _Layer, config: _Config | None) -> list[Entry]:
    # A layer of a sequence is one of an image that is one pixel wide; only the kernels' sizes tell them apart.
    layer = replace(layer, kind=layer.kind.replace("1d", "2d"))
    named = dict(layer.variables)
    is_norm = layer.kind.endswith("_normalization")
    doubt = ""
    if all(name.isdecimal() for name in named) and layer.kind in _VARIABLES:
        words = list(_VARIABLES[layer.kind])
        if is_norm and len(named) < len(words):
            words = [word for word in words if word not in _left_out(config)][-len(named) :]
            if config is None and len(named) == len(_VARIABLES[layer.kind]) - 1:
                doubt = "has no γ or no β, and the file does not say which: none of γ was taken"
        named = dict(zip(words, named.values(), strict=False))
    named = {word.replace("depthwise_kernel", "kernel"): held for word, held in named.items()} if (
        layer.kind == "depthwise_conv2d"
    ) else named  # fmt: skip
    if layer.kind == "separable_conv2d":
        return [
            _entry(f"{layer.name}.depthwise.weight", named["depthwise_kernel"], "depthwise_conv2d"),
            _entry(f"{layer.name}.pointwise.weight", named["pointwise_kernel"], "conv2d"),
            *([_entry(f"{layer.name}.pointwise.bias", named["bias"], "bias")] if "bias" in named else []),
        ]
    if is_norm and layer.kind in _VARIABLES:
        without = [word for word in ("gamma", "beta") if word not in named]
        if without and not doubt:
            doubt = "has " + ", and ".join(_WITHOUT[word] for word in without)
        order = [word for word in _VARIABLES[layer.kind] if word in named]
        made = [replace(_entry(f"{layer.name}.{_HERE[word]}", named[word], "statistic"), doubt=doubt) for word in order]
        shape = made[0].shape
        if "gamma" in without:
            ones = Entry(f"{layer.name}.weight", shape, "float32", lambda: np.ones(shape, np.float32), made_up=True)
            made.insert(0, ones)
        if "beta" in without:
            zeros = Entry(f"{layer.name}.bias", shape, "float32", lambda: np.zeros(shape, np.float32), made_up=True)
            made.insert(1, zeros)
        return made
    order = sorted(named, key=lambda word: word in ("bias", "beta"))
    return [
        _entry(f"{layer.name}.{_HERE.get(word, word)}", named[word], layer.kind if word == "kernel" else word)
        for word in order
    ]


def _left_out(config: _Config | None) -> tuple[str, ...]:
    """Which of the learned variables a normalization with too few of them was made without."""
    if config is None:
        return ("gamma",)
    return tuple(word for word, there in (("gamma", config.scale), ("beta", config.center)) if not there)


def _entry(name: str, dataset: Any, what: str) -> Entry:
    shape, turn = _turned(tuple(dataset.shape), what)
    return Entry(name, shape, dataset.dtype.name, lambda: turn(np.asarray(dataset[()])))


def _turned(shape: tuple[int, ...], what: str) -> tuple[tuple[int, ...], Callable[[Array], Array]]:
    """PyTorch's shape of a variable, and how its numbers get there."""
    last = len(shape) - 1
    window = range(last - 1)
    if what == "depthwise_conv2d" and len(shape) in (3, 4):
        turned = (shape[-2] * shape[-1], 1, *shape[:-2])
        return turned, lambda array: array.transpose(last - 1, last, *window).reshape(turned)
    if what in ("conv2d", "conv2d_transpose") and len(shape) in (3, 4):
        return (shape[-1], shape[-2], *shape[:-2]), lambda array: array.transpose(last, last - 1, *window)
    if what == "dense" and len(shape) == 2:
        return (shape[1], shape[0]), lambda array: array.T
    if what == "alpha" and all(size == 1 for size in shape[:-1]):
        return shape[-1:], lambda array: array.reshape(shape[-1:])
    if what == "alpha":
        raise Unreadable(
            f"a PReLU in it has {'x'.join(map(str, shape))} slopes, one for each number of its map",
            help="`prelu` has one for each channel, or one for all (`prelu shared`): in Keras shared_axes=[1, 2], "
            "or [1, 2, 3]",
        )
    return shape, lambda array: array

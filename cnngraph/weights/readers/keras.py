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
from cnngraph.weights.readers.entry import Array, Entry, Unreadable, member_bytes, natural

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
    activation: tuple[str, Mapping[str, object]] | None
    """The function behind it, or that it is."""


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
        text = str(file.attrs.get("model_config", "{}"))
        if len(text) > _LARGEST_CONFIG:
            raise Unreadable(f"its model_config has {len(text):,} characters, too many to be one")
        config = config or _configured(json.loads(text))
        layers = _keras2(holder, datasets, config)
    else:
        layers = _keras3(file, datasets, config)
    counts: Counter[str] = Counter()
    entries: list[Entry] = []
    for layer in layers:
        filed = f"{layer.kind}_{counts[layer.kind]}"
        counts[layer.kind] += 1
        entries += [
            replace(entry, filed=entry.name.replace(layer.name, filed, 1), said=_said_of(entry, layer, config))
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
            config = _configured(json.loads(member_bytes(archive, members["config.json"], _LARGEST_CONFIG)))
        out = tempfile.TemporaryFile()  # noqa: SIM115 - it is read as long as the weights are
        with archive.open(member) as stream:
            shutil.copyfileobj(stream, out, 2**20)
    out.seek(0)
    return out, config


def _configured(model: Any) -> dict[str, _Config]:
    """Layers by name, in the model's order, those of models within models too."""
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
                len(found), kind, _arguments(config), config.get("scale") is not False, _activation(kind, config)
            )
    return found


def read_activations(path: Path) -> list[tuple[str, Mapping[str, object]]]:
    """The functions that its configuration names, in no particular order: what each is called in lower case, and its
    arguments by their keywords here; empty where there is no configuration."""
    import h5py

    if path.suffix.lower() == ".keras":
        config = _unpacked(path)[1]
    else:
        with h5py.File(path, "r") as file:
            config = _configured(json.loads(str(file.attrs.get("model_config", "{}"))))
    return [each.activation for each in config.values() if each.activation is not None]


_KEYWORDS = {"epsilon": "eps", "strides": "s", "dilation_rate": "d", "padding": "p"}
_PADDINGS = {"valid": VALID, "same": Padding("same_upper")}


def _arguments(config: Mapping[str, Any]) -> dict[str, object]:
    said: dict[str, object] = {}
    for key, keyword in _KEYWORDS.items():
        match config.get(key):
            case float() as number:
                said[keyword] = number
            case [*sizes] if sizes and all(type(size) is int for size in sizes):
                said[keyword] = tuple(sizes)
            case str() as mode if mode in _PADDINGS:
                said[keyword] = _PADDINGS[mode]
    return said


def _activation(kind: str, config: Mapping[str, Any]) -> tuple[str, Mapping[str, object]] | None:
    """The activation that a layer is, or has behind it."""
    name, arguments = kind.replace("_", ""), config
    if "activation" in config:
        function = config["activation"]
        name = str(function.get("config", "") if isinstance(function, dict) else function).replace("_", "")
        # Keras's function has another slope than its layer.
        arguments = {"negative_slope": 0.2} if name == "leakyrelu" else {}
    if name == "relu" and "activation" not in config:
        if isinstance(most := config.get("max_value"), int | float):
            name = f"relu{most:g}"
        elif config.get("negative_slope"):
            name = "leakyrelu"
    if name == "prelu":
        return name, {"shared": sorted(arguments.get("shared_axes") or ()) == [1, 2, 3]}
    slope = arguments.get("negative_slope", arguments.get("alpha"))
    if not isinstance(slope, int | float):
        return name, {}
    return name, {"slope": float(slope), "alpha": float(slope)}


def _said_of(entry: Entry, layer: _Layer, config: Mapping[str, _Config]) -> Mapping[str, object]:
    """What the configuration says of the layer that *entry* is of."""
    if entry.name.startswith(f"{layer.name}.pointwise."):
        # The second half of a separable convolution, which does not stride.
        return {}
    said = config[layer.name].said if layer.name in config else {}
    return {"eps": EPSILON, **said} if layer.kind.endswith("normalization") else said


def _snake(name: str) -> str:
    """A class's name as Keras files it: ``DepthwiseConv2D`` under ``depthwise_conv2d``, ``PReLU`` under ``p_re_lu``."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _keras3(file: Any, datasets: Mapping[str, Any], config: Mapping[str, _Config]) -> list[_Layer]:
    variables: dict[str, dict[str, Any]] = {}
    for path in sorted(datasets, key=natural):
        place, _, number = path.rpartition("/")
        if place.endswith("/vars"):
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
    "p_re_lu": ("alpha",),
}
"""Each class's variables, in the order they are numbered."""

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
    if all(name.isdecimal() for name in named) and layer.kind in _VARIABLES:
        words = list(_VARIABLES[layer.kind])
        if layer.kind == "batch_normalization" and len(named) < 4:
            words = [word for word in words if word != ("gamma" if config is None or not config.scale else "beta")]
            words = words[-len(named) :]
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
    if layer.kind == "batch_normalization":
        order = [word for word in _VARIABLES[layer.kind] if word in named]
        made = [_entry(f"{layer.name}.{_HERE[word]}", named[word], "statistic") for word in order]
        shape = made[0].shape
        if "gamma" not in named:
            # Made without a scale, which is a scale of one.
            made.insert(0, Entry(f"{layer.name}.weight", shape, "float32", lambda: np.ones(shape, np.float32)))
        if "beta" not in named:
            made.insert(1, Entry(f"{layer.name}.bias", shape, "float32", lambda: np.zeros(shape, np.float32)))
        return made
    order = sorted(named, key=lambda word: word in ("bias", "beta"))
    return [
        _entry(f"{layer.name}.{_HERE.get(word, word)}", named[word], layer.kind if word == "kernel" else word)
        for word in order
    ]


def _entry(name: str, dataset: Any, what: str) -> Entry:
    shape, turn = _turned(tuple(dataset.shape), what)
    return Entry(
        name, shape, dataset.dtype.name, lambda: turn(np.asarray(dataset[()])), hwc=True
    )  # fmt: skip


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

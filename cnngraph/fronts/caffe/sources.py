"""What a Caffe network takes, and how large that is, as far as its text says it: at the top, in a layer `Input`, or in
the layer that reads pictures while training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnngraph.fronts.caffe.layer import Layer, present
from cnngraph.fronts.caffe.prototext import Message
from cnngraph.fronts.given import SIZES
from cnngraph.fronts.mistake import mistake
from cnngraph.network import Annotation
from cnngraph.source import Span
from cnngraph.volume import Volume

Sizes = tuple[int | None, int | None, int | None]
"""Height, width and channels, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Source:
    """A blob that comes from outside."""

    name: str
    span: Span
    sizes: Sizes = (None, None, None)
    length: int | None = None
    """Of a vector, which has no sizes."""
    annotations: tuple[Annotation, ...] = ()
    axes: int = 4
    """How many the text gives it, with the batch."""
    batch: int | None = None
    is_read: bool = False
    """Whether a layer reads it from somewhere, so that it may be what answers are compared with."""
    least: int = 0
    """How many channels there are at least, going by what is cut out of them."""

    def volume(self, given: Mapping[str, int], *, instead: bool) -> Volume:
        """Its size, with what was *given* of it: *instead* of its own, or where it has none. Raises `CnngraphError`
        when that is not all."""
        if self.length is not None:
            return Volume((self.length,))
        if self.axes != 4:
            raise mistake("E0116", f"`{self.name}` has {self.axes} axes", self.span,
                          "an input has a batch, channels, height and width, or a batch and numbers")  # fmt: skip
        said = [(given.get(key), size) for key, size in zip(SIZES, self.sizes, strict=True)]
        sizes = [(new or own) if instead else (own or new) for new, own in said]
        known = tuple(size for size in sizes if size)
        if len(known) == 3:
            return Volume(known)
        usual = {"H": 224, "W": 224, "C": self.least or 3}
        lacking = [key for key, size in zip(SIZES, sizes, strict=True) if not size]
        raise mistake(
            "E0116", f"nothing says how large `{self.name}` is", self.span,
            help="say it with  " + " ".join(f"--set {key}={usual[key]}" for key in lacking),
        )  # fmt: skip

    def prepared(self, volume: Volume) -> tuple[Annotation, ...]:
        """What pictures of *volume* go through. Only those of three channels have colours, and means for each channel
        are as many as there are."""
        channels = volume.channels if volume.is_map else 0
        means = [each.arguments[0] for each in self.annotations if each.name == "normalize"]
        if any(isinstance(mean, tuple) and len(mean) != channels for mean in means):
            return ()
        return tuple(each for each in self.annotations if each.name != "bgr" or channels == 3)


def sources(net: Message, every: Sequence[Message], running: Sequence[Layer]) -> dict[str, Source]:
    """By name, those that *net* says itself and those of *every* layer. Of several layers that bring a blob it is the
    one that says most of its size, and rather one of those that are *running* than another."""
    found: dict[str, Source] = {}
    runs = {id(layer.message) for layer in running}
    for message in sorted(every, key=lambda message: id(message) not in runs):
        for source in _of_layer(message):
            if source.name not in found or _known(source) > _known(found[source.name]):
                found[source.name] = source
    found |= {source.name: source for source in _at_top(net)}
    return found | {name: replace(found[name], least=least) for name, least in _cut(running) if name in found}


def _cut(running: Sequence[Layer]) -> Iterator[tuple[str, int]]:
    """Of what blobs parts are taken, and how many channels these have when the last has as many as the first."""
    for layer in running:
        options = layer.options("slice_param")
        points = options.wholes("slice_point")
        if layer.type == "Slice" and layer.bottoms and points and options.whole("axis", 1) == 1:
            even = points == [points[0] * count for count in range(1, len(points) + 1)]
            yield layer.bottoms[0], points[-1] + (points[0] if even and len(points) + 1 == len(layer.tops) else 1)


def _known(source: Source) -> int:
    return sum(size is not None for size in source.sizes) + (source.length is not None)


def _at_top(net: Message) -> list[Source]:
    names, place = net.texts("input"), net.place("input_shape", "input_dim", "input")
    shapes, flat = [each.wholes("dim") for each in net.messages("input_shape")], net.wholes("input_dim")
    found = []
    for index, name in enumerate(names):
        dims = shapes[index] if index < len(shapes) else flat[4 * index : 4 * index + 4]
        found.append(_shaped(name, dims, place))
    return found


def _shaped(name: str, dims: list[int], span: Span) -> Source:
    """Of the sizes batch, channels, height and width; of two a batch of vectors, of one a number for each picture."""
    known = [size if size > 0 else None for size in dims]
    match known:
        case []:
            return Source(name, span)
        case [batch, channels, height, width]:
            return Source(name, span, (height, width, channels), batch=batch)
        case [batch, int() as length]:
            return Source(name, span, length=length, batch=batch)
        case [_]:
            return Source(name, span, length=1)
    return Source(name, span, axes=len(dims))


def _of_layer(message: Message) -> list[Source]:
    if "bottom" in message:
        return []
    tops, span, type = message.texts("top"), message.place("type", "name"), present(message.text("type"))
    if not tops or type == "Parameter":
        return []
    if type == "Input":
        shapes = [each.wholes("dim") for each in message.message("input_param").messages("shape")]
        return [_shaped(top, shapes[min(index, len(shapes) - 1)] if shapes else [], span)
                for index, top in enumerate(tops)]  # fmt: skip
    if type == "DummyData":
        option = message.message("dummy_data_param")
        shapes = [each.wholes("dim") for each in option.messages("shape")]
        parts = [option.wholes(key) for key in ("num", "channels", "height", "width")]
        old = [list(each) for each in zip(*parts, strict=False)]
        shapes = shapes or old
        return [_shaped(top, shapes[min(index, len(shapes) - 1)] if shapes else [], span)
                for index, top in enumerate(tops)]  # fmt: skip
    return [Source(tops[0], span, _pictures(message), annotations=_prepared(message), is_read=True),
            *(Source(top, span, is_read=True) for top in tops[1:])]  # fmt: skip


_READERS = ("data_param", "image_data_param", "window_data_param")


def _pictures(message: Message) -> Sizes:
    """The sizes of the pictures that a layer cuts out of others, or brings."""
    memory = message.message("memory_data_param")
    if "height" in memory:
        return memory.whole("height", 0), memory.whole("width", 0), memory.whole("channels", 0)
    options = [message.message(name) for name in ("transform_param", *_READERS)]
    crop = next((number for each in options if (number := each.whole("crop_size", 0)) > 0), None)
    high, wide = (_first(options, (f"crop_{side}", f"crop_{name}")) for side, name in _SIDES)
    tall, broad = (_first([options[0].message("resize_param")], (name,)) for _, name in _SIDES)
    images = [message.message(name) for name in ("image_data_param", "dense_image_data_param")]
    height, width = (_first(images, (f"new_{name}",)) for _, name in _SIDES)
    cut = crop is not None or (high is not None and wide is not None)
    # What is cut out is cut out last.
    return crop or high or tall or height, crop or wide or broad or width, _channels(message, cut or bool(tall))


_SIDES = (("h", "height"), ("w", "width"))


def _first(options: Sequence[Message], names: Sequence[str]) -> int | None:
    """The first number above 0 that one of *options* has under one of *names*."""
    return next((size for each in options for name in names if (size := each.whole(name, 0)) > 0), None)


def _channels(message: Message, cut: bool) -> int | None:
    """Of the pictures: those that are *cut* out are in colour unless it says otherwise."""
    transform = message.message("transform_param")
    if transform.flag("force_gray", False) or not message.message("image_data_param").flag("is_color", True):
        return 1
    means = len(transform.texts("mean_value"))
    return 3 if means == 3 or cut or transform.flag("force_color", False) or "image_data_param" in message else None


def _prepared(message: Message) -> tuple[Annotation, ...]:
    """What pictures go through: Caffe's have blue, green and red, from 0 to 255, less a mean, times a scale."""
    transform = message.message("transform_param")
    means, scale = transform.numbers("mean_value"), transform.number("scale", 1.0)
    if (not means and "scale" not in transform) or "mean_file" in transform or scale <= 0:
        return ()
    bgr = (Annotation("bgr"),) if _channels(message, True) == 3 else ()
    span = (Annotation("scale", (0, 255)),)
    if scale == 1 and not any(means):
        return (*bgr, *span)
    mean = tuple(means) if len(means) > 1 else (means or [0.0])[0]
    return (*bgr, *span, Annotation("normalize", (mean, 1 / scale)))

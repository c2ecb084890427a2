"""What the pictures of a network go through before they are its input, as its spec says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.network import Annotation, Layer

Form = Literal["uint8-nhwc", "float32-nchw"]
"""How a model that prepares pictures itself takes their bytes, 0 to 255: as decoders give them, or as its layers do."""
FORMS: tuple[Form, ...] = get_args(Form)
UNSAID = "nothing says what pictures go through before they are this network's input: values 0 to 1 are assumed"
"""A warning, where weights mean something."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What happens to a picture's values after it has the right size and channels, in this order."""

    bgr: bool = False
    """Red, green and blue become blue, green and red."""
    invert: bool = False
    """Dark ink on white becomes bright on black."""
    low: float = 0.0
    """What black becomes; *high* is white's."""
    high: float = 1.0
    mean: tuple[float, ...] = ()
    """Subtracted, for each channel or one for all, in the order that the network has them."""
    std: tuple[float, ...] = ()
    """Divided by."""
    within: Form | None = None
    """How bytes go in when the model does all this itself."""

    @property
    def about(self) -> str:
        if self.within:
            return f"values 0 to 255 as {self.within}, prepared by the model itself"
        parts = ["blue, green, red"] if self.bgr else []
        parts += ["inverted"] if self.invert else []
        parts.append(f"values {self.low:g} to {self.high:g}")
        if self.mean:
            parts.append(f"minus {_list(self.mean)}")
        if self.std:
            parts.append(f"divided by {_list(self.std)}")
        return ", ".join(parts)

    def given(self, invert: bool | None, mean: tuple[float, ...], std: tuple[float, ...]) -> Preprocessing:
        """With what was said on the command line instead. Raises `CnngraphError` when the model sees to that itself."""
        if self.within and (invert is not None or mean or std):
            raise CnngraphError.of(
                "E0804",
                "this model prepares its pictures itself",
                help="leave --mean, --std and --invert out, or export it without --preprocess",
            )
        changed = self if invert is None else replace(self, invert=invert)
        changed = replace(changed, mean=mean) if mean else changed
        return replace(changed, std=std) if std else changed

    def affine(self, channels: int) -> Iterator[tuple[float, float]]:
        """For each channel the factor and the offset that make the network's number of a byte, 0 to 255."""
        for channel in range(channels):
            mean, std = _of(self.mean, channel, 0.0), _of(self.std, channel, 1.0)
            rise = (self.high - self.low) / 255 * (-1 if self.invert else 1)
            yield rise / std, ((self.high if self.invert else self.low) - mean) / std


def _of(numbers: tuple[float, ...], channel: int, unless: float) -> float:
    return numbers[channel if len(numbers) > 1 else 0] if numbers else unless


def _list(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def preprocessing(layer: Layer) -> Preprocessing | None:
    """What an input's annotations ask for: ``@bgr``, ``@invert``, ``@scale(low, high)``, ``@normalize(mean, std)``.

    None when they say nothing of pictures. Raises `CnngraphError` for what is written otherwise, or fits no channels.
    """
    done = Preprocessing()
    said = False
    for annotation in layer.annotations:
        match annotation.name, annotation.arguments:
            case "bgr", ():
                if layer.output.channels != 3:
                    raise _fault("E0804", "@bgr is for 3 channels", annotation, f"this has {layer.output.channels}")
                done = replace(done, bgr=True)
            case "invert", ():
                done = replace(done, invert=True)
            case "scale", (int() | float() as low, int() | float() as high):
                done = replace(done, low=float(low), high=float(high))
            case "normalize", (mean, std):
                done = replace(done, mean=_numbers(mean, annotation), std=_numbers(std, annotation))
                check_channels(done, layer.output.channels, annotation)
            case "bgr" | "invert" | "scale" | "normalize", _:
                raise _wrong(annotation)
            case _:
                continue
        said = True
    return done if said else None


def check_one_map(inputs: Mapping[str, bool], help: str) -> None:
    """Raises `CnngraphError` (E0814, with *help*) unless a network takes one picture. Of its *inputs* is said whether
    each has height, width and channels."""
    reason = ""
    if len(inputs) > 1:
        reason = f"it has {len(inputs)} inputs: {', '.join(inputs)}"
    elif not all(inputs.values()):
        reason = f"its input `{next(iter(inputs))}` has no height, width and channels"
    if reason:
        raise CnngraphError.of("E0814", "the network does not take one picture", reason=reason, help=help)


def check_channels(done: Preprocessing, channels: object, said: Annotation | None = None) -> None:
    """Raises `CnngraphError` unless means and deviations are one number, or one for each channel."""
    for name, numbers in (("mean", done.mean), ("std", done.std)):
        if len(numbers) not in (0, 1, channels):
            raise _fault(
                "E0804",
                f"{len(numbers)} numbers for the {name} of {channels} channels",
                said,
                help="give one, or one for each channel",
            )
    if any(number == 0 for number in done.std):
        raise _fault("E0804", "a std of 0 divides by zero", said)


def _numbers(value: object, annotation: Annotation) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(isinstance(number, int | float) for number in values):
        raise _wrong(annotation)
    return tuple(float(number) for number in values)


def _wrong(annotation: Annotation) -> CnngraphError:
    help = "@bgr   @invert   @scale(-1, 1)   @normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))"
    return _fault("E0805", f"@{annotation.name} is not written like that", annotation, help=help)


def _fault(
    code: str, message: str, annotation: Annotation | None, remark: str = "", *, help: str = ""
) -> CnngraphError:
    label = Label(annotation.span, remark) if annotation is not None and annotation.span else None
    return CnngraphError([Diagnostic(code, message, label, help=help)])

"""What a layer kind is: an immutable dataclass that says all that is particular to it.

A kind declares its word in the language, its arguments (the dataclass fields), its shape rule, its
parameters, its multiply-accumulates, its ONNX lowering and its caption, and it answers what others want to
know of it. The parser, the checker, the table, the figures, the export, the editor and ``docs/layers.md`` follow
from the declaration: none of them lists kinds.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar, dataclass_transform

from cnngraph.layers.code import Code
from cnngraph.layers.reach import POINT, Reach
from cnngraph.layers.terms import NOTHING, Term
from cnngraph.layers.values import BadValue, Type
from cnngraph.volume import Dim, Volume, product

Family = Literal["input", "conv", "pool", "dense", "activation", "norm", "join", "reshape", "dropout", "other"]


class Fault(Exception):
    """Why a kind cannot take what flows into it, or a remark on it when the code is a warning's.

    The elaborator turns it into a diagnostic on the line of the spec.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        at: str = "",
        remark: str = "",
        reason: str = "",
        help: str = "",
        insert: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
        """The argument to point at (a field's name); empty for the word itself."""
        self.remark = remark
        """What stands beside the caret."""
        self.reason = reason
        self.help = help
        self.insert = insert
        """What, written in front of the step, sets it right."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One tensor of weights."""

    shape: tuple[int, ...]
    fill: float | None = None
    """The value it starts with; None: random, scaled by the fans."""
    fan_in: int = 0
    fan_out: int = 0
    trainable: bool = True

    @property
    def size(self) -> int:
        return product(self.shape)


SILENT: tuple[Family, ...] = ("activation", "norm", "dropout")
"""The families of kinds that change no volume and are said in one breath with the layer before."""


@dataclass(frozen=True, slots=True)
class Caption:
    """The words a figure uses for a layer."""

    name: str
    """``conv``, ``max pool``, ``fc``, ``softmax``."""
    size: str = ""
    """How many channels or units it makes: ``128``."""
    window: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None
    padding: str = ""
    """``same``, ``p = 2``; empty for none."""
    details: tuple[str, ...] = ()
    """The rest, such as ``groups = 2``."""
    short: str = ""
    """Where there is little room: ``BN``, ``pool``; the name unless said."""
    loud: str = ""
    """As lectures write it in running text: ``CONV``, ``MAX-POOL``; the name in capitals unless said."""
    box: tuple[str, ...] = ()
    """The lines of its name in a box of its own: ``Channel``, ``Concat``; the words of the name unless said."""
    on_arrow: str | None = None
    """Its name on an arrow between two volumes; empty where the window says enough, the name unless said."""
    sign: str = ""
    """What stands between its tensors: ``+``; between a map and its window: ``∗``, ``max``."""

    def __post_init__(self) -> None:
        given = object.__setattr__
        given(self, "short", self.short or self.name)
        given(self, "loud", self.loud or self.name.upper())
        given(self, "box", self.box or tuple(self.name.split()))

    @property
    def arrow(self) -> str:
        return self.name if self.on_arrow is None else self.on_arrow


class Lowering(Protocol):
    """What a kind may use to write itself as ONNX nodes. Shapes here are ONNX's, without the batch."""

    @property
    def opset(self) -> int: ...
    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the tensors that the layer takes."""
        ...

    @property
    def input_volumes(self) -> tuple[Volume, ...]: ...
    @property
    def output(self) -> str:
        """Name of the tensor that the layer has to make."""
        ...

    @property
    def output_volume(self) -> Volume: ...
    def node(self, op: str, inputs: Sequence[str], output: str | tuple[str, ...], **attributes: object) -> str:
        """Add a node; gives back *output*, the first where it makes several."""
        ...

    def parameter(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        """Name of the initializer that holds the layer's own weight *name*, as an array of another *shape* if given."""
        ...

    def constant(self, name: str, values: Sequence[int] | Sequence[float], shape: tuple[int, ...] | None = None) -> str:
        """An initializer made here: int64 for whole numbers, else float32; a vector unless *shape* says."""
        ...

    def inner(self, name: str, dims: tuple[Dim, ...], type: Literal["float32", "int64"] = "float32") -> str:
        """Name for a tensor between two nodes of this layer; *dims* without the batch."""
        ...

    def sizes(self, name: str, rank: int) -> str:
        """Name for a tensor inside the layer that holds the *rank* sizes of another, as ONNX's Shape gives them."""
        ...


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a kind, read from its field."""

    field: str
    keyword: str
    type: Type
    positional: bool
    required: bool
    default: Any
    doc: str


def argument(
    type: Type, *, keyword: str = "", positional: bool = False, default: Any = dataclasses.MISSING, doc: str = ""
) -> Any:
    """A field of a kind that the language can set, as ``keyword=value``, by position, or by one of the type's words."""
    metadata = {"type": type, "keyword": keyword, "positional": positional, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(init=False, repr=False, eq=False)
class Kind:
    """The base of all kinds; what it gives here is right for a kind without weights or arithmetic."""

    word: ClassVar[str] = ""
    """Its word in the language."""
    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What other libraries call the same, in lower case and without ``_`` or ``-``: a fix puts its word here."""
    family: ClassVar[Family]
    followers: ClassVar[bool] = False
    """Whether a normalization and an activation may be written on the same step."""
    follows: ClassVar[Literal["", "norm", "activation"]] = ""
    """As what its word may stand on such a step: ``conv 8 3x3 bn relu``."""
    short_for: ClassVar[str] = ""
    """Its word with arguments stands for a layer of the kind with this word and, behind it, one of its own."""
    takes_tensors: ClassVar[Literal["none", "one", "many"]] = "none"
    """Whether named tensors may be its arguments, as in ``crop u`` and ``add a b``."""
    of_tensors: ClassVar[str] = ""
    """The word that does with a named tensor what this one does with a number."""
    measures_second: ClassVar[bool] = False
    """Whether of its second input, if it has one, only the height and width matter."""
    subtracts_mean: ClassVar[bool] = False
    """Whether it takes its mean out of each channel, and with it any bias before it."""
    relu_like: ClassVar[bool] = False
    """Whether weights before it are best started with He's variance (2/fan-in) instead of Glorot's."""
    idle: ClassVar[bool] = False
    """Whether no number changes, nor its place in a row, when the network runs."""
    is_known: ClassVar[bool] = True
    """Whether what it does is known here, so that it is exported from here and its multiply-accumulates are counted."""
    cuts: ClassVar[bool] = False
    """Whether it takes a piece of its tensor as it is."""
    keeps: ClassVar[bool] = False
    """Whether it takes several tensors together as they are."""
    answers: ClassVar[bool] = False
    """Whether at a network's end it makes probabilities: the answer."""
    of_logits: ClassVar[bool] = False
    """Whether what flows in are logits, which others take as a network's output."""
    onnx: ClassVar[str] = ""
    """The ONNX operators it becomes, for the docs."""

    # What a frozen dataclass has, once for all kinds: made for each of them it took half of this package's import.

    def __init__(self, **values: Any) -> None:
        """Raises `Fault` for a value that its argument does not take, `TypeError` for a name too many or missing."""
        held = self.__dict__
        for field in dataclasses.fields(self):
            if field.name in values:
                held[field.name] = values.pop(field.name)
            elif field.default is dataclasses.MISSING:
                raise TypeError(f"{type(self).__name__} needs {field.name}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {next(iter(values))}")
        self._check()

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"{name} of a {type(self).__name__} stays what it is")

    def __eq__(self, other: object) -> bool:
        return other is self or (type(other) is type(self) and self._values == other._values)

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        given = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
        return f"{type(self).__name__}({', '.join(given)})"

    @functools.cached_property
    def _values(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in _names(type(self))])

    def _check(self) -> None:
        for argument in _arguments(type(self)):
            value = getattr(self, argument.field)
            if value is argument.default:
                continue
            try:
                held = argument.type.convert(value)
            except BadValue as bad:
                raise Fault(bad.code, f"`{argument.keyword}` of `{self.word}` is {bad}", at=argument.field) from None
            if held != value:
                raise Fault("E0208", f"`{argument.keyword}` of `{self.word}` is {value!r}", at=argument.field)

    @classmethod
    def arguments(cls) -> tuple[Argument, ...]:
        return _arguments(cls)

    @property
    def is_silent(self) -> bool:
        """Whether it changes no volume and is said in one breath with the layer before."""
        return self.family in SILENT

    @property
    def keeps_scale(self) -> bool:
        """Whether its numbers begin about as large as those it takes, so that weights before it are started for
        the activation behind it."""
        return self.family in ("pool", "norm", "dropout", "reshape")

    @property
    def adds_up(self) -> bool:
        """Whether it is the sum of equal volumes, which is the same in any order and in any number of steps."""
        return False

    @property
    def projects(self) -> bool:
        """Whether it may be a shortcut's projection, which does no more than fit a volume to another."""
        return self.family == "norm"

    def is_one_with(self, before: Kind) -> bool:
        """Whether it and *before*, right in front of it, are no more than one linear layer."""
        return False

    def settled(self) -> Kind:
        """The same with what it leaves unsaid or says in another way: equal for kinds that do the same."""
        return self

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        """The volume it makes; raises `Fault` when it cannot take *inputs*."""
        return inputs[0]

    def equal(self, inputs: tuple[Volume, ...]) -> Iterable[tuple[Dim, Dim]]:
        """Pairs of sizes that have to be equal when the network runs; a free one may still be another."""
        return ()

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        """Warnings about a use that works and is probably not meant."""
        return iter(())

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        """Its weights by their names, in the order in which they are used; a name with a dot says of which part."""
        return {}

    def sizes(self, inputs: tuple[Volume, ...]) -> tuple[Term, Term] | None:
        """The arithmetic of the output's height and width, where a window makes them."""
        return None

    def counted(self, inputs: tuple[Volume, ...]) -> Term:
        """How many trainable numbers its `parameters` are."""
        return Term("+", (0, *(p.size for p in self.parameters(inputs).values() if p.trainable)))

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        """Multiply-accumulates for one input, no bias."""
        return NOTHING

    def macs(self, inputs: tuple[Volume, ...], output: Volume) -> int | None:
        """The number that `work` is; None while a size it depends on is free."""
        return self.work(inputs, output).count

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        """What it does, in one line, for the figure that explains it; empty for a kind it cannot show."""
        return ""

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        """Which places of its inputs a place of its output sees, down and across; None: all."""
        return POINT

    def lower(self, to: Lowering) -> None:
        raise NotImplementedError

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        """What it is in PyTorch, for *inputs* of these volumes."""
        raise NotImplementedError

    def caption(self) -> Caption:
        return Caption(self.word)


K = TypeVar("K", bound="Kind")

KINDS: dict[str, type[Kind]] = {}
"""Every kind that has a word in the language, by its word."""


@dataclass_transform(field_specifiers=(argument,), kw_only_default=True, eq_default=False)
def kind(cls: type[K]) -> type[K]:
    """Class decorator: a dataclass as `Kind` is one, keyword-only and immutable, known to the language by its word."""
    own = cls.__annotations__.values()
    has_fields = any(not str(annotation).startswith("ClassVar") for annotation in own)
    made = dataclass(kw_only=True, init=False, repr=False, eq=False)(cls) if has_fields else cls
    if made.word:
        KINDS[made.word] = made
    return made


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """Of its fields: kinds are compared and looked up by their values all the time."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _NAMES[kind]


_ARGUMENTS: dict[type, tuple[Argument, ...]] = {}


def _arguments(kind: type[Kind]) -> tuple[Argument, ...]:
    if kind not in _ARGUMENTS:
        _ARGUMENTS[kind] = tuple(
            Argument(
                field=field.name,
                keyword=field.metadata["keyword"] or field.name,
                type=field.metadata["type"],
                positional=field.metadata["positional"],
                required=field.default is dataclasses.MISSING,
                default=field.default,
                doc=field.metadata["doc"],
            )
            for field in dataclasses.fields(kind)
            if "type" in field.metadata
        )
    return _ARGUMENTS[kind]

"""Generated Keras code compared with its network, without Keras: the text is run on stand-ins that write down what it
does. What Keras's layers do is not looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from cnngraph.code.calls import NEEDED
from cnngraph.code.forward import OF_TWO
from cnngraph.code.recording import OPERATORS, Differs, Table, Tensor, plain, run
from cnngraph.code.solving import Word
from cnngraph.keras.names import in_keras
from cnngraph.keras.signatures import pieces, signatures, text_of, weighted
from cnngraph.keras.translation import FUNCTIONS
from cnngraph.layers.code import Call, Code
from cnngraph.network import Network
from cnngraph.volume import Free

_JOINS = ("ops.concatenate", "ops.maximum", "ops.minimum")


class _Tensor(Tensor):
    """One that knows its channels, where it is a layer's."""

    channels: Mapping[object, int]

    @property
    def shape(self) -> tuple[int, ...]:
        if self.key not in _Tensor.channels:
            raise Differs("it asks for the channels of what no layer makes")
        return (_Tensor.channels[self.key],)

    def __add__(self, other: Tensor) -> Tensor:
        return _same(super().__add__(other))

    def __sub__(self, other: Tensor) -> Tensor:
        return _same(super().__sub__(other))

    def __mul__(self, other: Tensor) -> Tensor:
        return _same(super().__mul__(other))


def _same(made: Tensor) -> _Tensor:
    return _Tensor(made.key)


def _operation(name: str, arguments: Mapping[str, object], weights: str, tensors: tuple[Tensor, ...]) -> _Tensor:
    """What a layer or function makes; what changes nothing is no operation."""
    if name in FUNCTIONS:
        name, arguments = "layers.Activation", {"activation": FUNCTIONS[name]}
    if arguments.get("kernel_size") in (1, (1, 1)) and "padding" in arguments:
        arguments = {**arguments, "padding": "valid"}  # a window of one pixel has no border in either word
    if plain(arguments) in ((("activation", "linear"),), (("padding", 0),)):
        return _same(tensors[0])
    return _same(Table.current.made(name, plain(arguments), weights, tensors))


def _full(name: str, given: tuple[object, ...], more: Mapping[str, object]) -> dict[str, object]:
    """All arguments, as the signature has them."""
    signature = signatures().get(name, {})
    found = {**signature, **dict(zip(signature, given, strict=False)), **more}
    if len(given) > len(signature) or more.keys() - signature.keys() or NEEDED in found.values():
        raise Differs(f"`{name}` does not take {given} {dict(more)}")
    return found


class _Names:
    """Those that code gives to what has weights, each once; or that of a layer that is used again."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def new(self, kind: str, name: object, arguments: Mapping[str, object]) -> str:
        if kind not in weighted():
            if name is not None:
                raise Differs(f"`{name}` has no weights, and a name")
            return ""
        if kind == "layers.GroupNormalization" and not (arguments["center"] or arguments["scale"]):
            return ""  # it is there without weights
        if not isinstance(name, str) or name in self.given:
            raise Differs(f"`{name}` is there twice" if name else f"{kind} has no name")
        self.given.add(name)
        return name


def _layer(kind: str, names: _Names) -> Callable[..., Callable[[Tensor], Tensor]]:
    """Stand-in for a layer of Keras's."""

    def made(*given: object, name: object = None, **more: object) -> Callable[[Tensor], Tensor]:
        arguments = _full(kind, given, more)
        weights = names.new(kind, name, arguments)
        return lambda x: _operation(kind, arguments, weights, (x,))

    return made


def _function(kind: str, names: _Names) -> Callable[..., Tensor]:
    """Stand-in for a function of Keras's, or a piece."""

    def stand_in(*given: Any, name: object = None, **more: object) -> Tensor:
        if kind == "ops.concatenate":
            tensors, axis = given
            return _operation(kind, {"axis": axis}, "", tuple(tensors))
        tensors = tuple(each for each in given if isinstance(each, Tensor))
        arguments = _full(kind, given[len(tensors) :], more)
        return _operation(kind, arguments, names.new(kind, name, arguments), tensors)

    return stand_in


def check(
    text: str, top: str, network: Network, codes: Mapping[str, Code], arguments: Mapping[str, object] | None = None
) -> None:
    """Raises `Differs` unless the function *top* of *text*, called with *arguments*, makes *network*, weight by weight;
    *codes* are what its layers are in Keras."""
    table = Table.current = Table()
    wanted = _expected(network, codes, table)
    _Tensor.channels = {
        tensor.key: int(str(network[name].output.channels)) for name, tensor in wanted.items()
    }  # fmt: skip
    names = _Names()
    try:
        model = _run(text, names, network)[top](**(arguments or {}))
    except (AttributeError, NameError, TypeError) as error:
        raise Differs(f"a name stands for another thing: {error}") from None
    found = list(model) if isinstance(model, list | tuple) else [model]
    outputs = list(dict.fromkeys(output.layer for output in network.outputs))
    for name, result in zip(outputs, found, strict=True):
        if wanted[name].key != result.key:
            raise Differs(f"`{name}` comes of other layers")
    own = {in_keras(layer.name) for layer in network.layers if layer.parameters}
    if own != names.given:
        raise Differs(f"weights differ: {sorted(own ^ names.given)[0]}")


def _run(text: str, names: _Names, network: Network) -> dict[str, Any]:
    layers, ops = SimpleNamespace(), SimpleNamespace()
    for kind in signatures():
        if kind.startswith("layers."):
            setattr(layers, kind.removeprefix("layers."), _layer(kind, names))
    for kind in (*FUNCTIONS, *_JOINS, *(each for each in signatures() if each.startswith("ops."))):
        setattr(ops, kind.removeprefix("ops."), _function(kind, names))
    shapes = {each.name: tuple(None if isinstance(d, Free) else d for d in each.output.dims) for each in network.inputs}

    def new_input(shape: tuple[int | None, ...], name: str) -> Tensor:
        if shapes.get(name) != shape:
            raise Differs(f"`{name}` is {shape}")
        return _same(Table.current.made("input", name, "", ()))

    initializers = SimpleNamespace(Constant=lambda value: Word(f"keras.initializers.Constant({value})"))
    keras = SimpleNamespace(layers=layers, ops=ops, Input=new_input, initializers=initializers, Model=_model)
    for piece in pieces():
        text = text.replace(text_of(piece), "")
    return run(text, {piece: _function(piece, names) for piece in pieces()}, {"keras": keras})


def _model(inputs: object, outputs: object, name: str) -> object:
    """Stand-in for a model: what it gives."""
    del inputs, name
    return outputs


def _expected(network: Network, codes: Mapping[str, Code], table: Table) -> dict[str, Tensor]:
    """What each layer makes, as the network has it."""
    found: dict[str, Tensor] = {}
    for layer in network.layers:
        if not layer.inputs:
            found[layer.name] = table.made("input", layer.name, "", ())
            continue
        code, inputs = codes[layer.name], [found[name] for name in layer.inputs]
        weights = in_keras(layer.shares or layer.name) if layer.parameters or layer.shares else ""
        if code.before:
            inputs[0] = _through(code.before, inputs[0])
        made: Tensor
        if code.module:
            given = {**signatures()[code.module], **dict(code.arguments)}
            made = _operation(code.module, given, weights, tuple(inputs))
        elif code.function in (*OPERATORS, *OF_TWO):
            made = inputs[0]
            for other in inputs[1:]:
                made = table.made(code.function, (), "", (made, other))
        else:
            options = {"axis": -1} if code.function == "ops.concatenate" else {
                **signatures().get(code.function, {}), **dict(code.options)
            }  # fmt: skip
            made = _operation(code.function, options, "", tuple(inputs))
        found[layer.name] = _through(code.after, made) if code.after else made
    return found


def _through(each: Call, x: Tensor) -> Tensor:
    return _operation(each.function, {**signatures()[each.function], **dict(each.arguments)}, "", (x,))

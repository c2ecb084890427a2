"""Generated code compared with its network, without PyTorch: the text is run on stand-ins that write down what it does.

A stand-in module remembers its class and arguments; a stand-in tensor is what made it, and of what. The network says
what each layer should be, and both have to come to the same outputs. What PyTorch's modules do is not looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from cnngraph.code.calls import NEEDED
from cnngraph.code.forward import OF_TWO
from cnngraph.code.recording import OPERATORS, Differs, Table, Tensor, plain, run
from cnngraph.layers.code import Call
from cnngraph.network import Network
from cnngraph.torch.signatures import codes, pieces, signatures, text_of


class _Module:
    """Stand-in for `nn.Module`."""

    def __init__(self) -> None:
        self.__dict__["_modules"] = {}

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, _Module):
            self.add_module(name, value)
        else:
            self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        modules = self.__dict__.get("_modules", {})
        if name not in modules:
            raise AttributeError(name)
        return modules[name]

    def add_module(self, name: str, module: _Module) -> None:
        if name in self._modules or hasattr(type(self), name):
            raise Differs(f"`{name}` is there twice")
        self._modules[name] = module

    def named_modules(self, path: str = "") -> Iterator[tuple[str, _Module]]:
        yield path, self
        for name, module in self._modules.items():
            yield from module.named_modules(f"{path}.{name}" if path else name)

    def modules(self) -> Iterator[_Module]:
        return iter(())  # nothing is started with weights here

    named_parameters = parameters = modules

    def apply(self, function: object) -> None:
        del function

    def requires_grad_(self, on: bool = True) -> None:
        del on

    def __call__(self, *inputs: Tensor) -> Any:
        return self.forward(*inputs)


class _Sequential(_Module):
    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)
        return x


class _Leaf(_Module):
    """Stand-in for a module of PyTorch's, or a piece."""

    kind = ""
    named: Mapping[int, str]

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__()
        signature = signatures()[self.kind]
        found = dict(signature) | dict(zip(signature, given, strict=False)) | more
        if len(given) > len(signature) or more.keys() - signature.keys() or NEEDED in found.values():
            raise Differs(f"`{self.kind}` does not take {given} {more}")
        self.__dict__["arguments"] = plain(found)
        self.__dict__.update(found)

    weight = depthwise = pointwise = SimpleNamespace(weight=None)
    """What is started by a rule of its own."""

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.kind == "nn.Identity":
            return inputs[0]
        return Table.current.made(self.kind, self.arguments, _Leaf.named.get(id(self), ""), inputs)


def _leaf(name: str) -> type[_Leaf]:
    return type(name.removeprefix("nn."), (_Leaf,), {"kind": name})


def _function(name: str, modules: Mapping[str, str]) -> Callable[..., Tensor]:
    """Stand-in for a function, which may do what a module does."""

    def stand_in(*given: Any, **more: object) -> Tensor:
        if name == "torch.cat":
            return Table.current.made(name, plain({"dim": given[1]}), "", tuple(given[0]))
        tensors = tuple(each for each in given if isinstance(each, Tensor))
        rest = given[len(tensors) :]
        arguments = dict(zip(("pad",), rest, strict=False)) | more
        if name in modules:
            return Table.current.made(modules[name], plain(signatures()[modules[name]]), "", tensors)
        return Table.current.made(name, plain(arguments), "", tensors)

    return stand_in


def check(text: str, top: str, network: Network, arguments: Mapping[str, object] | None = None) -> None:
    """Raises `Differs` unless the class *top* of *text*, made with *arguments*, is *network*, weight by weight."""
    table = Table.current = Table()
    wanted = codes(network)
    modules = {code.function: code.module for code in wanted.values() if code.function and code.module}
    root = _made(text, top, modules, dict(arguments or {}))
    weighted = [layer.name for layer in network.layers if layer.parameters]
    paths = {id(module): path for path, module in root.named_modules()}
    _Leaf.named = {number: path for number, path in paths.items() if path in set(weighted)}
    leaves = {path: module for path, module in root.named_modules() if isinstance(module, _Leaf)}
    for name in weighted:
        code, leaf = wanted[name], leaves.get(name)
        if leaf is None:
            raise Differs(f"there is no `{name}`")
        if (leaf.kind, leaf.arguments) != (code.module, plain(signatures()[code.module] | dict(code.arguments))):
            raise Differs(f"`{name}` is {leaf.kind} with {leaf.arguments}")
    kinds = {(leaves[name].kind, leaves[name].arguments) for name in weighted}
    for path, leaf in leaves.items():
        if path not in set(weighted) and (leaf.kind, leaf.arguments) in kinds:
            raise Differs(f"`{path}` has weights that the network does not have")
    tensors = _expected(network, table)
    inputs = [tensors[layer.name] for layer in network.inputs]
    found = root(*inputs)
    results = list(found) if isinstance(found, tuple) else [found]
    for output, result in zip(network.outputs, results, strict=True):
        if tensors[output.layer].key != result.key:
            raise Differs(f"`{output.name}` comes of other layers")


def _made(text: str, top: str, modules: Mapping[str, str], arguments: dict[str, object]) -> Any:
    functional = SimpleNamespace()
    start = dict.fromkeys(("kaiming_normal_", "xavier_normal_", "zeros_"), lambda _: None)
    init = SimpleNamespace(**start)
    nn = SimpleNamespace(Module=_Module, Sequential=_Sequential, functional=functional, init=init)
    torch = SimpleNamespace(nn=nn)
    for name in signatures():
        if name.startswith("nn."):
            setattr(nn, name.removeprefix("nn."), _leaf(name))
    for name in (*modules, "torch.cat", "torch.maximum", "torch.minimum", "nn.functional.pad"):
        place = functional if name.startswith("nn.functional.") else torch
        setattr(place, name.rpartition(".")[2], _function(name, modules))
    names: dict[str, object] = {
        piece: _leaf(piece) if piece in signatures() else _function(piece, modules) for piece in pieces()
    }
    helpers = [name for name in pieces() if f"\ndef {name}(" in text or f"\nclass {name}(" in text]
    for name in helpers:
        text = text.replace(text_of(name), "")
    return run(text, names, {"torch": torch})[top](**arguments)


def _expected(network: Network, table: Table) -> dict[str, Tensor]:
    """What each layer makes, as the network has it."""
    found: dict[str, Tensor] = {}
    wanted = codes(network)
    for layer in network.layers:
        if not layer.inputs:
            found[layer.name] = table.made("input", layer.name, "", ())
            continue
        code = wanted[layer.name]
        inputs = [found[name] for name in layer.inputs]
        weights = (layer.shares or layer.name) if layer.parameters or layer.shares else ""
        if code.before:
            inputs[0] = _through(code.before, inputs[0], table)
        if code.module:
            arguments = plain(signatures()[code.module] | dict(code.arguments))
            made = table.made(code.module, arguments, weights, tuple(inputs))
        elif code.function in (*OPERATORS, *OF_TWO):
            made = inputs[0]
            for other in inputs[1:]:
                made = table.made(code.function, (), "", (made, other))
        else:
            options = {"dim": 1} if code.function == "torch.cat" else dict(code.options)
            made = table.made(code.function, plain(options), "", tuple(inputs))
        found[layer.name] = _through(code.after, made, table) if code.after else made
    return found


def _through(each: Call, x: Tensor, table: Table) -> Tensor:
    return table.made(each.function, plain(dict(each.arguments)), "", (x,))

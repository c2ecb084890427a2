"""A network as one class, layer by layer: for those whose blocks cannot be said as classes."""

from __future__ import annotations

from cnngraph.code.calls import Definition, arguments
from cnngraph.code.forward import OF_TWO
from cnngraph.code.solving import literal
from cnngraph.code.text import Brackets, Expression, Line, call, keyword, sum_of
from cnngraph.network import Network
from cnngraph.torch.signatures import codes, plain, signatures


def flat(network: Network, name: str) -> list[Definition]:
    """The one class. Modules stand where their weights' names say; ``forward`` has a line for each layer."""
    found = codes(network)
    init: list[Line | str] = []
    there: set[str] = set()
    forward: list[Line | str] = []
    variables: dict[str, str] = {}
    taken = {"self", "nn", "torch", "super"}

    def variable(tensor: str) -> str:
        stem = made = tensor.replace(".", "_")
        while made in taken or not made.isidentifier():
            made = f"{made}_" if made.isidentifier() else f"x_{stem}"
        taken.add(made)
        variables[tensor] = made
        return made

    takes = [variable(layer.name) for layer in network.inputs]
    for layer in network.layers:
        if not layer.inputs:
            continue
        code = found[layer.name]
        inputs: list[Expression] = [variables[each] for each in layer.inputs]
        if code.before:
            inputs[0] = _around(code.before.function, inputs[0], code.before.arguments)
        made: Expression
        if code.module:
            if not layer.shares:
                parts = layer.name.split(".")
                for end in range(1, len(parts)):
                    outer = ".".join(parts[:end])
                    if outer not in there:
                        there.add(outer)
                        init.append(f"self.{outer} = nn.Module()")
                there.add(layer.name)
                said = {key: literal(value) for key, value in plain(code).arguments.items()}
                one = call(code.module, *arguments(said, signatures()[code.module]))
                init.append(Line(f"self.{layer.name} = ", one))
            made = call(f"self.{layer.shares or layer.name}", *inputs)
        elif code.function in ("+", "-", "*"):
            forward += sum_of(variable(layer.name), inputs, code.function, depth=2)
            continue
        elif code.function == "torch.cat":
            made = call(code.function, Brackets("", tuple(inputs)), "1")
        elif code.function in OF_TWO:
            made = inputs[0]
            for other in inputs[1:]:
                made = call(code.function, made, other)
        else:
            made = _around(code.function, inputs[0], code.options, *inputs[1:])
        if code.after:
            made = _around(code.after.function, made, code.after.arguments)
        forward.append(Line(f"{variable(layer.name)} = ", made))
    forward.append("return " + ", ".join(variables[output.layer] for output in network.outputs))
    return [Definition(name, "nn.Module", "", {}, init, forward, takes)]


def _around(function: str, x: Expression, given: tuple[tuple[str, object], ...], *more: Expression) -> Expression:
    said = [literal(value) if name == "pad" else keyword(name, literal(value)) for name, value in given]
    return call(function, x, *more, *said)

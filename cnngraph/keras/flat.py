"""A network as one function, layer by layer: for those whose blocks cannot be said as functions."""

from __future__ import annotations

from collections.abc import Mapping

from cnngraph.code.calls import Definition, arguments, full
from cnngraph.code.forward import OF_TWO
from cnngraph.code.solving import Unsuited, literal
from cnngraph.code.text import Brackets, Expression, Line, call, keyword, sum_of
from cnngraph.keras.names import in_keras
from cnngraph.keras.signatures import pieces, signatures, weighted
from cnngraph.keras.steps import applied
from cnngraph.layers.code import Call, Code
from cnngraph.network import Network
from cnngraph.volume import Free


def flat(network: Network, codes: Mapping[str, Code]) -> Definition:
    """The one function: a line for each layer, and one more for a layer that is used again."""
    lines: list[Line | str] = []
    variables: dict[str, str] = {}
    layers: dict[str, str] = {}
    taken = {"keras", "layers", "ops", *pieces()}

    def variable(name: str) -> str:
        made = name.replace(".", "_")
        while made in taken or not made.isidentifier():
            made = f"{made}_"
        taken.add(made)
        return made

    shared = {layer.shares for layer in network.layers if layer.shares}
    for layer in network.layers:
        made: Expression
        if not layer.inputs:
            shape = tuple(None if isinstance(size, Free) else size for size in layer.output.dims)
            made = call("keras.Input", literal(shape), keyword("name", literal(layer.name)))
            variables[layer.name] = variable(layer.name)
            lines.append(Line(f"{variables[layer.name]} = ", made))
            continue
        code = codes[layer.name]
        inputs: list[Expression] = [variables[each] for each in layer.inputs]
        target = variable(layer.name)
        if code.before:
            lines.append(Line(f"{target} = ", _through(code.before, inputs[0])))
            inputs[0] = target
        if layer.name in shared:
            if not code.module.startswith("layers."):
                raise Unsuited(f"`{layer.name}` is used again, and is no layer of Keras's")
            layers[layer.name] = variable(f"{layer.name}_layer")
            lines.append(Line(f"{layers[layer.name]} = ", _made(code, layer.name)))
        if layer.shares or layer.name in shared:
            made = call(layers[layer.shares or layer.name], *inputs)
        elif code.module:
            name = literal(in_keras(layer.name)) if code.module in weighted() else ""
            made = applied(_made(code), inputs, name)
        elif code.function in ("+", "-", "*"):
            lines += sum_of(target, inputs, code.function)
            variables[layer.name] = target
            continue
        elif code.function == "ops.concatenate":
            made = call(code.function, Brackets("", tuple(inputs)), "-1")
        elif code.function in OF_TWO:
            made = inputs[0]
            for other in inputs[1:]:
                made = call(code.function, made, other)
        else:
            made = call(code.function, *inputs, *(keyword(name, literal(value)) for name, value in code.options))
        lines.append(Line(f"{target} = ", made))
        if code.after:
            lines.append(Line(f"{target} = ", _through(code.after, target)))
        variables[layer.name] = target
    given = [variables[layer.name] for layer in network.inputs]
    results = [variables[name] for name in dict.fromkeys(output.layer for output in network.outputs)]
    whole = call("keras.Model", _one(given), _one(results), keyword("name", literal(network.name)))
    return Definition("build", "", "", {}, [], [*lines, Line("return ", whole)], ())


def _one(names: list[str]) -> Expression:
    """The only one, or a list."""
    return names[0] if len(names) == 1 else Brackets("", tuple(names), "]", "[")


def _made(code: Code, name: str = "") -> Brackets:
    signature = signatures()[code.module]
    said = {key: literal(value) for key, value in full(code, signature).arguments.items()}
    named = [keyword("name", literal(in_keras(name)))] if name else []
    return call(code.module, *arguments(said, signature, by_name=True), *named)


def _through(each: Call, x: Expression) -> Expression:
    return applied(call(each.function, *(literal(value) for _, value in each.arguments)), [x])

"""A network as a file of Keras code that a person could have written, checked against the network.

`translation` says what each layer is in Keras, `functions` writes a function for each block, `steps` one for each sort
of step, and `recording` runs the text without Keras and compares. What cannot be said so is one function without blocks
(`flat`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnngraph.code.bodies import body
from cnngraph.code.calls import NEEDED, Definition, parameter
from cnngraph.code.definitions import Sample
from cnngraph.code.generated import Generated
from cnngraph.code.heading import heading, quiet, shown
from cnngraph.code.outputs import head_of, need_known, without_softmax
from cnngraph.code.recording import Differs
from cnngraph.code.settings import with_params
from cnngraph.code.solving import Unsuited, literal
from cnngraph.code.text import WIDTH, Brackets, Line, keyword, laid_out
from cnngraph.diagnostics import CnngraphError
from cnngraph.keras.flat import flat
from cnngraph.keras.functions import Functions
from cnngraph.keras.names import in_keras
from cnngraph.keras.recording import check
from cnngraph.keras.signatures import needed, pieces, text_of
from cnngraph.keras.steps import asks_name
from cnngraph.keras.translation import Unfit, translated
from cnngraph.layers.code import Code
from cnngraph.network import Network
from cnngraph.spec.names import sayable
from cnngraph.torch.signatures import codes as in_torch
from cnngraph.weights.flattened import Orders


def generate(network: Network, said: str = "") -> Generated:
    """The code for *network*, which *said* names on a command line, where it is not its file.

    Raises `CnngraphError`: E0909 for one with parts that no layer does, E0914 for one with what Keras does not have.
    """
    need_known(network)
    said = said or network.file or network.name
    codes(network)

    def written(networks: Sequence[Network]) -> Generated:
        return _in_functions([sayable(each) for each in networks], network, said)

    def checked(made: Generated, networks: Sequence[Network]) -> None:
        _check_settings(made, [sayable(each) for each in networks])

    try:
        return with_params(network, written, checked)
    except (Unsuited, Differs) as why:
        return _flat(sayable(network), network, said, f"one function without blocks, because {why}")


def codes(network: Network) -> dict[str, Code]:
    """What each layer but the inputs is in Keras, by its name. Raises `CnngraphError` (E0914)."""
    frozen = {layer.name for layer in network.layers for said in layer.annotations if said.name == "freeze"}
    found = {}
    for name, code in in_torch(network).items():
        layer = network[name]
        try:
            found[name] = translated(layer, code, bool({layer.name, layer.unit} & frozen))
        except Unfit as why:
            raise CnngraphError.of(
                "E0914",
                f"`{name}` cannot be said in Keras: `{layer.kind.word}`",
                reason=str(why),
                help="export --torch has a module for every layer",
            ) from None
    orders = Orders(network)
    for output in network.outputs:
        if orders.differ(output.layer):
            raise CnngraphError.of(
                "E0914",
                f"the output `{output.name}` would be in another order in Keras",
                reason="Keras flattens row by row with the channels together, the network channel by channel",
                help="let the output be the volume before it is flattened, or put fc behind",
            )
    return found


def _check_settings(made: Generated, networks: Iterable[Network]) -> None:
    """Raises `Differs` unless the code is each of the networks, with their settings as arguments."""
    for each in networks:
        names = {parameter(name): value for name, value in each.arguments.items()}
        given = {name: names[name] for name in made.parameters if name in names}
        check(made.text, made.top, each, codes(each), given)


def _in_functions(networks: Sequence[Network], asked: Network, said: str) -> Generated:
    """In functions for the blocks; raises `Unsuited` or `Differs`."""
    samples = [Sample(each.name, body(each, codes(each)), each.arguments, each.values) for each in networks]
    functions = Functions(samples, networks).definitions
    _with_classes(functions[-1], networks[0])
    made = _generated(functions, networks[0], asked, said, ())
    _check_settings(made, networks)
    return made


def _flat(network: Network, asked: Network, said: str, remark: str) -> Generated:
    made = _generated([flat(network, codes(network))], network, asked, said, (remark,))
    check(made.text, made.top, network, codes(network))
    return made


def _generated(
    functions: Sequence[Definition], network: Network, asked: Network, said: str, remarks: tuple[str, ...]
) -> Generated:
    names = {
        new.name: old.name
        for new, old in zip(network.layers, asked.layers, strict=True)
        if new.name != old.name and new.parameters
    }
    top = functions[-1]
    text = _file(functions, asked, said, {in_keras(new): old for new, old in names.items()}, remarks)
    return Generated(text, top.name, top.parameters, network, names, remarks)


def _with_classes(top: Definition, network: Network) -> None:
    """Makes the number of classes of a head, where that is one number in *top*, a parameter of it."""
    head = head_of(*without_softmax(network))
    if head is None or "classes" in top.parameters:
        return
    own = keyword("name", f'"{in_keras(head.name)}"')
    for number, line in enumerate(top.forward):
        if isinstance(line, Line) and isinstance(line.expression, Brackets) and own in line.expression.parts:
            made = line.expression
            at = 0 if made.head.startswith("layers.") else 1
            if made.parts[at] == str(head.output.channels):
                parts = (*made.parts[:at], "classes", *made.parts[at + 1 :])
                top.forward[number] = Line(line.before, Brackets(made.head, parts, made.tail))
                top.parameters["classes"] = int(str(head.output.channels))


# The file ----------------------------------------------------------------------------------------


def _file(
    functions: Sequence[Definition], network: Network, said: str, names: Mapping[str, str], remarks: Iterable[str]
) -> str:
    written = "\n\n\n".join("\n".join(_function(each)) for each in functions)
    used = set(re.findall(r"\b[A-Za-z_]\w*\b", written))
    helpers = [text_of(name) for name in needed(used & pieces().keys())]
    code = "\n\n\n".join([*helpers, written])
    libraries = [name for name in ("layers", "ops") if re.search(rf"(?m)\b{name}\.", code)]
    imports = "import keras" + (f"\nfrom keras import {', '.join(libraries)}" if libraries else "")
    inputs = [shown(layer, channels_first=False) for layer in network.inputs]
    back = f"cnngraph export --onnx {quiet(said)} --weights trained.weights.h5"
    head = "\n".join(heading(network, inputs, back, names, remarks))
    return f"{head}\n\n{imports}\n\n\n{code}\n"


def _function(made: Definition) -> Iterator[str]:
    parts = [
        *made.takes,
        *(name if unless is NEEDED else f"{name}={literal(unless)}" for name, unless in made.parameters.items()),
        *(["*", "name"] if asks_name(made) else []),
    ]
    inside = ", ".join(parts)
    if len(made.name) + len(inside) + 7 <= WIDTH:
        yield f"def {made.name}({inside}):"
    else:
        yield f"def {made.name}("
        yield from [f"    {inside}"] if len(inside) + 4 <= WIDTH else [f"    {part}," for part in parts]
        yield "):"
    if made.doc:
        yield f'    """{made.doc}."""'
    yield from laid_out(made.forward, 1)

"""A network as a file of PyTorch code that a person could have written, checked against the network.

`bodies` sorts the layers into what classes are made of, `classes` finds what is alike and what differs, `forward`
writes what runs, `text` lays it out, and `recording` runs it without PyTorch and compares. `settings` has the network
with other params, by which these become arguments. What cannot be said so is one class without blocks (`flat`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnngraph.code.bodies import body
from cnngraph.code.calls import NEEDED, Definition, camel, parameter
from cnngraph.code.definitions import Sample
from cnngraph.code.generated import Generated
from cnngraph.code.heading import heading, quiet, shown
from cnngraph.code.outputs import head_of, need_known, without_softmax
from cnngraph.code.recording import Differs
from cnngraph.code.settings import with_params
from cnngraph.code.solving import Unsuited, literal
from cnngraph.code.text import Brackets, Line, laid_out
from cnngraph.network import Network
from cnngraph.torch.classes import Classes
from cnngraph.torch.flat import flat
from cnngraph.torch.names import bearable
from cnngraph.torch.recording import check
from cnngraph.torch.signatures import codes, needed, text_of


def generate(network: Network, said: str = "") -> Generated:
    """The code for *network*, which *said* names on a command line, where it is not its file. Raises `CnngraphError`
    (E0909) for one with parts that no layer does."""
    need_known(network)
    found = replace(_prepared(network), said=said or network.file or network.name)

    def written(networks: Sequence[Network]) -> Generated:
        return _in_classes([found, *map(_prepared, networks[1:])])

    def checked(made: Generated, networks: Sequence[Network]) -> None:
        _check_settings(made, map(_prepared, networks))

    try:
        return with_params(network, written, checked)
    except (Unsuited, Differs) as why:
        return _flat(found, f"one class without blocks, because {why}")


def _check_settings(made: Generated, found: Iterable[_Prepared]) -> None:
    """Raises `Differs` unless the code is each of the networks, with their settings as arguments."""
    for each in found:
        names = {parameter(name): value for name, value in each.network.arguments.items()}
        check(made.text, made.top, each.logits, {name: names[name] for name in made.parameters if name in names})


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A network as code can have it."""

    network: Network
    logits: Network
    softmaxed: tuple[bool, ...]
    names: Mapping[str, str]
    said: str = ""


def _prepared(network: Network) -> _Prepared:
    plain, names = bearable(network)
    return _Prepared(network, *without_softmax(plain), names)


def _in_classes(found: Sequence[_Prepared]) -> Generated:
    """In classes for the blocks; raises `Unsuited` or `Differs`."""
    first = found[0]
    samples = [
        Sample(first.logits.name, body(each.logits, codes(each.logits)), each.network.arguments, each.network.values)
        for each in found
    ]
    classes = Classes(samples).definitions
    top = classes[-1]
    _with_classes(top, first)
    text = _file(first, classes, ())
    made = Generated(text, top.name, top.parameters, first.logits, first.names)
    _check_settings(made, found)
    return made


def _with_classes(top: Definition, found: _Prepared) -> None:
    """Makes the number of classes of a head, where that is one number in *top*, a parameter of it."""
    head = head_of(found.logits, found.softmaxed)
    if head is None or "classes" in top.parameters:
        return
    for number, line in enumerate(top.init):
        if isinstance(line, Line) and line.before == f"self.{head.name} = " and isinstance(line.expression, Brackets):
            made, parts = line.expression, line.expression.parts
            if len(parts) > 1 and parts[1] == str(head.output.channels):
                top.init[number] = Line(line.before, Brackets(made.head, (parts[0], "classes", *parts[2:]), made.tail))
                top.parameters["classes"] = int(parts[1])


def _flat(found: _Prepared, remark: str) -> Generated:
    made = flat(found.logits, camel(found.logits.name))
    text = _file(found, made, [remark])
    check(text, made[-1].name, found.logits)
    return Generated(text, made[-1].name, {}, found.logits, found.names, (remark,))


# The file ----------------------------------------------------------------------------------------


def _file(found: _Prepared, classes: Sequence[Definition], remarks: Iterable[str]) -> str:
    *others, top = classes
    top.init += _started(found.logits)
    parts = ["\n".join(_class(each)).rstrip() for each in others]
    parts.append("\n".join([*_class(top), *_methods(found, bool(top.forward))]).rstrip())
    written = "\n\n\n".join(parts)
    used = set(re.findall(r"\b[A-Za-z_]\w*\b", written))
    helpers = [text_of(name) for name in needed(used - {each.name for each in classes})]
    if "init_weights" in used:
        helpers.append(_INIT)
    code = "\n\n\n".join([*helpers, written])
    imports = (
        "import torch\nfrom torch import nn" if re.search(r"(?m)\btorch\.(?!nn\b)", code) else "from torch import nn"
    )
    head = "\n".join(_head(found, remarks))
    return f"{head}\n\n{imports}\n\n\n{code}\n"


def _head(found: _Prepared, remarks: Iterable[str]) -> Iterator[str]:
    inputs = [shown(layer, channels_first=True) for layer in found.logits.inputs]
    if any(found.softmaxed):
        inputs.append("`forward` gives logits, which loss functions want; `predict` gives probabilities.")
    back = f"cnngraph export --onnx {quiet(found.said)} --weights trained.pth"
    yield from heading(found.network, inputs, back, found.names, remarks)


def _class(made: Definition) -> Iterator[str]:
    yield f"class {made.name}({made.base}):"
    if made.doc:
        yield f'    """{made.doc}."""'
        yield ""
    if made.init or made.base in ("nn.Module", "nn.Sequential"):
        yield from _init(made)
        yield ""
    if made.forward:
        yield f"    def forward(self, {', '.join(made.takes)}):"
        yield from laid_out(made.forward, 2)


def _init(made: Definition) -> Iterator[str]:
    parts = [
        "self",
        *(name if unless is NEEDED else f"{name}={literal(unless)}" for name, unless in made.parameters.items()),
    ]
    inside = ", ".join(parts)
    if len(inside) + 20 <= 88:
        yield f"    def __init__({inside}):"
    else:
        yield "    def __init__("
        yield from [f"        {inside}"] if len(inside) + 8 <= 88 else [f"        {part}," for part in parts]
        yield "    ):"
    is_step = bool(made.init) and isinstance(made.init[0], Line) and str(made.init[0].expression).startswith("super()")
    yield from laid_out([*([] if is_step else ["super().__init__()"]), *made.init], 2)


def _methods(found: _Prepared, is_behind: bool) -> Iterator[str]:
    """What the network's class has besides, behind other methods or the blank line of ``__init__``."""
    for lines in (_predict(found.softmaxed), _kept(found.logits)):
        if lines:
            yield from ["", *lines] if is_behind else lines
            is_behind = True


def _predict(softmaxed: Sequence[bool]) -> list[str]:
    """What the spec's outputs are, where the code gives logits."""
    if not any(softmaxed):
        return []
    head = "    def predict(self, *inputs):"
    if len(softmaxed) == 1:
        return [head, "        return self(*inputs).softmax(1)"]
    names = [f"y{number + 1}" for number in range(len(softmaxed))]
    given = ", ".join(f"{name}.softmax(1)" if is_soft else name for name, is_soft in zip(names, softmaxed, strict=True))
    return [head, f"        {', '.join(names)} = self(*inputs)", f"        return {given}"]


_INIT = '''\
def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)'''
_RULES = {"he_normal": "kaiming_normal_", "xavier": "xavier_normal_", "zeros": "zeros_"}


def _started(network: Network) -> list[Line | str]:
    """How weights start, and which are not trained."""
    found: list[Line | str] = []
    if any(layer.kind.family in ("conv", "dense") for layer in network.layers):
        found.append("self.apply(init_weights)")
    for layer in network.layers:
        for annotation in layer.annotations:
            if annotation.name == "init" and annotation.arguments:
                rule = _RULES[str(annotation.arguments[0])]
                random = [name for name, parameter in layer.parameters.items() if parameter.fill is None]
                found += [f"nn.init.{rule}(self.{layer.name}.{name})" for name in random]
            if annotation.name == "freeze" and layer.parameters:
                found.append(f"self.{layer.name}.requires_grad_(False)")
    return found


def _kept(network: Network) -> list[str]:
    """A method that keeps the statistics of normalizations that are not trained."""
    frozen = {each.name for each in network.layers for said in each.annotations if said.name == "freeze"}
    norms = [
        layer.name
        for layer in network.layers
        if {layer.name, layer.unit} & frozen and not all(each.trainable for each in layer.parameters.values())
    ]
    if not norms:
        return []
    return [
        "    def train(self, mode=True):",
        "        super().train(mode)",
        *(f"        self.{name}.eval()" for name in norms),
        "        return self",
    ]

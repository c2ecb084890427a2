"""Networks as PyTorch: their code, modules made of it, and weights for these.

```python
import cnngraph
from cnngraph.torch import load_weights, module

network = cnngraph.load("resnet", depth=18)
model = module(network)                      # a torch.nn.Module, of the code that `export --torch` writes
load_weights(model, "resnet18.pth")          # found as `export --onnx --weights` finds them
```

PyTorch itself is imported where a module is made, and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network

if TYPE_CHECKING:
    from cnngraph.code.generated import Generated

    Module = Any
    """A ``torch.nn.Module``."""

_MADE: WeakKeyDictionary[Module, tuple[Network, Generated]] = WeakKeyDictionary()
"""The network and the code that each module was made of."""
_NUMBERS = count(1)


def source(network: Network) -> str:
    """PyTorch code for *network*, as ``cnngraph export --torch`` writes it. Raises `CnngraphError` (E0909)."""
    from cnngraph.torch.generate import generate

    return generate(network).text


def module(network: Network) -> Module:
    """*network* as a ``torch.nn.Module``: an object of the class in `source`, with new weights.

    Called with tensors of N x C x H x W it gives logits; ``predict`` gives what the spec does. Its parameters have the
    spec's names. Raises `CnngraphError` when PyTorch is not installed (E0823), or as `source`.
    """
    _need_torch()
    from cnngraph.torch.generate import generate

    made = generate(network)
    # A module of Python's, which `torch.compile` and pickle look for by its name.
    code = ModuleType(f"{__name__}.made{next(_NUMBERS)}")
    sys.modules[code.__name__] = code
    exec(compile(made.text, f"<{network.name}.py>", "exec"), code.__dict__)
    built = getattr(code, made.top)()
    _MADE[built] = network, made
    return built


def load_weights(
    module: Module,
    file: str | Path | Mapping[str, Any],
    *,
    network: Network | None = None,
    renames: Mapping[str, str] | None = None,
    fresh: Sequence[str] = (),
) -> Module:
    """Gives *module* the weights in *file*, in any format that ``--weights`` takes; gives back *module*.

    They are matched with *network*, which is known of a module that `module` made: by name, by *renames*, else by order
    and shape. Layers and blocks called *fresh* keep the weights that they have. Raises `CnngraphError` when they are
    not this network's (E0704), and changes nothing then; `ValueError` for a module of unknown network.
    """
    import torch

    from cnngraph.torch.generate import generate
    from cnngraph.weights.choose import choose
    from cnngraph.weights.source import Weight

    if network is None and module not in _MADE:
        raise ValueError("the network of this module is not known: say network=cnngraph.load(…)")
    network, made = _MADE[module] if network is None else (network, generate(network))
    called = {old: new for new, old in made.names.items()}
    state = module.state_dict()
    chosen = choose(network, file, None, renames, None, fresh)
    wanted = [
        (f"{called.get(layer.name, layer.name)}.{name}", Weight(f"{layer.name}.{name}", layer, parameter))
        for layer in network.layers
        for name, parameter in layer.parameters.items()
        if not any(layer.name == each or layer.name.startswith(f"{each}.") for each in fresh)
    ]
    if unlike := [key for key, weight in wanted if key not in state or state[key].numel() != weight.parameter.size]:
        raise CnngraphError.of(
            "E0704", f"the module is not {network.name}", reason=f"`{unlike[0]}` is not in it, or of another size"
        )
    for (key, _), pieces in zip(wanted, chosen.all(weight for _, weight in wanted), strict=True):
        numbers = torch.frombuffer(bytearray(b"".join(pieces)), dtype=torch.float32)
        state[key] = numbers.reshape(state[key].shape)
    module.load_state_dict(state)
    return module


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise CnngraphError.of(
            "E0823",
            "modules need PyTorch, which is not installed",
            help="pip install torch; the code itself is written without it:  cnngraph export --torch NAME -o name.py",
        )

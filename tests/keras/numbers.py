"""Generated Keras code beside the exported ONNX file, by numbers: weights are saved by Keras, read back, and exported.

``KERAS_BACKEND=torch python -m tests.keras.numbers`` prints the table of all networks that ship; with ``--record`` it
also writes down for which text the numbers were measured, so that tests know it where Keras is not installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.code.generated import Generated
from cnngraph.diagnostics import CnngraphError
from cnngraph.keras.generate import generate
from cnngraph.network import Network
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from tests.networks import load
from tests.torch.numbers import KINDS, SHIPPED, digest, given, key, of_kind, tame

RECORDED = Path(__file__).parent / "recorded.json"
CLOSE = 1e-5
"""Of the largest number of an output."""
ROLES = {"moving_mean": "running_mean", "moving_variance": "running_var", "beta": "bias", "bias": "bias"}


def built(made: Generated, **arguments: Any) -> Any:
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(made.text, "<generated>", "exec"), names)
    return names[made.top](**arguments)


def fill(model: Any) -> None:
    """Numbers that leave no weight trivial."""
    for layer in model.layers:
        for weight in layer.weights:
            role = ROLES.get(weight.path.rpartition("/")[2], "weight")
            if "seed" not in weight.path:
                weight.assign(tame(f"{layer.name}.{role}", tuple(weight.shape)))


def answers(network: Network, model: Any) -> list[Any]:
    """What the model makes of two pictures for each input, channels first."""
    arrays = [array.transpose(0, 2, 3, 1) if array.ndim == 4 else array for array in given(network).values()]
    found = model(arrays[0] if len(arrays) == 1 else arrays, training=False)
    tensors = found if isinstance(found, list | tuple) else [found]
    done = [np.asarray(each.detach() if hasattr(each, "detach") else each) for each in tensors]
    return [each.transpose(0, 3, 1, 2) if each.ndim == 4 else each for each in done]


def difference(network: Network, model: Any, folder: Path) -> tuple[float, set[str]]:
    """How far the outputs are from those of the ONNX file with the weights that Keras saved, relative to the largest
    number of each; and how these were found."""
    file = folder / "trained.weights.h5"
    found: set[str] = set()
    if any(layer.weights for layer in model.layers):
        model.save_weights(file)
        found = {match.how for match in FileWeights(file, network).matching.matches}
    network.export(folder / "m.onnx", file if found else None)
    wanted = Session(folder / "m.onnx").run(given(network))
    outputs = list(dict.fromkeys(output.layer for output in network.outputs))
    by_layer = {output.layer: wanted[output.name] for output in network.outputs}
    worst = 0.0
    for name, array in zip(outputs, answers(network, model), strict=True):
        if array.shape != by_layer[name].shape:
            return float("inf"), found
        worst = max(worst, float(np.abs(array - by_layer[name]).max() / max(np.abs(by_layer[name]).max(), 1e-12)))
    return worst, found


def measured(network: Network) -> tuple[str, float, set[str]] | None:
    """The digest of the code, and `difference`; None for a network that Keras cannot be."""
    try:
        made = generate(network)
    except CnngraphError as error:
        if error.diagnostics[0].code not in ("E0914", "E0708"):
            raise
        return None
    import keras

    keras.backend.clear_session()
    model = built(made)
    fill(model)
    with tempfile.TemporaryDirectory() as folder:
        return (digest(made), *difference(network, model, Path(folder)))


def recorded() -> dict[str, list[Any] | None]:
    found: dict[str, list[Any] | None] = json.loads(RECORDED.read_text("utf-8"))
    return found


def main() -> None:
    record: dict[str, list[Any] | None] = {}
    asked = [each for each in sys.argv[1:] if not each.startswith("-")]
    shipped = {key(*case): case for case in SHIPPED}
    for name in (*shipped, *KINDS):
        if asked and name not in asked:
            continue
        found = measured(load(shipped[name][0], **shipped[name][1]) if name in shipped else of_kind(name))
        if found is None:
            record[name] = None
            print(f"{name:60} -")
            continue
        text, far, how = found
        record[name] = [text, float(f"{far:.1e}")]
        if name not in KINDS or far > CLOSE or how - {"name"}:
            print(f"{name:60} {far:<8.1e} {' '.join(sorted(how))}", flush=True)
    if "--record" in sys.argv:
        known = {**(recorded() if asked else {}), **record}
        record = {name: known[name] for name in (*shipped, *KINDS) if name in known}
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in record.items())
        RECORDED.write_text(f"{{\n{rows}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()

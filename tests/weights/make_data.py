"""Makes ``data/``: one small network in PyTorch and in Keras, saved in every way they have, with their answers.

``python -m tests.weights.make_data``, where torch and keras are installed. The tests only read what it wrote.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"


def main() -> None:
    DATA.mkdir(exist_ok=True)
    with_pytorch()
    with_keras()


def with_pytorch() -> None:
    import torch
    from torch import nn

    class Residual(nn.Module):  # type: ignore[misc]  # torch may be absent
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
            self.norm = nn.BatchNorm2d(6)
            self.project = nn.Conv2d(6, 6, 1)

        def forward(self, x: Any) -> Any:
            return torch.relu(x + self.project(torch.relu(self.norm(self.depthwise(x)))))

    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), Residual(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4 * 4 * 6, 5), nn.ReLU(), nn.Linear(5, 4), nn.Softmax(1),
    )  # fmt: skip
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5)
    model.eval()
    state = model.state_dict()
    torch.save(state, DATA / "zip.pt")
    torch.save(state, DATA / "stream.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state, "lr": 0.1}, DATA / "checkpoint.pt")
    torch.save({f"module.{name}": tensor for name, tensor in state.items()}, DATA / "parallel.pt")
    torch.save({name: t.half() if t.is_floating_point() else t for name, t in state.items()}, DATA / "half.pt")
    torch.save({name: t.bfloat16() if t.is_floating_point() else t for name, t in state.items()}, DATA / "bfloat16.pt")
    # The same numbers, laid out column by column: strides that are not those of the shape.
    torch.save({name: t.t().contiguous().t() if t.dim() == 2 else t for name, t in state.items()}, DATA / "strided.pt")
    torch.save({name: nn.Parameter(t, t.is_floating_point()) for name, t in state.items()}, DATA / "parameters.pt")
    torch.save(nn.Linear(2, 2), DATA / "model.pt")
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    with torch.no_grad():
        np.savez(DATA / "pytorch.npz", x=x, y=model(torch.from_numpy(x)).numpy())


def with_keras() -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(6, 3, padding="same", use_bias=False, name="stem")(x)
    y = layers.BatchNormalization(name="stem_norm")(y)
    fork = layers.ReLU()(y)
    y = layers.DepthwiseConv2D(3, padding="same")(fork)
    y = layers.BatchNormalization(scale=False)(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(6, 1)(y)
    y = layers.ReLU()(layers.Add()([fork, y]))
    y = layers.Flatten()(layers.MaxPool2D()(y))
    y = layers.Dense(5, activation="relu")(y)
    y = layers.Dense(4, activation="softmax")(y)
    model = keras.Model(x, y)
    generator = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    model.save(DATA / "keras3.keras")
    model.save_weights(DATA / "keras3.weights.h5")
    model.save(DATA / "keras2.h5")
    pictures = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    answers = np.asarray(model.predict(pictures.transpose(0, 2, 3, 1), verbose=0))
    np.savez(DATA / "keras.npz", x=pictures, y=answers)
    flattened()
    sequences()
    unflattened()


def flattened() -> None:
    """What may stand between Keras's flattening and its dense layer, each with an order to keep."""
    import keras
    from keras import layers

    x = keras.Input((4, 4, 2))
    maps = layers.Conv2D(3, 3, padding="same")(x)
    pooled = layers.GlobalAveragePooling2D()(maps)
    flat = layers.LayerNormalization()(layers.Flatten()(maps))
    y = layers.BatchNormalization()(layers.Add()([layers.Dense(48)(pooled), flat]))
    y = layers.LeakyReLU()(layers.Concatenate()([layers.Dense(5, activation="elu")(pooled), y]))
    record(keras.Model(x, layers.Dense(4, activation="softmax")(y)), "keras_flat", (4, 4, 2))


def sequences() -> None:
    """Layers of sequences."""
    import keras
    from keras import layers

    x = keras.Input((16, 3))
    y = layers.Conv1D(4, 3, strides=2, padding="valid", activation="relu")(x)
    y = layers.DepthwiseConv1D(3, padding="same")(y)
    y = layers.SeparableConv1D(5, 3, padding="same", activation="relu")(y)
    y = layers.Conv1DTranspose(6, 2, strides=2)(y)
    record(keras.Model(x, layers.Dense(4)(layers.Flatten()(y))), "keras_1d", (16, 3))


def unflattened() -> None:
    """A vector that becomes a volume, separable convolutions, and slopes for channels and for all."""
    import keras
    from keras import layers

    x = keras.Input((3, 4, 5))
    y = layers.Dense(36)(layers.Flatten()(layers.PReLU(shared_axes=[1, 2])(x)))
    y = layers.Reshape((2, 6, 3))(layers.PReLU(shared_axes=[1])(layers.BatchNormalization()(y)))
    y = layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, activation="relu")(y)
    y = layers.PReLU(shared_axes=[1, 2, 3])(layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(y))
    record(keras.Model(x, layers.Dense(4)(layers.Flatten()(y))), "keras_unflat", (3, 4, 5))


def record(model: Any, name: str, shape: tuple[int, ...]) -> None:
    """Saves *model*, and what it answers, with numbers that leave no weight trivial."""
    generator = np.random.default_rng(1)
    model.set_weights([generator.uniform(-1, 1, w.shape) + (w.ndim == 1) * 1.1 for w in model.get_weights()])
    model.save(DATA / f"{name}.keras")
    pictures = generator.standard_normal((2, *shape)).astype(np.float32)
    answers = np.asarray(model.predict(pictures, verbose=0))
    np.savez(DATA / f"{name}.npz", x=np.moveaxis(pictures.reshape(2, shape[0], -1, shape[-1]), -1, 1), y=answers)


if __name__ == "__main__":
    main()

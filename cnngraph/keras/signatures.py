"""What Keras's layers, its functions and the pieces of generated code take."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from cnngraph.code.calls import Signature, declared, signature
from cnngraph.code.template import Template

_KERAS = """
layers.Conv2D(filters, kernel_size, strides=1, padding="valid", dilation_rate=1, groups=1, use_bias=True,
    kernel_initializer="glorot_uniform", trainable=True)
layers.DepthwiseConv2D(kernel_size, strides=1, padding="valid", depth_multiplier=1, dilation_rate=1, use_bias=True,
    depthwise_initializer="glorot_uniform", trainable=True)
layers.SeparableConv2D(filters, kernel_size, strides=1, padding="valid", dilation_rate=1, depth_multiplier=1,
    use_bias=True, depthwise_initializer="glorot_uniform", pointwise_initializer="glorot_uniform", trainable=True)
layers.Conv2DTranspose(filters, kernel_size, strides=1, padding="valid", dilation_rate=1, use_bias=True,
    kernel_initializer="glorot_uniform", trainable=True)
layers.Dense(units, use_bias=True, kernel_initializer="glorot_uniform", trainable=True)
layers.BatchNormalization(momentum=0.99, epsilon=1e-3, center=True, scale=True, trainable=True)
layers.GroupNormalization(groups=32, epsilon=1e-3, center=True, scale=True, trainable=True)
layers.LayerNormalization(epsilon=1e-3, trainable=True)
layers.RMSNormalization(epsilon=1e-6, trainable=True)
layers.PReLU(alpha_initializer="zeros", shared_axes=None, trainable=True)
layers.MaxPooling2D(pool_size, strides=None, padding="valid")
layers.AveragePooling2D(pool_size, strides=None, padding="valid")
layers.GlobalMaxPooling2D(keepdims=False)
layers.GlobalAveragePooling2D(keepdims=False)
layers.AdaptiveMaxPooling2D(output_size)
layers.AdaptiveAveragePooling2D(output_size)
layers.ZeroPadding2D(padding)
layers.Cropping2D(cropping)
layers.UpSampling2D(size, interpolation="nearest")
layers.Flatten()
layers.Reshape(target_shape)
layers.Dropout(rate)
layers.Rescaling(scale, offset=0.0)
layers.Activation(activation)
layers.LeakyReLU(negative_slope=0.3)
layers.ELU(alpha=1.0)
ops.abs()
ops.square()
ops.clip(x_min, x_max)
ops.power(x2)
ops.max(axis, keepdims=False)
ops.mean(axis, keepdims=False)
ops.normalize(epsilon=1e-12)
"""
"""As Keras 3 declares them, as far as generated code goes; functions without the tensor."""

_TEMPLATE = Template(Path(__file__).parent / "templates" / "pieces.py")


@cache
def signatures() -> dict[str, Signature]:
    """The arguments of each with what they are unless said, in order; of functions and pieces without tensors and the
    name."""
    found = declared(_KERAS)
    for name, piece in pieces().items():
        taken = signature(piece.args)
        found[name] = {key: unless for key, unless in taken.items() if key not in ("x", "like", "name")}
    return found


@cache
def weighted() -> set[str]:
    """Those that have weights, and so a name."""
    in_pieces = {name for name, piece in pieces().items() if "name" in signature(piece.args)}
    return in_pieces | {name for name, taken in signatures().items() if "trainable" in taken}


def pieces() -> dict[str, ast.FunctionDef]:
    """The functions that are copied into a file, by name."""
    return {name: piece for name, piece in _TEMPLATE.pieces.items() if isinstance(piece, ast.FunctionDef)}


def needed(names: set[str]) -> list[str]:
    """Those of *names* that are pieces, and the pieces that they need, in order."""
    return _TEMPLATE.needed(names)


def text_of(piece: str) -> str:
    """Its source, as it stands in `templates/pieces.py`."""
    return _TEMPLATE.text_of(piece)

"""What layers are in PyTorch, and what its modules and those of `pieces` take."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from cnngraph.code.calls import Made, Signature, declared, full, signature
from cnngraph.code.template import Piece, Template
from cnngraph.layers.code import Code
from cnngraph.network import Network

_TORCH = """
nn.Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True)
nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
    dilation=1)
nn.Linear(in_features, out_features, bias=True)
nn.BatchNorm1d(num_features, eps=1e-5, momentum=0.1, affine=True)
nn.BatchNorm2d(num_features, eps=1e-5, momentum=0.1, affine=True)
nn.InstanceNorm2d(num_features, eps=1e-5, momentum=0.1, affine=False)
nn.GroupNorm(num_groups, num_channels, eps=1e-5)
nn.LayerNorm(normalized_shape, eps=1e-5)
nn.LocalResponseNorm(size, alpha=1e-4, beta=0.75, k=1.0)
nn.MaxPool2d(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)
nn.AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)
nn.AdaptiveMaxPool2d(output_size)
nn.AdaptiveAvgPool2d(output_size)
nn.Flatten(start_dim=1)
nn.Unflatten(dim, unflattened_size)
nn.Dropout(p=0.5)
nn.ReLU()
nn.ReLU6()
nn.LeakyReLU(negative_slope=0.01)
nn.PReLU(num_parameters=1)
nn.ELU(alpha=1.0)
nn.SELU()
nn.GELU(approximate="none")
nn.SiLU()
nn.Hardswish()
nn.Hardsigmoid()
nn.Mish()
nn.Sigmoid()
nn.Tanh()
nn.Softplus()
nn.Softmax(dim=None)
nn.LogSoftmax(dim=None)
nn.Identity()
nn.ZeroPad2d(padding)
nn.ConstantPad2d(padding, value)
nn.ReflectionPad2d(padding)
nn.ReplicationPad2d(padding)
nn.CircularPad2d(padding)
nn.PixelShuffle(upscale_factor)
nn.PixelUnshuffle(downscale_factor)
nn.ChannelShuffle(groups)
nn.Upsample(size=None, scale_factor=None, mode="nearest", align_corners=None)
"""
"""As torch 2.x declares them, as far as generated code goes."""


@cache
def signatures() -> dict[str, Signature]:
    """The arguments of every module with what they are unless said, in order."""
    found = declared(_TORCH)
    for name, piece in pieces().items():
        if isinstance(piece, ast.ClassDef):
            methods = (each for each in piece.body if isinstance(each, ast.FunctionDef))
            made = next((each for each in methods if each.name == "__init__"), None)
            if made is not None:
                found[name] = dict(list(signature(made.args).items())[1:])
            else:
                base = ast.unparse(piece.bases[0])
                found[name] = {} if base == "nn.Module" else found[base]
    return found


def codes(network: Network) -> dict[str, Code]:
    """What each layer but the inputs is in PyTorch, by its name."""
    return {layer.name: layer.kind.torch(layer.input_volumes) for layer in network.layers if layer.inputs}


def plain(code: Code) -> Made:
    """The module with all its arguments."""
    return full(code, signatures()[code.module])


def pieces() -> dict[str, Piece]:
    """The classes and functions that are copied into a file, by name."""
    return _TEMPLATE.pieces


def needed(names: set[str]) -> list[str]:
    """Those of *names* that are pieces, and the pieces that they need, in order."""
    return _TEMPLATE.needed(names)


def text_of(piece: str) -> str:
    """Its source, as it stands in `templates/pieces.py`."""
    return _TEMPLATE.text_of(piece)


_TEMPLATE = Template(Path(__file__).parent / "templates" / "pieces.py")

"""What the modules of generated code take: PyTorch's own and those of `pieces`."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

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

NEEDED = object()
"""The default of an argument that has none."""
Signature = dict[str, object]


@cache
def signatures() -> dict[str, Signature]:
    """The arguments of every module with what they are unless said, in order."""
    found: dict[str, Signature] = {}
    for line in re.split(r"\n(?=nn\.)", _TORCH.strip()):
        name, _, arguments = line.partition("(")
        node = ast.parse(f"def f({arguments}: pass").body[0]
        assert isinstance(node, ast.FunctionDef)
        found[name] = _signature(node.args)
    for name, piece in pieces().items():
        if isinstance(piece, ast.ClassDef):
            methods = (each for each in piece.body if isinstance(each, ast.FunctionDef))
            made = next((each for each in methods if each.name == "__init__"), None)
            if made is not None:
                found[name] = dict(list(_signature(made.args).items())[1:])
            else:
                base = ast.unparse(piece.bases[0])
                found[name] = {} if base == "nn.Module" else found[base]
    return found


def _signature(arguments: ast.arguments) -> Signature:
    names = [each.arg for each in arguments.args]
    defaults = [ast.literal_eval(each) for each in arguments.defaults]
    return dict(zip(names, [NEEDED] * (len(names) - len(defaults)) + defaults, strict=True))


@cache
def _source() -> str:
    return (Path(__file__).parent / "templates" / "pieces.py").read_text("utf-8")


@cache
def pieces() -> dict[str, ast.ClassDef | ast.FunctionDef]:
    """The classes and functions that are copied into a file, by name."""
    return {node.name: node for node in ast.parse(_source()).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


def needed(names: set[str]) -> list[str]:
    """Those of *names* that are pieces, and the pieces that they need, in order."""
    known, found, waiting = pieces(), set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting += [node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name)]
    return [name for name in known if name in found]


def text_of(piece: str) -> str:
    """Its source, as it stands in `templates/pieces.py`."""
    node = pieces()[piece]
    return "\n".join(_source().splitlines()[node.lineno - 1 : node.end_lineno])

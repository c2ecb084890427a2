"""Write a CNN once; get the figure, the table and the runnable model, and know that they agree.

import cnngraph
network = cnngraph.load("resnet", depth=34)      # a path, or a network that ships
network.params, network.macs, network["stage2.residual1.basic1.conv1"].output
network.render("resnet.pdf"); network.export("resnet.onnx", "resnet34.pth")
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # importing typing for it would take most of the time that importing this takes
if TYPE_CHECKING:
    from typing import Any

    from cnngraph.builder import Builder
    from cnngraph.comparison.compare import compare
    from cnngraph.diagnostics import CnngraphError, Diagnostic
    from cnngraph.fronts import load, parse
    from cnngraph.network import Layer, Network
    from cnngraph.verbs import check, render
    from cnngraph.volume import Volume

_HOMES = {
    "Builder": "cnngraph.builder",
    "CnngraphError": "cnngraph.diagnostics",
    "Diagnostic": "cnngraph.diagnostics",
    "Layer": "cnngraph.network",
    "Network": "cnngraph.network",
    "Volume": "cnngraph.volume",
    "check": "cnngraph.verbs",
    "compare": "cnngraph.comparison.compare",
    "load": "cnngraph.fronts",
    "load_ipython_extension": "cnngraph.notebook",
    "parse": "cnngraph.fronts",
    "render": "cnngraph.verbs",
}
__all__ = [
    "Builder",
    "CnngraphError",
    "Diagnostic",
    "Layer",
    "Network",
    "Volume",
    "__version__",
    "check",
    "compare",
    "load",
    "parse",
    "render",
]


def __getattr__(name: str) -> Any:
    """What the package names is imported when it is used: `cnngraph --help` starts as fast as click does."""
    if name == "__version__":
        from importlib.metadata import version

        return version("cnngraph")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

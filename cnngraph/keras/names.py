"""Names of layers in Keras, which may have no dot."""

from __future__ import annotations


def in_keras(name: str) -> str:
    """The name that the layer *name* has: ``stage1-residual1-conv1``. A spec's names have no `-`, so that it comes
    back as what it was."""
    return name.replace(".", "-")

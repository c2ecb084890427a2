"""Networks as Keras code; Keras itself is not needed for it."""

from __future__ import annotations

from cnngraph.network import Network


def source(network: Network) -> str:
    """Keras code for *network*, as ``cnngraph export --keras`` writes it. Raises `CnngraphError` (E0909, E0914)."""
    from cnngraph.keras.generate import generate

    return generate(network).text

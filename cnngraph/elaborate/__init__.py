"""Syntax tree to network: blocks expanded, repeats unrolled, every volume checked."""

from cnngraph.elaborate.build import elaborate

__all__ = ["elaborate"]

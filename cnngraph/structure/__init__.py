"""The structure of a flat network: which layers are one step, which tensors are skips, what repeats as a block; with it
a spec reads as a person would have written it. `find.py` says how the parts work together."""

from cnngraph.structure.find import Structured, structured
from cnngraph.structure.proof import differences
from cnngraph.structure.written import Written, written

__all__ = ["Structured", "Written", "differences", "structured", "written"]

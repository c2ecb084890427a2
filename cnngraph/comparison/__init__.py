"""Two networks compared: which layer of the one is which of the other, and what was changed.

`compare` is the one way in. It proves first that they are one network (`cnngraph.structure.proof`); of those that are
not it finds the fewest changes that make the one of the other (`alignment`), and tells what was changed from what
follows from it (`changes`). `report` says it in text.
"""

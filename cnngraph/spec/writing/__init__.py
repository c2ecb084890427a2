"""A network back to spec text: `text.py` says how the parts work together."""

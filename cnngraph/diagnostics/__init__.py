"""Diagnostics: mistakes and warnings as data, and their renderers."""

from cnngraph.diagnostics.diagnostic import CnngraphError, Diagnostic, Fix, Label, Severity

__all__ = ["CnngraphError", "Diagnostic", "Fix", "Label", "Severity"]

"""Diagnostics: mistakes and warnings as data, and their renderers."""

from cnngraph.diagnostics.diagnostic import Diagnostic, Fix, Label, Severity
from cnngraph.diagnostics.error import CnngraphError

__all__ = ["CnngraphError", "Diagnostic", "Fix", "Label", "Severity"]

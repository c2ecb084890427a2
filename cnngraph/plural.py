"""Counts of things in words."""


def many(count: int, what: str) -> str:
    """``1 layer``, ``1,200 layers``."""
    return f"{count:,} {what}{'s' if count != 1 else ''}"

"""Which tensors of a file are meant: one of several sets in a checkpoint, or those below a prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.weights.readers.entry import Entry

_LIKELIEST = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
"""Where training scripts put the weights among the rest of a checkpoint, the likeliest first."""


def part(entries: Sequence[Entry], wanted: str, file: str) -> tuple[list[Entry], tuple[str, ...]]:
    """The tensors of *file* in the set, or below the prefix, that is *wanted*; with a remark if one was chosen here.

    Names lose the prefix. Raises `CnngraphError` (E0702) when there is no such part, or several sets and no likeliest.
    """
    groups = list(dict.fromkeys(entry.group for entry in entries))
    if wanted in groups:
        return [entry for entry in entries if entry.group == wanted], ()
    remarks: tuple[str, ...] = ()
    if len(groups) > 1 and not wanted:
        group = next((each for each in _LIKELIEST if each in groups), None)
        others = " or ".join(f"--weights {file}:{each}" for each in groups if each != group)
        if group is None:
            raise CnngraphError.of(
                "E0702", f"{file} holds several sets of weights: {', '.join(groups)}", help=f"say which: {others}"
            )
        remarks = (f"{file} holds several sets of weights, and `{group}` was taken; the other: {others}",)
        return [entry for entry in entries if entry.group == group], remarks
    if not wanted:
        return list(entries), ()
    below = [
        replace(entry, name=entry.name.removeprefix(f"{wanted}."), filed=entry.filed)
        for entry in entries
        if entry.name.startswith(f"{wanted}.")
    ]
    if not below or len({entry.group for entry in below}) > 1:
        known = [group for group in groups if group] or sorted({entry.name.partition(".")[0] for entry in entries})
        raise CnngraphError.of(
            "E0702",
            f"{file} has no part `{wanted}`" if not below else f"{file} has `{wanted}` in several sets of weights",
            help=f"there are: {', '.join(known[:5])}" + (f" and {len(known) - 5} more" if len(known) > 5 else ""),
        )
    return below, ()

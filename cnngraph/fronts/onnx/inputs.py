"""The inputs of a model as volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnngraph.fronts.draft import Draft
from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.messages import Info, Node, Size
from cnngraph.fronts.onnx.trace import Value
from cnngraph.fronts.onnx.views import View, upright
from cnngraph.volume import Dim, Free, Volume
from cnngraph.weights.readers.entry import FLOATS

_ROLES = {1: "N", 2: "CL", 3: "CHW"}
"""What the sizes behind the batch are, by how many there are."""
_PREPARING = frozenset({"Cast", "Identity", "Sub", "Mul", "Div", "Add", "Clip", "Pad"})
_MEASURING = frozenset({"Shape", "Size"})


def input_view(
    info: Info, name: str, nodes: Sequence[Node], draft: Draft, values: Mapping[str, Value]
) -> tuple[View, bool]:
    """The input *name* that *info* tells of, and whether the file has its channels last, where a network here has them
    first. Of *values* are the constants in the file.

    Raises `Unknown` for what is neither pictures nor vectors.
    """
    if info.kind not in (*FLOATS, "uint8", ""):
        raise Unknown(f"is of {info.kind}")
    if info.sizes is None or len(info.sizes) not in (2, 3, 4):
        count = "no" if not info.sizes else "one" if len(info.sizes) == 1 else str(len(info.sizes))
        raise Unknown(f"has {count} size{'' if count == 'one' else 's'}")
    first, *rest = info.sizes
    batch: Dim = first if isinstance(first, int) and first > 0 else Free("batch")
    is_last = len(rest) == 3 and _is_channels_last(info, nodes, values)
    roles = "HWC" if is_last else _ROLES[len(rest)]
    sizes = {role: _size(size, role) for role, size in zip(roles, rest, strict=True)}
    if len(rest) == 1:
        volume = Volume((sizes["N"],))
    else:
        volume = Volume((sizes["L" if len(rest) == 2 else "H"], sizes.get("W", 1), sizes["C"]))
    name = draft.input(name, volume, f"input `{info.name}`", called=info.name)
    volume = draft.volume(name)
    view = View(name, volume, upright(volume, batch))
    if is_last:
        return view.turned((0, 2, 3, 1)), True
    return (View(name, volume, view.axes[:3]) if len(rest) == 2 else view), False


def _turns_one(sizes: Sequence[Size], shape: Value | None) -> bool:
    """Whether a tensor of *sizes* reshaped to *shape* is one whose only channel stood last and stands first."""
    if not isinstance(shape, Constant) or len(shape.shape) != 1 or len(shape.dims) != 4:
        return False
    return sizes[-1] == 1 != sizes[1] and shape.dims[1:] == (1, *sizes[1:3])


def _size(size: int | str, role: str) -> Dim:
    if isinstance(size, int) and size > 0:
        return size
    if role == "C":
        raise Unknown("has a free number of channels")
    return Free(role)


def _is_channels_last(info: Info, nodes: Sequence[Node], values: Mapping[str, Value]) -> bool:
    """Whether all that takes the input turns it from (N, H, W, C) to (N, C, H, W), be it after it is prepared."""
    takers: dict[str, list[Node]] = {}
    for node in nodes:
        for each in node.inputs:
            takers.setdefault(each, []).append(node)
    waiting, is_turned = [info.name], False
    while waiting:
        for node in takers.get(waiting.pop(), ()):
            if (node.op == "Transpose" and node.attributes.get("perm") == [0, 3, 1, 2]) or (
                node.op == "Reshape" and info.sizes is not None and _turns_one(info.sizes, values.get(node.inputs[-1]))
            ):
                is_turned = True
            elif node.op in _PREPARING:
                waiting.append(node.outputs[0])
            elif node.op not in _MEASURING:
                return False
    return is_turned

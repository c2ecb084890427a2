"""Names that PyTorch and Python can bear: a network whose layers are attributes of modules."""

from __future__ import annotations

import keyword
from dataclasses import replace
from functools import cache

from cnngraph.network import Block, Layer, Network, kept
from cnngraph.spec.names import sayable

_TEXT = """
T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double
dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
insert ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters pop
predict register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory skip state_dict to to_empty
train training type xpu zero_grad
"""
_OF_MODULES = frozenset(_TEXT.split())
"""What modules of torch 2.13 have already: a layer of that name would be called in its place."""


@kept
def bearable(network: Network) -> tuple[Network, dict[str, str]]:
    """*network* with names that attributes can have, and what each layer that is called otherwise there was called."""
    sayable_ = sayable(network)
    given: dict[str, dict[str, str]] = {}
    paths = [*(layer.name for layer in sayable_.layers), *sayable_.blocks]
    there = set(paths)

    @cache
    def path(name: str) -> str:
        parts = name.split(".")
        for number, part in enumerate(parts):
            here = given.setdefault(".".join(name.split(".")[:number]), {})
            if part not in here:
                here[part] = _attribute(
                    part, lambda other, at=number: ".".join([*name.split(".")[:at], other]) in there
                )
            parts[number] = here[part]
        return ".".join(parts)

    def block(each: Block) -> Block:
        return replace(each, path=path(each.path), parent=path(each.parent) if each.parent else "")

    def layer(each: Layer) -> Layer:
        return replace(
            each,
            name=path(each.name),
            inputs=tuple(map(path, each.inputs)),
            unit=path(each.unit),
            block=path(each.block) if each.block else "",
            shares=path(each.shares) if each.shares else "",
        )

    made = replace(
        sayable_,
        layers=tuple(map(layer, sayable_.layers)),
        blocks={path(name): block(each) for name, each in sayable_.blocks.items()},
        outputs=tuple(replace(each, layer=path(each.layer)) for each in sayable_.outputs),
    )
    names = {new.name: old.name for new, old in zip(made.layers, network.layers, strict=True) if new.name != old.name}
    return made, names


def _attribute(part: str, is_taken: object) -> str:
    if not (keyword.iskeyword(part) or part in _OF_MODULES or part.startswith("_")):
        return part
    made = f"{part.lstrip('_') or 'layer'}_"
    assert callable(is_taken)
    while is_taken(made):
        made += "_"
    return made

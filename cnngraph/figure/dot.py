"""A network as DOT, for Graphviz and the programs that read it."""

from __future__ import annotations

from cnngraph.network import Block, Network
from cnngraph.units import Unit, units


def dot(network: Network) -> str:
    """DOT text: a node for each unit with what it does and makes, blocks as clusters, shortcuts dashed.

    Made with the `graphviz` library, which quotes names; the program `dot` is not needed for it.
    """
    from graphviz import Digraph
    from graphviz.quoting import escape

    whole = units(network)
    title = network.title or network.name
    graph = Digraph(
        network.name,
        comment=title,
        graph_attr={"rankdir": "TB", "label": escape(title), "labelloc": "t", "fontname": "Helvetica"},
        node_attr={"shape": "box", "style": "rounded", "fontname": "Helvetica", "fontsize": "11"},
        edge_attr={"fontname": "Helvetica", "fontsize": "9"},
    )
    members: dict[str, list[Unit]] = {}
    for unit in whole.units:
        members.setdefault(unit.lead.block, []).append(unit)
    children: dict[str, list[Block]] = {}
    for block in network.blocks.values():
        children.setdefault(block.parent, []).append(block)

    def fill(into: Digraph, path: str) -> None:
        for unit in members.get(path, ()):
            into.node(unit.name, escape(label(unit)), tooltip=escape(unit.about))
        for block in children.get(path, ()):
            with into.subgraph(name=f"cluster_{block.path}") as inner:
                inner.attr(label=escape(block.label or block.path), style="dashed", color="gray60")
                fill(inner, block.path)

    fill(graph, "")
    for unit in whole.units:
        for position, source in enumerate(unit.inputs):
            graph.edge(source, unit.name, **({"style": "dashed"} if position in unit.lead.skips else {}))
    return str(graph.source)


def label(unit: Unit) -> str:
    """``conv 3×3, 64``, what follows it, and what it makes."""
    caption = unit.lead.kind.caption()
    window = f" {caption.window[0]}×{caption.window[1]}" if caption.window else ""
    stride = f" s={caption.stride[0]}" if caption.stride and caption.stride != (1, 1) else ""
    called = unit.label or (unit.lead.inputs and caption.name) or unit.name
    name = called + window + stride if unit.lead.inputs else called
    followers = "".join(f", {layer.label or layer.kind.caption().name}" for layer in unit.layers[1:])
    shared = f"\nweights of {unit.shares}" if unit.shares else ""
    return f"{name}{followers}{shared}\n{unit.output.caption}"

"""A front end for networks written as JSON, to try the door with: it has no text to point at, and its own names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cnngraph.assembly import Assembly
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import Format
from cnngraph.fronts.content import Content
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Fault
from cnngraph.reading import Reading
from cnngraph.volume import Free, Volume


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> Reading:
    data = json.loads(content.text)
    assembly = Assembly(max_nodes, settings)
    place = ""
    try:
        for entry in data["layers"]:
            place = f"layer `{entry['name']}`"
            if "volume" in entry:
                dims = tuple(Free(dim) if isinstance(dim, str) else dim for dim in entry["volume"])
                assembly.input(entry["name"], Volume(dims))
                continue
            values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry["with"].items()}
            assembly.add(entry["name"], KINDS[entry["kind"]](**values), entry["of"], shares=entry.get("shares", ""))
        place = ""
        for name in data["outputs"]:
            assembly.output(name, name)
        network = assembly.network(data["name"], file=content.name)
    except Fault as fault:
        raise CnngraphError.of(
            fault.code, fault.message, file=content.name, place=place, reason=fault.reason or fault.remark,
            help=fault.help,
        ) from None  # fmt: skip
    return Reading(network, ())


JSON = Format("a network as JSON", (".json",), lambda head: head.lstrip().startswith(b"{"), "tests.fronts.by_json")


def layer(name: str, kind: str, *of: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "of": of, "with": values}


def network(*layers: dict[str, Any], outputs: tuple[str, ...], volume: tuple[int | str, ...] = (8, 8, 3)) -> str:
    return json.dumps({"name": "n", "layers": [{"name": "x:0", "volume": volume}, *layers], "outputs": outputs})

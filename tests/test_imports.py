"""Imports lead downward, in circles nowhere: read from the source, also those inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import networkx
import pytest

from tests.sources import trees

PACKAGE = "cnngraph"

LAYERING = (
    ("source", "volume", "names", "diagnostics", "files", "pictures", "shades", "shipped", "text", "tex", "plural"),
    ("figure.colors", "figure.page", "figure.theme", "figure.typeface"),
    ("layers",),
    ("figure.scene", "figure.text"),
    ("network",),
    (
        "repetition",
        "titles",
        "units",
        "flow",
        "fold",
        "table",
        "sizes",
        "field",
        "summary",
        "remarks",
        "assembly",
        "reading",
        "preprocessing",
        "about",
        "classes",
        "look",
    ),
    ("spec",),
    ("elaborate",),
    ("weights.source", "weights.readers", "weights.brought"),
    ("structure",),
    ("comparison",),
    ("fronts",),
    ("builder", "claims", "canonical", "fixing"),
    ("figure", "weights", "code"),
    ("onnx", "torch", "keras"),
    ("runtime",),
    ("viewer",),
    ("importing", "verbs"),
    ("editor", "notebook", "preview"),
    ("cli",),
    ("__main__",),
)
"""From the bottom to the top. A module may import those of its own line and of lines above it here."""

SEAM = ("network", "verbs")
"""The one import upward: the methods of a network that do something with it."""


def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name, without the package's own."""
    found = {}
    for path, tree in trees().items():
        parts = PurePosixPath(path).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = tree
    return found


def statements(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run some time: none below ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not (isinstance(node, ast.expr) or (isinstance(node, ast.If) and _is_for_types(node.test))):
            yield from statements(node)


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def imported(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """The modules among *known* that *tree* imports."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(f"{PACKAGE}."):
                    yield alias.name.removeprefix(f"{PACKAGE}.")
        elif node.level:
            raise AssertionError(f"a relative import: {ast.unparse(node)}")
        elif node.module == PACKAGE or (node.module or "").startswith(f"{PACKAGE}."):
            assert node.module is not None
            home = node.module.removeprefix(PACKAGE).removeprefix(".")
            for alias in node.names:
                inner = f"{home}.{alias.name}".removeprefix(".")
                yield inner if inner in known else home


def edges(module: str, tree: ast.AST, known: set[str]) -> Iterator[tuple[str, str]]:
    """From *module*, which *tree* is or is in, to those of *known* that it imports."""
    return ((module, other) for other in imported(tree, known) if other and other != module)


def rank(module: str) -> int:
    """Of the longest name in `LAYERING` that the module is or is in."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        for number, names in enumerate(LAYERING):
            if ".".join(parts[:end]) in names:
                return number
    raise AssertionError(f"{module} has no place in LAYERING")


def upward(graph: networkx.DiGraph) -> list[tuple[str, str]]:
    return sorted((one, other) for one, other in graph.edges if rank(other) > rank(one))


def circles(graph: networkx.DiGraph) -> list[list[str]]:
    """Modules that reach one another, but through the seam."""
    straight = graph.copy()
    straight.remove_edge(*SEAM)
    return [sorted(each) for each in networkx.strongly_connected_components(straight) if len(each) > 1]


@pytest.fixture(scope="module")
def graph() -> networkx.DiGraph:
    known = modules()
    return networkx.DiGraph(edge for name, tree in known.items() for edge in edges(name, tree, set(known)))


def test_imports_lead_downward(graph: networkx.DiGraph) -> None:
    assert upward(graph) == [SEAM]


def test_no_module_imports_itself_around_a_corner(graph: networkx.DiGraph) -> None:
    assert circles(graph) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("volume", "from cnngraph.network import Network"),
        ("layers.dense", "def f():\n    import cnngraph.figure.scene"),
        ("weights.match", "def f():\n    from cnngraph.onnx import graph"),
        ("notebook", "class A:\n    def f(self):\n        from cnngraph.cli.render import command"),
        ("network", "try:\n    from cnngraph import notebook\nfinally:\n    pass"),
    ],
)
def test_what_leads_upward_or_around_is_seen(module: str, line: str, graph: networkx.DiGraph) -> None:
    known = set(modules())
    assert module in known
    changed = graph.copy()
    changed.add_edges_from(edges(module, ast.parse(line), known))
    assert upward(changed) != [SEAM] or circles(changed)


def test_what_only_types_need_is_no_import() -> None:
    tree = ast.parse("if TYPE_CHECKING:\n    from cnngraph.network import Network\nfrom cnngraph import volume")
    assert list(imported(tree, {"network", "volume"})) == ["volume"]

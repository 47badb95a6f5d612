"""The package's folders import one way only: what serves may know what stores, never the reverse."""

import ast
from collections.abc import Iterator
from pathlib import Path

import edaphon

PACKAGE = Path(edaphon.__file__).parent

# A folder may import from those before it in this list; folders on one line may not import each other.
LAYERS = [
    {"afterwards", "alarm", "errors", "namespaces", "settings"},
    {"corpus"},
    {"store"},
    {"conformance", "sparql"},
    {"contributions", "linking"},
    {"web"},
    {"cli"},
]


def layer(module: str) -> int | None:
    """The place in LAYERS of a dotted module below edaphon; None for edaphon itself."""
    _, _, rest = module.partition(".")
    name = rest.split(".")[0]
    return next((index for index, layer in enumerate(LAYERS) if name in layer), None)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: import by full name, not relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_run_one_way() -> None:
    wrong = []
    modules = sorted(PACKAGE.rglob("*.py"))
    assert len(modules) > 5
    for path in modules:
        own = ".".join(("edaphon", *path.relative_to(PACKAGE).with_suffix("").parts))
        mine = layer(own)
        for name in imports(path):
            theirs = layer(name) if name.startswith("edaphon.") else None
            if mine is None or theirs is None:
                continue
            same_folder = own.split(".")[1] == name.split(".")[1]
            if theirs > mine or (theirs == mine and not same_folder and mine > 0):
                wrong.append(f"{own} imports {name}")
    assert wrong == []

"""What the tests of the query service share: a small published revision, and a pool to ask it with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad
from revisions import EX, Folder, published

from edaphon.sparql.pool import WorkerPool


@pytest.fixture(scope="session")
def revision(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """300 things with a value each in the default graph; two graphs that share one triple."""
    value, left, right = (NamedNode(EX + name) for name in ("value", "left", "right"))
    things = [NamedNode(f"{EX}{number}") for number in range(300)]
    return published(
        tmp_path_factory.mktemp("revision") / "000001",
        1,
        [Quad(thing, value, Literal(number), DefaultGraph()) for number, thing in enumerate(things)]
        + [Quad(things[0], value, Literal("shared"), graph) for graph in (left, right)]
        + [Quad(things[1], value, Literal("only left"), left)],
    )


@pytest.fixture
def with_pool(revision: Folder) -> Callable[..., Any]:
    """Run a coroutine function on a pool of its own: `with_pool(scenario, workers=2)`."""

    def run(scenario: Callable[[WorkerPool], Awaitable[Any]], **settings: Any) -> Any:
        async def main() -> Any:
            options: dict[str, Any] = {"workers": 2, "at_once": 2, "memory": 512, "result": 100, "queue": 16} | settings
            current = options.pop("current", lambda: revision)
            pool = WorkerPool(current, **options)
            await pool.start()
            try:
                return await scenario(pool)
            finally:
                await pool.close(0)

        return asyncio.run(main())

    return run

"""Whether the server is alive, and whether it can answer."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from edaphon.sparql.answers import Answers
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Query

__all__ = ["routes"]

# A probe should not wait longer than its sender does.
PATIENCE = 5.0


def routes(pool: Answers, current: Callable[[], Published]) -> APIRouter:
    """`/healthz` and `/readyz`."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        """Answer 200 while the process is alive."""
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 200 when a worker answers a query on the published revision, else say in a problem why not."""
        revision = current()
        async with pool.answer(Query("ASK {}", seconds=PATIENCE), revision) as answer:
            ready = {"status": "ready", "revision": answer.head.revision}
        return JSONResponse(ready, headers={"cache-control": "no-store", "edaphon-revision": str(revision.number)})

    return router

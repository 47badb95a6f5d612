"""The start page: what the graph is, a query form, questions to start from."""

from typing import Final

from fastapi import APIRouter, Request, Response

from edaphon.errors import EdaphonError
from edaphon.settings import Settings
from edaphon.sparql.description import Census
from edaphon.sparql.negotiation import takes_gzip
from edaphon.web import pages
from edaphon.web.pages.examples import Example
from edaphon.web.replies import packed
from edaphon.web.requests import address

__all__ = ["routes"]

SAMPLE: Final = """\
SELECT ?evidence (COUNT(*) AS ?statements)
WHERE {
  GRAPH ?evidence { ?subject ?predicate ?object }
}
GROUP BY ?evidence
ORDER BY DESC(?statements)
LIMIT 20"""

# A page should not wait longer for a number.
PATIENCE: Final = 1.0


def routes(
    settings: Settings, census: Census, examples: tuple[Example, ...], *, contributions: bool = False
) -> APIRouter:
    """`/`; `contributions` where there are pages about them."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        """Answer with the start page, whatever the state of the store."""
        try:
            extent = await census.extent(PATIENCE)
        except EdaphonError:
            # The page says then what does not depend on the data.
            extent = None
        page = pages.render(
            "home.html",
            shipped=settings.corpus in (None, "shipped"),
            extent=extent,
            contributions=contributions,
            examples=examples,
            text=SAMPLE,
            kept=(),
            address=address(request.scope) + "/sparql",
        )
        body, packing = packed(page, gzip=takes_gzip(request.headers.get("accept-encoding")))
        headers = {"content-security-policy": pages.policy(), "cache-control": "no-cache", "vary": "Accept-Encoding"}
        headers |= {name.decode(): value.decode() for name, value in packing}
        return Response(body, media_type="text/html", headers=headers)

    return router

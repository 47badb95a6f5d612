"""The service that the W3C tests are put to: a real server in `plain` mode, with the data of the test at hand."""

from dataclasses import dataclass
from typing import Final

import httpx
from serving import Server, publish
from w3c.manifests import Case

from edaphon.store.state import State

__all__ = ["Endpoint"]

MEDIA_TYPES: Final = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".nt": "application/n-triples",
}


@dataclass
class Endpoint:
    """The query endpoint, and what it holds now."""

    state: State
    server: Server
    client: httpx.Client
    editor: str
    held: object = None
    revision: int = 0

    def hold(self, case: Case) -> None:
        """Publish the test's data, unless the test before had the same."""
        wanted = (case.data, case.graphs)
        if self.held != wanted:
            self.revision = publish(self.state, case.quads())
            self.held = wanted

    def update(self, text: str) -> httpx.Response:
        """The answer to an update, sent by an editor."""
        headers = {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {self.editor}"}
        return self.client.post(self.server.sparql, content=text.encode(), headers=headers)

    def ask(self, case: Case, suffix: str | None = None) -> httpx.Response:
        """The answer to a test's query, in the format of files called `suffix`."""
        headers = {"Content-Type": "application/sparql-query"}
        if suffix is not None:
            headers["Accept"] = MEDIA_TYPES[suffix]
        # The base is where the query's file lies. Over HTTP nobody knows that unless it is said.
        query = f"BASE <{case.base}>\n{case.text}"
        return self.client.post(self.server.sparql, content=query.encode(), headers=headers)

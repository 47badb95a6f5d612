"""A real server of the small corpus, and the people who hold tokens for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from contributing import PREFIXES, Desk
from serving import Server, serving

from edaphon.contributions import tokens
from edaphon.store.state import State

__all__ = ["PEOPLE", "Portal", "portal"]

# Name → role.
PEOPLE = {"ann": "contributor", "ben": "reviewer", "cem": "reviewer", "eve": "editor", "root": "admin"}


@dataclass(frozen=True)
class Portal:
    """A running server. Without `who` a request carries no token."""

    server: Server
    state: State
    secrets: dict[str, str]
    client: httpx.Client

    def request(self, method: str, path: str, who: str | None = None, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["authorization"] = f"Bearer {self.secrets[who]}"
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, accept: str | None = None, **params: Any) -> httpx.Response:
        return self.request("GET", path, headers={} if accept is None else {"accept": accept}, params=params or None)

    def propose(
        self,
        body: str | bytes,
        *,
        who: str | None = "ann",
        title: str = "A survey more",
        media_type: str | None = "text/turtle",
        accept: str | None = None,
        source: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Submit a body; a text gets the prefixes of the small corpus."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if media_type is not None:
            sent["content-type"] = media_type
        if accept is not None:
            sent["accept"] = accept
        content = (PREFIXES + body).encode() if isinstance(body, str) else body
        params = {"title": title} | ({} if source is None else {"source": source})
        return self.request("POST", "/contributions", who, content=content, headers=sent, params=params)

    def proposed(self, body: str | bytes, **more: Any) -> str:
        """The id of a new proposal."""
        answer = self.propose(body, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def decide(
        self, identifier: str, decision: str, who: str | None = "ben", reason: str | None = None, **more: Any
    ) -> httpx.Response:
        content = None if reason is None else {"reason": reason}
        return self.request("POST", f"/contributions/{identifier}/{decision}", who, json=content, **more)

    def accepted(self, body: str | bytes, **more: Any) -> str:
        """The id of a contribution that has been accepted."""
        identifier = self.proposed(body, **more)
        answer = self.decide(identifier, "accept")
        assert answer.status_code == 200, answer.text
        return identifier

    def ask(self, query: str) -> bool:
        """The answer to an ASK; the query gets the prefixes of the small corpus."""
        answer = self.get("/sparql", "text/csv", query=f"{PREFIXES}ASK {{ {query} }}")
        return {"true": True, "false": False}[answer.text.strip()]


@contextmanager
def portal(folder: Path, *options: str) -> Iterator[Portal]:
    """Serve a new state of the small corpus by two HTTP processes for the length of the block."""
    state = Desk.at(folder).state
    secrets = {name: tokens.make(state.ledger, name, role, None).secret for name, role in PEOPLE.items()}
    with (
        serving(state, "--workers", "2", "--processes", "2", *options) as server,
        # Each request has a connection of its own, so that both processes answer.
        httpx.Client(
            base_url=server.url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        ) as client,
    ):
        client.headers.clear()
        yield Portal(server, state, secrets, client)
    state.ledger.close()

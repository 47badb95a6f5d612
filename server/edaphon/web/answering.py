"""How an answer reaches the client: whole, in pieces as the engine writes them, or as a table on a page."""

import contextlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from edaphon import __version__
from edaphon.errors import QueryError, ResultTooLarge
from edaphon.sparql.answers import Answer
from edaphon.sparql.cache import entity_tag
from edaphon.sparql.negotiation import HTML, Formats
from edaphon.sparql.pool import Published
from edaphon.sparql.protocol import Operation
from edaphon.sparql.query import Form, Head, Query
from edaphon.sparql.spool import Spool
from edaphon.web.pages import results
from edaphon.web.replies import CORS, NEGOTIATED, NEVER_STORED, REVALIDATE, Headers, Reply, Send

__all__ = ["Asked", "Cut", "standing", "stored", "stream", "table"]

logger = logging.getLogger(__name__)

# What a page shows of a result; programs get all of it.
PAGE_ROWS: Final = 1_000
PAGE_BYTES: Final = 2_000_000
# What a page asks the worker for: formats in which a line is a row.
ROWS: Final = Formats("text/tab-separated-values", "application/n-triples")


class Cut(Exception):
    """An answer broke off after its first byte: its connection must not end as if the body were complete."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its answer depends on."""

    operation: Operation
    formats: Formats
    gzip: bool
    revision: Published

    @property
    def key(self) -> Hashable:
        """Equal for questions that have the same answer, byte for byte, on the same revision."""
        one = self.operation
        return (one.query, one.default_graphs, one.named_graphs, one.revision, self.formats, self.gzip)

    def query(self, most: float) -> Query:
        """What to ask the pool; `most` is the longest that a query may take, in seconds."""
        one, formats = self.operation, self.formats
        # A page is made here and packed here.
        page = HTML in (formats.solutions, formats.graph)
        return Query(
            one.query,
            one.default_graphs,
            one.named_graphs,
            solutions=ROWS.solutions if formats.solutions == HTML else formats.solutions,
            graph=ROWS.graph if formats.graph == HTML else formats.graph,
            gzip=self.gzip and not page,
            seconds=most if one.seconds is None else min(one.seconds, most),
        )

    def media_type(self, form: Form) -> str:
        """The negotiated format for an answer of this form."""
        chosen = self.formats.graph if form == "graph" else self.formats.solutions
        assert chosen is not None, "the pool gives no answer in a format that was not asked for"
        return chosen

    def tag(self, media_type: str, encoding: str | None) -> str:
        """The opaque part of the ETag of one representation of the answer."""
        one = self.operation
        data = (one.query, one.default_graphs, one.named_graphs, one.revision)
        return entity_tag(__version__, identity(self.revision.folder), data, media_type, encoding)

    def tags(self) -> Iterator[str]:
        """The tags of all representations that this request could get."""
        for media_type in {self.formats.solutions, self.formats.graph} - {None}:
            for encoding in (None, "gzip") if self.gzip else (None,):
                yield self.tag(str(media_type), encoding)


@lru_cache(maxsize=16)
def identity(folder: Path) -> tuple[str, int]:
    """What tells a revision from another one of the same number, after the state was made anew."""
    try:
        return folder.name, folder.stat().st_ctime_ns
    except FileNotFoundError:
        # An older revision that was made again, and tidied away since it was looked for: it will be made once more.
        return folder.name, 0


def standing(media_type: str | None, encoding: str | None, revision: int | None, tag: str | None) -> Headers:
    """The headers of a representation. Without a tag it is not to be used again."""
    reuse = (NEVER_STORED,) if tag is None else ((b"etag", f'"{tag}"'.encode()), REVALIDATE)
    return [*reuse, *_lasting(media_type, encoding, revision)]


@lru_cache(maxsize=64)
def _lasting(media_type: str | None, encoding: str | None, revision: int | None) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that one answer has in common with others."""
    headers: Headers = []
    if media_type is not None:
        # Some clients take text without a charset for Latin-1.
        suffix = "; charset=utf-8" if media_type.startswith("text/") else ""
        headers.append((b"content-type", (media_type + suffix).encode()))
    if encoding is not None:
        headers.append((b"content-encoding", encoding.encode()))
    if revision is not None:
        headers.append((b"edaphon-revision", b"%d" % revision))
    return (*headers, NEGOTIATED, *CORS)


def stored(asked: Asked, head: Head, body: bytes, *, steady: bool) -> Reply:
    """The reply with all of an answer; `steady` when it may be given again."""
    headers, tag = _head(asked, head, steady=steady)
    return Reply(200, headers, body, head.revision, tag)


def _head(asked: Asked, head: Head, *, steady: bool) -> tuple[Headers, str | None]:
    tag = asked.tag(head.media_type, head.encoding) if steady else None
    return standing(head.media_type, head.encoding, head.revision, tag), tag


async def stream(
    asked: Asked, answer: Answer, send: Send, *, steady: bool, chunks: bool, body: bool, most: int
) -> bytes | None:
    """Send a large answer as it comes. Returns all of it, when it is no larger than `most`, to be given again.

    Without `chunks` it is collected first, so that its length can be told; without `body`, for HEAD, only the
    headers go out. Raises Cut, or QueryError when nothing has been sent.
    """
    headers, _ = _head(asked, answer.head, steady=steady)
    if not body:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return None
    if not chunks:
        async with _collected(answer) as (parts, length):
            headers.append((b"content-length", b"%d" % length))
            await _pass(parts, headers, send, 0)
        return None
    try:
        return await _pass(answer, headers, send, most)
    except QueryError as error:
        logger.info("an answer was cut: %s", error)
        raise Cut from error


async def _pass(parts: AsyncIterable[bytes], headers: Headers, send: Send, most: int) -> bytes | None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    kept: list[bytes] | None = []
    size = 0
    async for part in parts:
        # Waits while the client is slow.
        await send({"type": "http.response.body", "body": part, "more_body": True})
        size += len(part)
        if kept is not None and size <= most:
            kept.append(part)
        else:
            kept = None
    await send({"type": "http.response.body", "body": b""})
    return None if kept is None else b"".join(kept)


@contextlib.asynccontextmanager
async def _collected(answer: Answer) -> AsyncIterator[tuple[AsyncIterable[bytes], int]]:
    """All parts of an answer, and its length."""
    spool = Spool()
    length = 0
    try:
        async for part in answer:
            length += len(part)
            try:
                spool.put(part)
            except OSError as error:
                logger.warning("an answer could not be kept for a client without chunks: %s", error)
                raise ResultTooLarge("the server has no room for a result of this size") from error
        spool.end()
        yield _parts(spool), length
    finally:
        spool.close()


async def _parts(spool: Spool) -> AsyncIterator[bytes]:
    while (part := await spool.take()) is not None:
        yield part


async def table(answer: Answer) -> results.Result:
    """The beginning of an answer, as the table on a page."""
    lines, complete = await results.beginning(answer, PAGE_ROWS + (answer.head.form == "solutions"), PAGE_BYTES)
    if answer.head.form == "graph":
        return results.from_graph(lines, complete)
    return results.from_solutions(lines, complete)

"""The process that asks the engine: one revision, one query at a time, no way out, expendable at any moment.

Started by `handle.py` as `python -m edaphon.sparql.worker SOCKET LIFELINE TICKETS [ENDPOINT…]`: three inherited
descriptors, then the endpoints that queries may name in SERVICE. It imports little, since it must be replaced within
milliseconds, and cleans up nothing when killed: its store is open for reading only.
"""

import contextlib
import fcntl
import os
import resource
import socket
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, cast

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    Variable,
    serialize,
)

from edaphon.errors import NotAcceptable
from edaphon.namespaces import PREFIXES
from edaphon.sparql import egress, wire
from edaphon.sparql.confinement import confine
from edaphon.sparql.dataset import Dataset, declared_prefixes, described, merged
from edaphon.sparql.query import Form
from edaphon.sparql.space import Space
from edaphon.sparql.wire import Order
from edaphon.sparql.xml import CheckedFile, nameable

__all__ = ["Outlet", "main"]

MEGABYTE: Final = 1_000_000
RDF_XML: Final = "application/rdf+xml"
RESULTS: Final = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
GRAPHS: Final = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/ld+json": RdfFormat.JSON_LD,
    RDF_XML: RdfFormat.RDF_XML,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
}
SHORTENED: Final = frozenset({"text/turtle", "application/trig", RDF_XML, "application/ld+json"})


class Failure(Exception):
    """A failure to be told to the pool: its name there and what its exception needs."""

    def __init__(self, name: str, **facts: Any) -> None:
        super().__init__(name)
        self.message = {"name": name, **facts}


class Outlet:
    """The file that the engine's serialiser writes to: collects, compresses, and sends pieces as they grow.

    Nothing is sent before `wire.HOLD` bytes are there or the answer ends, so that an early failure can still be told
    in place of the answer.
    """

    def __init__(self, end: socket.socket, form: Form, *, gzip: bool, limit: int) -> None:
        self._end = end
        self._form = form
        self._gzip = gzip
        self._packer: Any = None
        self._waiting = bytearray()
        self._left = limit
        self.started = False

    def write(self, part: bytes) -> int:
        """Take bytes from the serialiser; blocks while the pool is not reading."""
        self._left -= len(part)
        if self._left < 0:
            raise Failure("ResultTooLarge")
        self._waiting += part
        if len(self._waiting) >= wire.HOLD:
            self._send()
        return len(part)

    def flush(self) -> None:
        """The serialiser's wish to have its bytes out; they go when they are enough."""

    def _send(self) -> None:
        frames = b""
        if not self.started:
            # Streams are compressed lightly: the client waits for the engine, not for the last per cent.
            self._packer = zlib.compressobj(1, wbits=31) if self._gzip else None
            frames = wire.head(self._form, packed=self._gzip)
            self.started = True
        body = bytes(self._waiting) if self._packer is None else self._packer.compress(self._waiting)
        self._waiting.clear()
        self._end.sendall(frames)
        self._send_data(body)

    def _send_data(self, body: bytes) -> None:
        """Send bytes of the answer in small frames: one literal may be larger than the other side wants to hold."""
        for start in range(0, len(body), wire.HOLD):
            self._end.sendall(wire.frame(wire.DATA, body[start : start + wire.HOLD]))

    def finish(self, *, retire: bool) -> None:
        """Send what is left and the end of the answer."""
        if self.started:
            last = wire.answered(retire=retire)
            rest = bytes(self._waiting) if self._packer is None else self._packer.compress(self._waiting)
            rest += b"" if self._packer is None else self._packer.flush()
            self._send_data(rest)
            self._end.sendall(last)
            return
        body: bytes | bytearray = self._waiting
        packed = self._gzip and len(body) > 1000
        if packed:
            packer = zlib.compressobj(6, wbits=31)
            body = packer.compress(body) + packer.flush()
        self._end.sendall(wire.whole(self._form, body, packed=packed, retire=retire))


class Worker:
    """The life of a worker between its start and its end."""

    def __init__(self, end: socket.socket, tickets: int, allowed: tuple[str, ...]) -> None:
        self._end = end
        self._tickets = tickets
        # The last ticket taken.
        self._ticket = 0
        self._allowed = allowed
        # Queries that call an allowed endpoint run on a thread that was there before this one was confined.
        self._outside = ThreadPoolExecutor(1) if allowed else None
        if self._outside is not None:
            self._outside.submit(int).result()
        confine()
        self._folder: str | None = None
        self._hold: int | None = None
        self._store = Store()
        # No data, only the engine's parser: the oracle of `egress`.
        self._empty = Store()
        # A variable that no query has, since nobody can guess it.
        self._absent = Variable(f"absent{os.urandom(16).hex()}")
        self._space = Space()
        self._base = self._space.size

    def serve(self) -> None:
        """Answer queries until the pool closes the socket or the worker has grown too large to be kept."""
        source = self._end.makefile("rb")
        while (message := wire.receive(source)) is not None:
            kind, payload = message
            if kind == wire.OPEN:
                # A folder that cannot be opened is told when a query needs it.
                with contextlib.suppress(OSError):
                    self._open(os.fsdecode(payload))
                continue
            number, order = wire.order(payload)
            if self._claim(number) and not self._answer(order):
                return

    def _claim(self, number: int) -> bool:
        """Take the ticket of an order; False when the pool has taken it back, and the order with it."""
        if self._ticket < number:
            try:
                (self._ticket,) = wire.NUMBER.unpack(os.read(self._tickets, wire.NUMBER.size))
            except BlockingIOError:
                return False
        # A later one is that of an order still to come.
        return self._ticket == number

    def _open(self, folder: str) -> None:
        if folder == self._folder:
            return
        self._space.lift()
        # The shared lock tells whoever tidies up old revisions that this one is in use.
        hold = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(hold, fcntl.LOCK_SH)
            self._store = Store.read_only(folder)
        except OSError:
            os.close(hold)
            raise
        if self._hold is not None:
            os.close(self._hold)
        self._hold = hold
        self._folder = folder
        self._base = max(self._base, self._space.measure())

    def _answer(self, order: Order) -> bool:
        """Answer one query; False when the worker should be replaced."""
        growth = order.memory * MEGABYTE
        try:
            try:
                self._open(order.folder)
            except OSError as error:
                raise Failure("RevisionMissing", detail=str(error)) from error
            self._space.bound(growth)
            outlet = self._evaluate(order)
        except Failure as failure:
            self._space.lift()
            retire = self._grown(growth)
            self._end.sendall(wire.failed(failure.message | {"retire": retire}))
            return not retire
        retire = self._grown(growth)
        # What is left to do, packing a small answer, counts as the next query's beginning.
        self._space.bound(growth)
        outlet.finish(retire=retire)
        return not retire

    def _grown(self, growth: int) -> bool:
        """Whether the last query left the process so large that the next one would get less than its share."""
        return self._space.measure() - self._base > growth // 4

    def _evaluate(self, order: Order) -> Outlet:
        text = order.text
        try:
            target = egress.reaches_out(text, self._parses, self._allowed)
            if target is not None:
                raise Failure("EgressRefused", target=target)
            if self._outside is not None and egress.calls_service(text, self._parses):
                return self._outside.submit(self._run, order, remote=True).result()
            return self._run(order, remote=False)
        except SyntaxError as error:
            # To say what is wrong takes memory, too, which is not the query's.
            self._space.lift()
            raise self._diagnosed(text, str(error)) from error
        except MemoryError as error:
            self._space.lift()
            raise Failure("MemoryReached", limit="heap") from error

    def _run(self, order: Order, *, remote: bool) -> Outlet:
        try:
            results = self._query(order)
            form: Form = "solutions"
            if isinstance(results, QueryTriples):
                form = "graph"
            elif isinstance(results, QueryBoolean):
                form = "boolean"
            media_type = order.graph if form == "graph" else order.solutions
            if media_type is None:
                raise Failure("NotAcceptable", form="graph" if form == "graph" else "solutions")
            outlet = Outlet(self._end, form, gzip=order.gzip, limit=order.result * MEGABYTE or sys.maxsize)
            # The engine asks of a file only that it can be written and flushed.
            sink = cast("IO[bytes]", CheckedFile(outlet) if media_type.endswith("+xml") else outlet)
            if isinstance(results, QueryTriples):
                # The others have no short names.
                prefixes = declared_prefixes(order.text) or PREFIXES if media_type in SHORTENED else None
                triples = nameable(results) if media_type == RDF_XML else results
                serialize(triples, sink, GRAPHS[media_type], prefixes=prefixes)
            else:
                results.serialize(sink, RESULTS[media_type])
        except NotAcceptable as error:
            raise Failure("Unwritable", detail=str(error)) from error
        except (OSError, RuntimeError, ValueError) as error:
            # The engine's evaluation errors; of a query that called a remote endpoint, that endpoint's.
            raise Failure("RemoteFailed" if remote else "EngineRefused", detail=str(error)) from error
        return outlet

    def _query(self, order: Order) -> Any:
        text, default, named = order.text, order.default_graphs, order.named_graphs
        given = Dataset(default, named) if default or named else None
        dataset = given or described(text)
        if dataset is not None and len(dataset.default_graphs) > 1:
            # Parse first: a query with a syntax error should not wait for the merge.
            self._parse(text)
            store = merged(self._store, dataset)
            names: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in dataset.named_graphs]
            return store.query(text, default_graph=[DefaultGraph()], named_graphs=names)
        if given is None:
            return self._store.query(text)
        return self._store.query(
            text,
            default_graph=[NamedNode(iri) for iri in given.default_graphs],
            named_graphs=[NamedNode(iri) for iri in given.named_graphs],
        )

    def _parse(self, text: str) -> None:
        """Have the engine's parser read the text, and no more; SyntaxError where it does not take it."""
        # Asked to set a variable that the query has not, the engine stops between parsing and evaluation. It must: a
        # SERVICE at an https address, evaluated with all exits closed, ends the process for want of certificates.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            self._empty.query(text, substitutions={self._absent: Literal("")})

    def _parses(self, text: str) -> bool:
        """Whether the engine's parser takes the text."""
        try:
            self._parse(text)
        except SyntaxError:
            return False
        return True

    def _diagnosed(self, text: str, message: str) -> Failure:
        # Imported here: most workers never meet a syntax error.
        from edaphon.sparql.diagnosis.diagnose import diagnose

        found = diagnose(text, message)
        return Failure("QuerySyntax", detail=str(found), line=found.line, column=found.column, hint=found.hint)


def _die_with(lifeline: int) -> None:
    """End this process, query or not, when the process that holds the lifeline's other end is gone."""
    os.read(lifeline, 1)
    os._exit(0)


def main() -> None:
    """Serve the pool on the descriptors named on the command line until it lets go."""
    end = socket.socket(fileno=int(sys.argv[1]))
    threading.Thread(target=_die_with, args=(int(sys.argv[2]),), daemon=True).start()
    # A query that overflows the stack is expected; a dump of its core would only keep others waiting.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The engine keeps as many of a large store's files open as it may.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(OSError):
        # When the whole machine runs out of memory, a worker should go before the server does.
        Path("/proc/self/oom_score_adj").write_text("700")
    Worker(end, int(sys.argv[3]), tuple(sys.argv[4:])).serve()


if __name__ == "__main__":
    main()

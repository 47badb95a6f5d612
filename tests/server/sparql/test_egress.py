"""No query reaches an address that the operator did not allow, whatever its spelling."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from listening import called
from pyoxigraph import Store

from edaphon.errors import EgressRefused, QueryError, QuerySyntax, RemoteFailed
from edaphon.sparql import egress
from edaphon.sparql.pool import WorkerPool
from edaphon.sparql.query import Query

# Each with {} where the address goes. The engine reads a SERVICE clause in all of these.
REACHING = {
    "plain": "SELECT * { SERVICE <{}> { ?s ?p ?o } }",
    "lower case": "select * { service <{}> { ?s ?p ?o } }",
    "mixed case": "SELECT * { sErViCe <{}> { ?s ?p ?o } }",
    "no space": "SELECT*{SERVICE<{}>{?s ?p ?o}}",
    "silent": "SELECT * { SERVICE SILENT <{}> { ?s ?p ?o } }",
    "silent without space": "SELECT * { SERVICESILENT<{}> { ?s ?p ?o } }",
    "after a number": "SELECT * { ?s ?p 1SERVICE<{}> { ?a ?b ?c } }",
    "after a boolean": "SELECT * { ?s ?p trueSERVICE<{}> { ?a ?b ?c } }",
    "after a string": "SELECT * { ?s ?p 'x'SERVICE<{}> { ?a ?b ?c } }",
    "after a full stop": "SELECT * { ?s ?p ?o.SERVICE<{}> { ?a ?b ?c } }",
    "after a group": "SELECT * { {}SERVICE<{}> { ?a ?b ?c } }",
    "behind a comment": "SELECT * { SERVICE#comment\n<{}> { ?s ?p ?o } }",
    "behind a comment that looks harmless": "SELECT * { SERVICE # <http://example.org/>\r\n <{}> { ?s ?p ?o } }",
    "prefixed name": "PREFIX s: <{}> SELECT * { SERVICE s: { ?s ?p ?o } }",
    "empty prefix": "PREFIX : <{}> SELECT * { SERVICE: { ?s ?p ?o } }",
    "base": "BASE <{}> SELECT * { SERVICE <> { ?s ?p ?o } }",
    "escaped IRI": "SELECT * { SERVICE <\\u0068{tail}> { ?s ?p ?o } }",
    "variable": "SELECT * { VALUES ?g { <{}> } SERVICE ?g { ?s ?p ?o } }",
    "in exists": "ASK { FILTER EXISTS { SERVICE <{}> { ?s ?p ?o } } }",
    "in not exists": "ASK { FILTER NOT EXISTS { SERVICE <{}> { ?s ?p ?o } } }",
    "in optional": "SELECT * { OPTIONAL { SERVICE <{}> { ?s ?p ?o } } }",
    "in a subquery": "SELECT * { { SELECT * { SERVICE <{}> { ?s ?p ?o } } } }",
    "in construct": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <{}> { ?s ?p ?o } }",
    "in describe": "DESCRIBE ?s { SERVICE <{}> { ?s ?p ?o } }",
    "in ask": "ASK { SERVICE <{}> { ?s ?p ?o } }",
    "nested": "SELECT * { SERVICE <{}> { SERVICE <{}> { ?s ?p ?o } } }",
    "after a comparison that looks like an IRI": ('SELECT * { FILTER(1<2#>"""\n) SERVICE <{}> { ?s ?p ?o } #"""\n }'),
    # Evaluated with all exits closed, this one would end the process for want of certificates.
    "https": "ASK { SERVICE <https://127.0.0.1:1/> { ?s ?p ?o } }",
    "between innocent words": "# service\nSELECT ?service { SERVICE <{}> { ?service ?p 'service' } }",
}
INNOCENT = {
    "string": "SELECT * { ?s ?p 'at your service <http://example.org/> { }' }",
    "long string": 'SELECT * { ?s ?p """SERVICE\n<http://example.org/> { ?s ?p ?o }""" }',
    "comment": "SELECT * { ?s ?p ?o } # SERVICE <http://example.org/> { }",
    "IRI": "SELECT * { ?s <http://example.org/service> ?o }",
    "variable": "SELECT ?service { ?service ?p ?o }",
    "prefix": "PREFIX service: <http://example.org/> SELECT * { service:x ?p service:service }",
    "two variables that differ in case": "SELECT ?service ?SERVICE { ?service ?p ?SERVICE }",
    "blank node": "SELECT * { _:service ?p ?o }",
    "language tag": "SELECT * { ?s ?p 'x'@service }",
}


def parses(text: str) -> bool:
    try:
        Store().query(text)
    except SyntaxError:
        return False
    except (OSError, RuntimeError, ValueError):
        return True
    return True


def spelt(text: str, address: str) -> str:
    return text.replace("{tail}", address[1:]).replace("<{}>", f"<{address}>")


def test_the_engine_alone_does_reach_out(listener: socket.socket) -> None:
    """Else the tests below would prove nothing."""
    listener.setblocking(True)
    calls = []

    def hang_up() -> None:
        connection, address = listener.accept()
        calls.append(address)
        connection.close()

    answering = threading.Thread(target=hang_up)
    answering.start()
    with pytest.raises((OSError, RuntimeError, ValueError)):
        Store().query(spelt(REACHING["in ask"], f"http://127.0.0.1:{listener.getsockname()[1]}/"))
    answering.join()
    assert len(calls) == 1


@pytest.mark.parametrize("spelling", REACHING)
def test_no_spelling_of_service_gets_out(with_pool: Callable[..., Any], listener: socket.socket, spelling: str) -> None:
    text = spelt(REACHING[spelling], f"http://127.0.0.1:{listener.getsockname()[1]}/")

    async def scenario(pool: WorkerPool) -> None:
        with pytest.raises(EgressRefused):
            async with pool.answer(Query(text)) as answer:
                async for _ in answer:
                    pass

    with_pool(scenario, workers=1)
    assert not called(listener)


def test_the_second_wall_holds_when_the_first_is_down(
    with_pool: Callable[..., Any], listener: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A worker that does not look at the text at all still cannot open a socket while it runs a query."""
    (tmp_path / "sitecustomize.py").write_text(
        "import edaphon.sparql.egress as egress\negress.reaches_out = lambda *_: None\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    text = spelt(REACHING["in ask"], f"http://127.0.0.1:{listener.getsockname()[1]}/")

    async def scenario(pool: WorkerPool) -> QueryError:
        with pytest.raises(QueryError) as failed:
            async with pool.answer(Query(text)):
                pass
        return failed.value

    failure = with_pool(scenario, workers=1)
    assert not isinstance(failure, EgressRefused), "the first wall was not down"
    assert not called(listener)


@pytest.mark.parametrize("spelling", INNOCENT)
def test_the_word_alone_is_not_refused(spelling: str) -> None:
    assert egress.reaches_out(INNOCENT[spelling], parses) is None


def test_a_text_that_does_not_parse_is_left_to_the_syntax_error(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        with pytest.raises(QuerySyntax):
            async with pool.answer(Query("SELECT * { SERVICE <http://example.org/> }")):
                pass

    with_pool(scenario, workers=1)


@pytest.mark.parametrize("spelling", REACHING)
def test_an_allowed_endpoint_does_not_open_the_way_to_another(
    with_pool: Callable[..., Any], listener: socket.socket, spelling: str
) -> None:
    allowed = "http://127.0.0.1:9/sparql"
    text = spelt(REACHING[spelling], f"http://127.0.0.1:{listener.getsockname()[1]}/")
    text = f"# SERVICE <{allowed}> {{ }}\n{text}\n# SERVICE <{allowed}> {{ }}"

    async def scenario(pool: WorkerPool) -> None:
        with pytest.raises(EgressRefused):
            async with pool.answer(Query(text)) as answer:
                async for _ in answer:
                    pass

    with_pool(scenario, workers=1, allow_service=(allowed,))
    assert not called(listener)


@pytest.mark.parametrize(
    "text",
    [
        # The clause that would be allowed begins in a string and ends behind the one that is not.
        'SELECT * { BIND("""SERVICE # """ AS ?x) SERVICE <{}> { ?s ?p ?o } #\n{allowed} ?p """ AS ?x) } #""" }',
        "SELECT * { BIND('''SERVICE#''' AS ?x)SERVICE SILENT<{}>{}#\n{allowed} ?p ''' AS ?x) } #''' }",
    ],
)
def test_an_allowed_endpoint_in_a_string_hides_no_other_clause(
    with_pool: Callable[..., Any], listener: socket.socket, text: str
) -> None:
    allowed = "http://127.0.0.1:9/sparql"
    text = spelt(text, f"http://127.0.0.1:{listener.getsockname()[1]}/").replace("{allowed}", f"<{allowed}>")

    async def scenario(pool: WorkerPool) -> None:
        with pytest.raises(EgressRefused):
            async with pool.answer(Query(text)) as answer:
                async for _ in answer:
                    pass

    with_pool(scenario, workers=1, allow_service=(allowed,))
    assert not called(listener)


def test_an_allowed_endpoint_is_asked_and_its_failure_is_told(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> str:
        received = []

        async def endpoint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(endpoint, "127.0.0.1", port)
        async with server:
            with pytest.raises(RemoteFailed) as failed:
                async with pool.answer(Query(spelt(REACHING["plain"], allowed))) as answer:
                    async for _ in answer:
                        pass
        assert received
        return str(failed.value)

    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    allowed = f"http://127.0.0.1:{port}/sparql"
    with_pool(scenario, workers=1, allow_service=(allowed,))


def test_an_allowed_endpoint_s_solutions_are_joined(with_pool: Callable[..., Any]) -> None:
    solutions = b"s\r\nhttp://example.org/7\r\n"

    async def scenario(pool: WorkerPool) -> bytes:
        async def endpoint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            results = (
                b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://example.org/7"}}]}}'
            )
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: {len(results)}"
            writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + results)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(endpoint, "127.0.0.1", port)
        async with server:
            text = f"SELECT ?s {{ SERVICE <{allowed}> {{ ?s ?p ?o }} ?s <http://example.org/value> 7 }}"
            async with pool.answer(Query(text, solutions="text/csv")) as answer:
                return b"".join([part async for part in answer])

    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    allowed = f"http://127.0.0.1:{port}/sparql"
    assert with_pool(scenario, workers=1, allow_service=(allowed,)) == solutions


def test_queries_that_call_service_are_never_reused() -> None:
    assert not Query(REACHING["no space"]).repeatable

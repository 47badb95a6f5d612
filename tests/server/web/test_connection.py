"""What goes over the wire: lengths and chunks, cut answers, clients that go away, hostile heads."""

import asyncio
import contextlib
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from endpoint import Canned, Service, serving

from edaphon import errors
from edaphon.sparql.spool import Spool
from edaphon.web import answering

QUERY = "/sparql?query="
ANSWERS = {
    "SMALL": Canned((b'{"rows": 1}',)),
    "STREAM": Canned((b"x" * 70_000, b"y" * 70_000)),
    "CUT": Canned((b"x" * 70_000, b"y" * 70_000), failure=errors.DeadlineReached(30)),
    "ENDLESS": Canned((b"x" * 70_000,), endless=True),
    "STUCK": Canned((), endless=True),
    "NOW()": Canned((b"now",)),
}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Scenario = Callable[[Callable[[], Awaitable[Streams]]], Awaitable[None]]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path, dict(ANSWERS))


def run(service: Service, scenario: Scenario) -> None:
    """Serve while a scenario opens connections of its own."""

    async def main() -> None:
        async with asyncio.timeout(30), serving(service.app) as port:
            opened: list[asyncio.StreamWriter] = []

            async def connect() -> Streams:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                opened.append(writer)
                return reader, writer

            await scenario(connect)
            for writer in opened:
                writer.close()

    asyncio.run(main())


def ask(what: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {what} HTTP/{version}", "host: graph.example", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of the next response."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)


async def whole(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """The next response, which says its length."""
    status, headers = await head(reader)
    return status, headers, await reader.readexactly(int(headers.get("content-length", 0)))


async def chunked(reader: asyncio.StreamReader) -> bytes:
    """The body of a response in chunks. Raises IncompleteReadError when it has no proper end."""
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


def test_a_repeat_is_the_same_response_on_the_same_connection(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        responses = []
        for _ in range(3):
            writer.write(ask(QUERY + "SMALL"))
            status, headers, body = await whole(reader)
            headers.pop("date")
            responses.append((status, headers, body))
        assert responses[0] == responses[1] == responses[2]
        assert responses[0][2] == b'{"rows": 1}'

    run(service, scenario)
    assert len(service.pool.asked) == 1


def test_requests_sent_ahead_are_answered_in_order(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "SMALL"))
        await whole(reader)
        writer.write(
            ask(QUERY + "SMALL") + ask("/healthz") + ask(QUERY + "SMALL") + ask(QUERY + "NOW()") + ask(QUERY + "SMALL")
        )
        bodies = [(await whole(reader))[2] for _ in range(5)]
        assert bodies == [b'{"rows": 1}', b'{"status":"alive"}', b'{"rows": 1}', b"now", b'{"rows": 1}']

    run(service, scenario)


def test_a_repeat_ends_the_connection_where_the_client_wants_that(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        for headers, version in ((("connection: close",), "1.1"), ((), "1.0")):
            for _ in range(2):
                reader, writer = await connect()
                writer.write(ask(QUERY + "SMALL", *headers, version=version))
                assert (await whole(reader))[2] == b'{"rows": 1}'
                assert await reader.read() == b""

    run(service, scenario)


def test_a_get_with_a_body_can_be_repeated(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(ask(QUERY + "SMALL", "content-length: 5") + b"hello")
            assert (await whole(reader))[2] == b'{"rows": 1}'

    run(service, scenario)


def test_a_head_request_has_no_body_and_the_connection_goes_on(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for query in ("SMALL", "SMALL", "STREAM"):
            writer.write(ask(QUERY + query, method="HEAD") + ask("/healthz"))
            status, headers = await head(reader)
            assert status == 200
            assert headers["content-type"] == "application/sparql-results+json"
            assert (await whole(reader))[2] == b'{"status":"alive"}'

    run(service, scenario)


def test_a_304_has_no_body(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "SMALL"))
        _, headers, _ = await whole(reader)
        writer.write(ask(QUERY + "SMALL", f"if-none-match: {headers['etag']}") + ask("/healthz"))
        status, headers = await head(reader)
        assert status == 304
        assert "content-length" not in headers
        assert (await whole(reader))[2] == b'{"status":"alive"}'

    run(service, scenario)


def test_a_stream_comes_in_chunks(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "STREAM"))
        _, headers = await head(reader)
        assert headers["transfer-encoding"] == "chunked"
        assert await chunked(reader) == b"x" * 70_000 + b"y" * 70_000
        writer.write(ask(QUERY + "STREAM"))
        _, headers, body = await whole(reader)
        assert body == b"x" * 70_000 + b"y" * 70_000

    run(service, scenario)


def test_a_cut_answer_never_looks_complete(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "CUT"))
        assert (await head(reader))[0] == 200
        with pytest.raises(asyncio.IncompleteReadError):
            await chunked(reader)

    run(service, scenario)
    assert "Traceback" not in caplog.text


def test_a_client_without_chunks_gets_the_length_and_a_cut_answer_is_a_problem(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "STREAM", version="1.0"))
        _, headers, body = await whole(reader)
        assert "transfer-encoding" not in headers
        assert len(body) == 140_000
        reader, writer = await connect()
        writer.write(ask(QUERY + "CUT", version="1.0"))
        status, headers, _ = await whole(reader)
        assert status == 503
        assert headers["content-type"] == "application/problem+json"

    run(service, scenario)


def test_a_full_disk_is_told_to_a_client_without_chunks(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(Spool):
        def put(self, _part: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edaphon.web.answering.Spool", Full)

    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "STREAM", version="1.0"))
        status, headers, _ = await whole(reader)
        assert status == 507
        assert headers["content-type"] == "application/problem+json"

    run(service, scenario)


@pytest.mark.parametrize("sent_ahead", [b"", ask("/healthz"), ask("/healthz") * 3])
@pytest.mark.parametrize("query", ["STUCK", "ENDLESS"])
def test_a_client_that_goes_away_frees_its_worker(service: Service, query: str, sent_ahead: bytes) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + query) + sent_ahead)
        if query == "ENDLESS":
            await head(reader)
        while not service.pool.asked:
            await asyncio.sleep(0.01)
        writer.transport.abort()
        while service.pool.given_up == 0:
            await asyncio.sleep(0.01)

    run(service, scenario)
    assert service.pool.given_up == 1


@pytest.mark.parametrize("client", [1, 2])
def test_queries_of_one_client_differ_in_their_address_alone(service: Service, client: int) -> None:
    """From the second one on their heads are known."""

    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for number in range(6):
            writer.write(ask(f"{QUERY}NUMBER+{number}", "accept: application/sparql-results+json"))
            status, headers, body = await whole(reader)
            assert (status, body) == (200, b"%d" % number)
            assert headers["content-type"] == "application/sparql-results+json"
        # And what is not like it is read as it stands.
        writer.write(ask(f"{QUERY}NUMBER+1", "accept: text/csv"))
        assert (await whole(reader))[1]["content-type"].startswith("text/csv")
        writer.write(ask(f"{QUERY}NUMBER+1", "accept: text/csv", method="HEAD"))
        status, headers = await head(reader)
        assert (status, headers["content-length"]) == (200, "1")
        writer.write(ask("/healthz", "accept: text/csv"))
        assert (await whole(reader))[0] == 200
        writer.write(ask(f"{QUERY}NUMBER+2", "accept: text/csv", "connection: close"))
        assert (await whole(reader))[2] == b"2"
        assert await reader.read() == b""

    service.pool.answers |= {f"NUMBER {number}": Canned((b"%d" % number,)) for number in range(6)}
    for _ in range(client):
        run(service, scenario)


def test_a_failure_between_answers_is_told_on_the_same_connection(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for what, status in (("NOW()", 200), ("BUSY", 503), ("NOW()", 200), ("WRONG", 400), ("NOW()", 200)):
            writer.write(ask(QUERY + what))
            assert (await whole(reader))[0] == status
        writer.write(ask(QUERY + "STREAM"))
        assert (await head(reader))[0] == 200
        assert await chunked(reader) == b"x" * 70_000 + b"y" * 70_000
        writer.write(ask(QUERY + "NOW()"))
        assert (await whole(reader))[2] == b"now"

    service.pool.answers |= {
        "BUSY": Canned((), failure=errors.PoolBusy("full", retry_after=1)),
        "WRONG": Canned((), failure=errors.QuerySyntax("wrong", line=1, column=1)),
    }
    run(service, scenario)
    # Told without being asked again.
    assert len(service.pool.asked) == 7


def test_requests_sent_while_a_query_runs_wait_for_it(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "SLOW"))
        while not service.pool.asked:
            await asyncio.sleep(0.01)
        # One after the other, so that the second is read on a connection that was paused for the first.
        for _ in range(3):
            writer.write(ask(QUERY + "NOW()") + ask("/healthz"))
            await asyncio.sleep(0.02)
        service.pool.answers["SLOW"].release.set()
        bodies = [(await whole(reader))[2] for _ in range(7)]
        assert bodies == [b"slow", *([b"now", b'{"status":"alive"}'] * 3)]

    service.pool.answers["SLOW"] = Canned((b"slow",), release=asyncio.Event())
    run(service, scenario)


def test_a_stopping_server_answers_the_query_that_runs_and_ends_the_connection(service: Service) -> None:
    async def main() -> None:
        release = asyncio.Event()
        service.pool.answers["SLOW"] = Canned((b"slow",), release=release)
        async with asyncio.timeout(30), contextlib.AsyncExitStack() as stack:
            port = await stack.enter_async_context(serving(service.app))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ask(QUERY + "SLOW"))
            while not service.pool.asked:
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(stack.aclose())
            await asyncio.sleep(0.2)
            release.set()
            status, headers, body = await whole(reader)
            assert (status, headers["connection"], body) == (200, "close", b"slow")
            assert await reader.read() == b""
            writer.close()
            await stopping

    asyncio.run(main())


def test_a_defect_in_sending_an_answer_ends_its_connection_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("a defect")

    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        with monkeypatch.context() as patch:
            patch.setattr("edaphon.web.early.Early.sent", failing)
            writer.write(ask(QUERY + "NOW()"))
            with contextlib.suppress(ConnectionResetError):
                # To its end.
                await reader.read()
        reader, writer = await connect()
        writer.write(ask(QUERY + "NOW()"))
        assert (await whole(reader))[2] == b"now"

    run(service, scenario)
    assert "a defect in answering GET /sparql" in caplog.text


def test_what_stands_behind_a_number_sign_is_no_part_of_the_query(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for _ in range(2):
            writer.write(ask(QUERY + "SMALL#part"))
            assert (await whole(reader))[::2] == (200, b'{"rows": 1}')

    run(service, scenario)


def test_a_header_with_a_line_break_never_goes_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [(b"content-type", b"text/plain\r\nset-cookie: a=b")]
    monkeypatch.setattr(answering, "standing", lambda *_: broken)

    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "SMALL"))
        status, headers, _ = await whole(reader)
        assert (status, headers["content-type"]) == (500, "application/problem+json")

    run(service, scenario)


def test_a_post_is_read_and_the_connection_goes_on(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        for _ in range(2):
            writer.write(
                ask("/sparql", "content-type: application/sparql-query", "content-length: 5", method="POST") + b"SMALL"
            )
            assert (await whole(reader))[2] == b'{"rows": 1}'

    run(service, scenario)


def test_a_client_that_asks_first_whether_to_send_is_told(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        headers = ("content-type: application/sparql-query", "content-length: 5", "expect: 100-continue")
        writer.write(ask("/sparql", *headers, method="POST"))
        assert (await head(reader))[0] == 100
        writer.write(b"SMALL")
        assert (await whole(reader))[2] == b'{"rows": 1}'
        writer.write(ask("/sparql", headers[0], f"content-length: {10**10}", headers[2], method="POST"))
        assert (await whole(reader))[0] == 413

    run(service, scenario)


@pytest.mark.parametrize("length", [40_000, 66_000, 200_000])
def test_an_address_that_is_too_long_is_414(service: Service, length: int) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask(QUERY + "x" * length))
        status, headers, _ = await whole(reader)
        assert status == 414
        assert headers["content-type"] == "application/problem+json"

    run(service, scenario)


def test_header_lines_without_end_are_431(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(ask("/healthz", *(f"x-{number}: {'x' * 1000}" for number in range(100))))
        status, headers, _ = await whole(reader)
        assert status == 431
        assert headers["connection"] == "close"
        assert await reader.read() == b""

    run(service, scenario)


def test_what_is_not_http_is_400_and_harms_nobody(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            reader, writer = await connect()
            writer.write(nonsense)
            assert (await head(reader))[0] == 400
        reader, writer = await connect()
        writer.write(ask("/healthz"))
        assert (await whole(reader))[0] == 200

    run(service, scenario)


@pytest.mark.parametrize("beginning", [b"\r\n", b"GET /healthz HTTP/1.1\r\nx: ", b"GET /healthz HTTP/1.1\r\nx"])
def test_a_line_without_end_is_not_kept(service: Service, beginning: bytes) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(beginning)
        with contextlib.suppress(ConnectionError):
            # The parser keeps what it has of a line: this many bytes, if nobody stops it.
            for _ in range(1000):
                writer.write((b"\r\n" if beginning == b"\r\n" else b"xx") * 50_000)
                await writer.drain()
            pytest.fail("a hundred megabytes were taken")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            assert (await head(reader))[0] == 431

    run(service, scenario)


def test_a_head_that_trickles_in_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edaphon.web.connection.PATIENCE", 0.3)

    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nx: ")
        ended = asyncio.create_task(reader.read())
        # Each byte comes long before the patience ends; only the time limit of the test would stop them all.
        while not ended.done():
            writer.write(b"x")
            await asyncio.sleep(0.01)
        with contextlib.suppress(ConnectionError):
            assert await ended == b""

    run(service, scenario)


def test_nonsense_behind_a_request_does_not_replace_its_answer(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        for query, version in (("NOW()", "1.1"), ("STREAM", "1.1"), ("STREAM", "1.0")):
            reader, writer = await connect()
            writer.write(ask(QUERY + query, version=version) + b"\x00nonsense\r\n\r\n")
            status, headers = await head(reader)
            assert status == 200
            expected = b"now" if query == "NOW()" else b"x" * 70_000 + b"y" * 70_000
            if "content-length" in headers:
                assert await reader.readexactly(int(headers["content-length"])) == expected
            else:
                assert await chunked(reader) == expected
            assert await reader.read() == b""

    run(service, scenario)


def test_nonsense_within_a_body_is_never_part_of_another_answer(service: Service) -> None:
    async def scenario(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        post = ask("/sparql", "content-type: application/sparql-query", "transfer-encoding: chunked", method="POST")
        writer.write(ask(QUERY + "ENDLESS"))
        await head(reader)
        writer.write(post + b"no chunk\r\n")
        # The stream of the first request is broken off, with nothing that could be taken for its rest.
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in await reader.read()
        reader, writer = await connect()
        writer.write(post + b"no chunk\r\n")
        assert (await head(reader))[0] == 400

    run(service, scenario)

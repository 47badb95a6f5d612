"""The pool answers queries, stops those that outgrow their limits, and lets none of them harm another."""

import asyncio
import contextlib
import errno
import gzip
import json
import os
import re
import select
import signal
import subprocess
import xml.parsers.expat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import children
from pyoxigraph import Literal, NamedNode, Quad, Store
from revisions import Folder, published

from edaphon.errors import (
    DeadlineReached,
    EngineFailed,
    MemoryReached,
    NotAcceptable,
    PoolBusy,
    QueryError,
    QuerySyntax,
    ResultTooLarge,
    RevisionMissing,
    StateError,
)
from edaphon.sparql import wire
from edaphon.sparql.job import BURST, TRIAL, Job
from edaphon.sparql.pool import WorkerPool
from edaphon.sparql.query import Query
from edaphon.sparql.spool import PIECE

COUNT = "SELECT (COUNT(*) AS ?n) { ?s <http://example.org/value> ?o }"
# Every combination of 300 things taken four at a time: no machine finishes it within a test.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
# 27 million rows that come fast, one by one.
STREAM = "SELECT ?a ?d ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
DOUBLING = (
    "SELECT (STRLEN(?x40) AS ?n) { BIND('a' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(40))
    + " }"
)
NESTED = "ASK { FILTER(" + "STR(" * 20_000 + "1" + ")" * 20_000 + " = '1') }"


async def body(pool: WorkerPool, text: str, **options: Any) -> bytes:
    async with pool.answer(Query(text, **options)) as answer:
        return b"".join([part async for part in answer])


async def begun(pool: WorkerPool) -> Job:
    """The query that runs, once its worker has begun with it."""
    while pool.running == 0:
        await asyncio.sleep(0.01)
    (job,) = pool.jobs
    while select.select([job.worker._tickets[0]], [], [], 0)[0]:
        await asyncio.sleep(0.01)
    return job


async def count(pool: WorkerPool) -> int:
    results = json.loads(await body(pool, COUNT))
    return int(results["results"]["bindings"][0]["n"]["value"])


def test_a_select_is_answered_in_the_format_asked_for(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        async with pool.answer(Query(COUNT, solutions="text/csv")) as answer:
            assert (answer.head.form, answer.head.media_type, answer.head.revision) == ("solutions", "text/csv", 1)
            assert answer.whole == b"n\r\n300\r\n"

    with_pool(scenario)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/csv", b"true"),
        ("text/tab-separated-values", b"true"),
        ("application/sparql-results+json", b'{"head":{},"boolean":true}'),
    ],
)
def test_an_ask_is_answered_in_every_result_format(
    with_pool: Callable[..., Any], media_type: str, expected: bytes
) -> None:
    async def scenario(pool: WorkerPool) -> bytes:
        return await body(pool, "ASK {}", solutions=media_type)

    assert with_pool(scenario) == expected


def test_a_construct_uses_the_prefixes_that_the_query_declares(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> bytes:
        return await body(pool, "PREFIX ex: <http://example.org/> CONSTRUCT WHERE { ex:7 ex:value ?o }")

    assert b"ex:7 ex:value 7 ." in with_pool(scenario)


@pytest.mark.parametrize("media_type", ["text/turtle", "application/rdf+xml", "application/ld+json"])
def test_a_prefix_may_be_relative_to_a_base(with_pool: Callable[..., Any], media_type: str) -> None:
    async def scenario(pool: WorkerPool) -> bytes:
        text = "BASE <http://example.org/> PREFIX ex: <> PREFIX sub: <sub#> CONSTRUCT { ex:7 sub:value 7 } {}"
        return await body(pool, text, graph=media_type)

    assert b"http://example.org/sub#" in with_pool(scenario)


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("ASK {}", {"solutions": None}),
        (COUNT, {"solutions": None}),
        ("DESCRIBE <http://example.org/1>", {"graph": None}),
    ],
)
def test_a_form_for_which_the_client_takes_no_format_is_not_acceptable(
    with_pool: Callable[..., Any], text: str, formats: dict[str, None]
) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(NotAcceptable):
            await body(pool, text, **formats)
        return await count(pool)

    assert with_pool(scenario) == 300


@pytest.mark.parametrize(
    ("text", "media_type", "said"),
    [
        ("CONSTRUCT { ?s <http://e/1> 1 } WHERE {}", "application/rdf+xml", None),
        ("CONSTRUCT { <http://e/s> <http://e/1> 1 } WHERE {}", "application/rdf+xml", "<http://e/1>"),
        ("CONSTRUCT { <http://e/s> <http://e/p#> 1 } WHERE {}", "application/rdf+xml", "<http://e/p#>"),
        ("CONSTRUCT { <http://e/s> <http://e/1> 1 } WHERE {}", "text/turtle", None),
        ("CONSTRUCT { <http://e/s> <http://e/p1.2-é> 1 } WHERE {}", "application/rdf+xml", None),
        ("CONSTRUCT { <http://e/s> <http://e/p> '\\u0001' } WHERE {}", "application/rdf+xml", "control character"),
        ("CONSTRUCT { <http://e/s> <http://e/p> '\\t\\n\\r\\u0085é' } WHERE {}", "application/rdf+xml", None),
        ("SELECT ('\\uFFFE' AS ?x) {}", "application/sparql-results+xml", "control character"),
        ("SELECT ('\\uFFFD\\t' AS ?x) {}", "application/sparql-results+xml", None),
        ("SELECT ('\\u0001' AS ?x) {}", "application/sparql-results+json", None),
    ],
)
def test_what_xml_cannot_say_is_refused_in_xml_alone(
    with_pool: Callable[..., Any], text: str, media_type: str, said: str | None
) -> None:
    async def scenario(pool: WorkerPool) -> bytes:
        return await body(pool, text, graph=media_type, solutions=media_type)

    if said is None:
        answer = with_pool(scenario)
        if media_type.endswith("xml"):
            xml.parsers.expat.ParserCreate().Parse(answer, True)
        return
    with pytest.raises(NotAcceptable, match=re.escape(said)):
        with_pool(scenario)


def test_a_large_answer_streams_and_is_complete(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        async with pool.answer(Query("SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f }", solutions="text/csv")) as answer:
            assert answer.whole is None
            text = b"".join([part async for part in answer])
        assert text.count(b"\r\n") == 1 + 300 * 300

    with_pool(scenario)


@pytest.mark.parametrize("text", ["SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f }", "SELECT * { ?s ?p ?o }"])
def test_a_compressed_answer_unpacks_to_the_plain_one(with_pool: Callable[..., Any], text: str) -> None:
    async def scenario(pool: WorkerPool) -> None:
        plain = await body(pool, text)
        async with pool.answer(Query(text, gzip=True)) as answer:
            assert answer.head.encoding == "gzip"
            packed = b"".join([part async for part in answer])
        assert len(packed) < len(plain) / 5
        assert gzip.decompress(packed) == plain

    with_pool(scenario)


def test_a_tiny_answer_is_not_compressed(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        async with pool.answer(Query("ASK {}", gzip=True)) as answer:
            assert answer.head.encoding is None

    with_pool(scenario)


def test_a_query_past_its_deadline_is_stopped_and_says_so(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(DeadlineReached) as stopped:
            await body(pool, ENDLESS, seconds=0.3)
        assert stopped.value.seconds == 0.3
        return await count(pool)

    assert with_pool(scenario) == 300


def test_an_answer_cut_by_the_deadline_raises_after_its_first_bytes(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        received = 0
        # A worker that is still starting would use up the time.
        await count(pool)
        with pytest.raises(DeadlineReached):
            async with pool.answer(Query(STREAM, solutions="text/csv", seconds=0.4)) as answer:
                async for part in answer:
                    received += len(part)
        return received

    assert with_pool(scenario, workers=1, result=4096) > 0


def test_a_query_that_outgrows_its_memory_is_told_so(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(MemoryReached) as stopped:
            await body(pool, DOUBLING)
        assert stopped.value.limit == "heap"
        return await count(pool)

    assert with_pool(scenario, memory=256) == 300


def test_a_query_nested_too_deeply_for_the_engine_is_told_so(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(MemoryReached) as stopped:
            await body(pool, NESTED)
        assert stopped.value.limit == "stack"
        return await count(pool)

    assert with_pool(scenario) == 300


def test_a_result_past_its_limit_is_cut_with_an_error(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(ResultTooLarge):
            await body(pool, STREAM, solutions="text/csv")
        return await count(pool)

    assert with_pool(scenario, result=1) == 300


def test_a_syntax_error_has_a_place(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(QuerySyntax) as refused:
            await body(pool, "SELECT *\nWHERE { ?s ?p ?o ! }")
        assert (refused.value.line, refused.value.column) == (2, 18)
        return await count(pool)

    assert with_pool(scenario) == 300


def test_killing_a_worker_harms_only_its_own_query(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        doomed = asyncio.create_task(body(pool, ENDLESS))
        job = await begun(pool)
        os.kill(job.worker.process.pid, signal.SIGTERM)
        assert await asyncio.gather(*(count(pool) for _ in range(8))) == [300] * 8
        with pytest.raises(EngineFailed):
            await doomed
        assert await count(pool) == 300

    with_pool(scenario)


def test_a_client_that_goes_away_frees_its_worker(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        gone = asyncio.create_task(body(pool, ENDLESS))
        while pool.running == 0:
            await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.wait([gone])
        assert pool.running == 0
        return await count(pool)

    assert with_pool(scenario, workers=1) == 300


def test_leaving_a_stream_early_frees_its_worker(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        async with pool.answer(Query(STREAM, solutions="text/csv")) as answer:
            async for _ in answer:
                break
        while pool.running:
            await asyncio.sleep(0.01)
        return await count(pool)

    assert with_pool(scenario, workers=1, result=4096) == 300


def test_a_client_that_reads_slowly_does_not_hold_a_worker(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        # 90,000 rows are several times what the spool keeps in memory, and nothing of them is read yet.
        async with pool.answer(Query("SELECT * { ?a ?b ?c . ?d ?e ?f }")) as answer:
            while pool.running:
                await asyncio.sleep(0.01)
            assert await count(pool) == 300
            text = b"".join([part async for part in answer])
        assert len(json.loads(text)["results"]["bindings"]) == 300 * 300

    with_pool(scenario, workers=1)


def test_the_queue_is_bounded(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        running = asyncio.create_task(body(pool, ENDLESS, seconds=1.0))
        while pool.running == 0:
            await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(count(pool)) for _ in range(2)]
        while pool.waiting < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(PoolBusy) as refused:
            await count(pool)
        assert refused.value.retry_after >= 1
        with pytest.raises(DeadlineReached):
            await running
        assert await asyncio.gather(*waiting) == [300, 300]

    with_pool(scenario, workers=1, queue=2)


def test_a_query_that_waits_past_its_own_deadline_is_told_that_the_server_is_busy(
    with_pool: Callable[..., Any],
) -> None:
    async def scenario(pool: WorkerPool) -> None:
        running = asyncio.create_task(body(pool, ENDLESS, seconds=2.0))
        while pool.running == 0:
            await asyncio.sleep(0.01)
        with pytest.raises(PoolBusy):
            await body(pool, COUNT, seconds=0.1)
        running.cancel()
        await asyncio.wait([running])

    with_pool(scenario, workers=1)


def test_slow_queries_leave_one_worker_to_the_others(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> list[str]:
        slow = [asyncio.create_task(body(pool, ENDLESS, seconds=4 * TRIAL)) for _ in range(3)]
        while pool.running < 3:
            await asyncio.sleep(0.01)
        assert await count(pool) == 300
        assert pool.running == 2
        outcomes = await asyncio.gather(*slow, return_exceptions=True)
        return sorted(type(outcome).__name__ for outcome in outcomes)

    assert with_pool(scenario, workers=3) == ["DeadlineReached", "DeadlineReached", "PoolBusy"]


def test_short_queries_run_beside_long_ones_however_few_may_run_at_once(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> int:
        await count(pool)
        long = [asyncio.create_task(body(pool, ENDLESS)) for _ in range(2)]
        while pool.running < 2:
            await asyncio.sleep(BURST / 10)
        found = await count(pool)
        assert pool.running == 2
        for one in long:
            one.cancel()
        await asyncio.wait(long)
        return found

    assert with_pool(scenario, workers=3, at_once=1) == 300


def test_queries_sent_ahead_to_a_worker_outlive_the_one_before_them(with_pool: Callable[..., Any]) -> None:
    """Whatever becomes of it: stopped for its memory or its nesting, refused, given up by its client."""

    async def scenario(pool: WorkerPool) -> None:
        for text in (NESTED, DOUBLING, "nonsense", ENDLESS):
            await count(pool)
            before = asyncio.create_task(body(pool, text))
            behind = [asyncio.create_task(count(pool)) for _ in range(2)]
            while pool.waiting < 2:
                await asyncio.sleep(0)
            assert len(pool._ahead) == 1
            if text == ENDLESS:
                before.cancel()
            assert await asyncio.gather(*behind) == [300, 300]
            (outcome,) = await asyncio.gather(before, return_exceptions=True)
            assert isinstance(outcome, QueryError | asyncio.CancelledError)

    with_pool(scenario, workers=1, at_once=1, memory=256)


@pytest.mark.parametrize("burst", [0.0, 0.001, 60.0])
def test_every_query_has_its_own_answer_however_often_it_is_sent_and_taken_back(
    with_pool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, burst: float
) -> None:
    monkeypatch.setattr("edaphon.sparql.job.BURST", burst)

    async def ask(pool: WorkerPool, number: int) -> None:
        # From some microseconds to some milliseconds.
        text = f"SELECT ?n (COUNT(*) AS ?of) {{ BIND({number} AS ?n) ?a ?b ?c }} GROUP BY ?n"
        if number % 3 == 0:
            text = f"SELECT ?n {{ BIND({number} AS ?n) ?a ?b ?c . ?d ?e ?f FILTER(?c = 7 && ?f = 7) }}"
        for _ in range(10):
            answer = await body(pool, text, solutions="text/csv")
            assert answer.splitlines()[1].split(b",")[0] == b"%d" % number

    async def leave_now_and_then(pool: WorkerPool) -> None:
        while True:
            await asyncio.sleep(0.05)
            leaving = asyncio.create_task(body(pool, COUNT))
            await asyncio.sleep(0)
            leaving.cancel()

    async def scenario(pool: WorkerPool) -> None:
        leaving = asyncio.create_task(leave_now_and_then(pool))
        await asyncio.gather(*(ask(pool, number) for number in range(12)))
        leaving.cancel()

    with_pool(scenario, workers=3)


def test_a_client_that_gives_up_a_query_sent_ahead_harms_no_other(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        for _ in range(20):
            asking = [asyncio.create_task(count(pool)) for _ in range(4)]
            while not pool._ahead:
                await asyncio.sleep(0)
            asking[1].cancel()
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
            assert [outcome for outcome in outcomes if outcome != 300] in ([], [outcomes[1]])
        assert (pool.running, pool.waiting) == (0, 0)

    with_pool(scenario, workers=1, at_once=1)


def test_short_queries_need_no_more_workers_than_may_run_at_once(
    with_pool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy the machine is.
    monkeypatch.setattr("edaphon.sparql.job.BURST", 60.0)

    async def scenario(pool: WorkerPool) -> int:
        await asyncio.gather(*(count(pool) for _ in range(16)))
        return sum(worker.answered > 0 for worker in pool._all)

    assert with_pool(scenario, workers=6) == 2


def test_the_client_with_the_fewest_running_queries_is_served_first(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> list[str]:
        served: list[str] = []

        async def ask(client: str, text: str, seconds: float) -> None:
            with pytest.raises((DeadlineReached, PoolBusy)) if text == ENDLESS else contextlib.nullcontext():
                async with pool.answer(Query(text, seconds=seconds), client=client):
                    served.append(client)

        greedy = [asyncio.create_task(ask("greedy", ENDLESS, 1.5)) for _ in range(2)]
        while pool.running < 2:
            await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(ask("greedy", COUNT, 10))]
        while pool.waiting < 1:
            await asyncio.sleep(0.01)
        waiting.append(asyncio.create_task(ask("modest", COUNT, 10)))
        await asyncio.gather(*greedy, *waiting)
        return served

    assert with_pool(scenario)[0] == "modest"


def test_a_new_revision_answers_the_next_query(tmp_path: Path, revision: Any, with_pool: Callable[..., Any]) -> None:
    second = published(
        tmp_path / "000002",
        2,
        [Quad(NamedNode("http://example.org/a"), NamedNode("http://example.org/value"), Literal(1))],
    )
    now = [revision]

    async def scenario(pool: WorkerPool) -> None:
        assert await count(pool) == 300
        now[0] = second
        async with pool.answer(Query(COUNT)) as answer:
            assert answer.head.revision == 2
        assert await count(pool) == 1
        async with pool.answer(Query(COUNT), revision) as answer:
            assert answer.head.revision == 1

    with_pool(scenario, current=lambda: now[0])


def test_idle_workers_let_go_of_an_old_revision_by_and_by(tmp_path: Path, with_pool: Callable[..., Any]) -> None:
    old, new = (published(tmp_path / f"{number:06}", number, []) for number in (1, 2))
    now = [old]

    async def scenario(pool: WorkerPool) -> None:
        # All of them have opened it.
        while len(workers_at(old)) < 3:
            await asyncio.sleep(0.01)
        now[0] = new
        async with pool.answer(Query(COUNT)) as answer:
            assert answer.head.revision == 2
        while workers_at(old):
            await asyncio.sleep(0.01)
        assert len(workers_at(new)) == 3

    with_pool(lambda pool: asyncio.wait_for(scenario(pool), 60), workers=3, current=lambda: now[0])


def test_so_they_do_where_new_revisions_follow_fast(tmp_path: Path, with_pool: Callable[..., Any]) -> None:
    old, *others = (published(tmp_path / f"{number:06}", number, []) for number in (1, 2, 3))
    now = [old]

    async def scenario(pool: WorkerPool) -> None:
        while len(workers_at(old)) < 3:
            await asyncio.sleep(0.01)
        number = 1
        while workers_at(old):
            number += 1
            now[0] = Folder(number, others[number % 2].folder)
            async with pool.answer(Query(COUNT)) as answer:
                assert answer.head.revision == number
            await asyncio.sleep(0.03)

    with_pool(lambda pool: asyncio.wait_for(scenario(pool), 60), workers=3, current=lambda: now[0])


def workers_at(folder: Folder) -> list[int]:
    """Those of this process's children that have the revision open."""
    mine = {str(child) for child in children(os.getpid())}
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.parts[2] in mine and link.readlink() == folder.folder:
                found.add(int(link.parts[2]))
    return sorted(found)


def test_a_revision_that_cannot_be_opened_is_told_so(
    tmp_path: Path, revision: Any, with_pool: Callable[..., Any]
) -> None:
    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(RevisionMissing):
            async with pool.answer(Query(COUNT), type(revision)(9, tmp_path / "000009")):
                pass
        return await count(pool)

    assert with_pool(scenario) == 300


def test_closing_lets_running_queries_finish_within_the_grace_period(revision: Any) -> None:
    async def scenario() -> bytes:
        pool = WorkerPool(lambda: revision, workers=1, at_once=1, memory=512, result=100, queue=4)
        await pool.start()
        # A second or so of work.
        asking = asyncio.create_task(body(pool, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"))
        while pool.running == 0:
            await asyncio.sleep(0.01)
        await pool.close(grace=30)
        return await asking

    assert b"90000" in asyncio.run(scenario())


def test_closing_ends_queries_that_outlast_the_grace_period(revision: Any) -> None:
    async def scenario() -> None:
        pool = WorkerPool(lambda: revision, workers=1, at_once=1, memory=512, result=100, queue=4)
        await pool.start()
        asking = asyncio.create_task(body(pool, ENDLESS))
        while pool.running == 0:
            await asyncio.sleep(0.01)
        await pool.close(grace=0.1)
        with pytest.raises(PoolBusy, match="shutting down"):
            await asking
        with pytest.raises(PoolBusy, match="shutting down"):
            await body(pool, COUNT)

    asyncio.run(scenario())


def test_workers_end_with_the_process_that_holds_their_lifeline(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        asking = asyncio.create_task(body(pool, ENDLESS))
        await begun(pool)
        assert pool._lifeline is not None
        # What the operating system does when the HTTP process is killed.
        os.close(pool._lifeline[1])
        with pytest.raises(EngineFailed):
            await asking
        pool._lifeline = (pool._lifeline[0], os.open(os.devnull, os.O_RDONLY))

    with_pool(scenario, workers=1)


def test_a_store_of_many_files_is_read_to_the_last(tmp_path: Path, with_pool: Callable[..., Any]) -> None:
    """The engine opens most of them only when a query comes to them, with all exits closed."""
    value = NamedNode("http://example.org/value")
    graph = NamedNode("http://example.org/graph")
    store = Store(tmp_path / "000001")
    for batch in range(30):
        things = [NamedNode(f"http://example.org/{batch}/{one}") for one in range(9)]
        store.bulk_extend(Quad(thing, value, Literal(batch)) for thing in things)
        store.extend(Quad(thing, value, Literal(batch), graph) for thing in things)
        store.flush()
    del store
    assert len(list((tmp_path / "000001").glob("*.sst"))) > 20

    async def scenario(pool: WorkerPool) -> int:
        return await count(pool)

    assert with_pool(scenario, workers=1, current=lambda: Folder(1, tmp_path / "000001")) == 30 * 9


def test_a_worker_that_ended_while_idle_costs_no_query_its_answer(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        for _ in range(3):
            for worker in list(pool._idle):
                worker.process.kill()
                worker.process.wait()
            assert await count(pool) == 300

    with_pool(scenario)


def test_a_query_whose_worker_ended_before_it_began_has_its_time_with_the_next_one(
    with_pool: Callable[..., Any],
) -> None:
    async def scenario(pool: WorkerPool) -> int:
        assert await count(pool) == 300
        (stuck,) = pool._idle
        os.kill(stuck.process.pid, signal.SIGSTOP)
        asking = asyncio.create_task(count(pool))
        while not any(job.slow for job in pool.jobs):
            await asyncio.sleep(0.01)
        os.kill(stuck.process.pid, signal.SIGKILL)
        # A worker takes longer to start than a burst, after which only a query that is slow is past its time.
        return await asking

    assert with_pool(scenario, workers=1) == 300


def test_no_query_is_sent_ahead_to_a_worker_that_is_being_killed(with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> None:
        assert await count(pool) == 300
        first, second = (asyncio.create_task(count(pool)) for _ in range(2))
        while not pool._ahead:
            await asyncio.sleep(0)
        ((worker, ahead),) = pool._ahead.items()
        # Without a turn of the event loop: the first is answered and not yet read, the second has begun, and its
        # client leaves.
        while select.select([worker._tickets[0]], [], [], 0)[0]:
            pass
        pool.expire(ahead)
        worker.process.wait()
        third = asyncio.create_task(count(pool))
        outcomes = await asyncio.gather(first, second, third, return_exceptions=True)
        assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (300, PoolBusy, 300)

    with_pool(scenario, workers=1, at_once=1)


UPSET = """
import os, socket, sys
end = socket.socket(fileno=int(sys.argv[1]))
source = end.makefile("rb")
kind = b""
while kind != b"Q":
    header = source.read(5)
    kind = header[:1]
    source.read(int.from_bytes(header[1:], "big"))
end.sendall(bytes.fromhex(os.environ["NONSENSE"]))
os.read(int(sys.argv[2]), 1)
"""


@pytest.mark.parametrize(
    "nonsense",
    [
        wire.frame(b"?", b""),
        wire.frame(wire.OPEN, b"/"),
        wire.frame(wire.WHOLE, b"s"),
        wire.frame(wire.WHOLE, b"?\0\0{}"),
        wire.frame(wire.HEAD, b""),
        wire.frame(wire.FAILED, b"\xff"),
        wire.frame(wire.FAILED, b"[]"),
        wire.failed({"name": "QuerySyntax", "retire": False}),
        wire.failed({"name": "Nothing we know", "retire": False}),
        wire.failed({"name": "MemoryReached", "limit": "heap"}),
        wire.head("solutions", packed=False) + wire.frame(wire.ANSWERED, b""),
        wire.head("solutions", packed=False) + wire.frame(wire.FAILED, b"{}"),
        wire.head("solutions", packed=False) + wire.whole("solutions", b"", packed=False, retire=False),
    ],
)
def test_a_worker_that_talks_nonsense_is_replaced_and_its_query_told(
    with_pool: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nonsense: bytes
) -> None:
    (tmp_path / "upset_worker.py").write_text(UPSET)

    async def scenario(pool: WorkerPool) -> int:
        with pytest.raises(EngineFailed):
            await body(pool, COUNT)
        monkeypatch.undo()
        # The next worker may have been started before that.
        with contextlib.suppress(EngineFailed):
            await body(pool, COUNT)
        return await count(pool)

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NONSENSE", nonsense.hex())
    monkeypatch.setattr("edaphon.sparql.handle.MODULE", "upset_worker")
    assert with_pool(scenario, workers=1) == 300


def test_a_worker_that_cannot_be_started_is_tried_again(
    with_pool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edaphon.sparql.pool.PAUSE", 0.01)
    popen = subprocess.Popen
    failures = [OSError(errno.EMFILE, "Too many open files"), OSError(errno.EAGAIN, "Try again")]

    def failing(*arguments: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return popen(*arguments, **options)

    async def scenario(pool: WorkerPool) -> int:
        monkeypatch.setattr("subprocess.Popen", failing)
        with pytest.raises(DeadlineReached):
            await body(pool, ENDLESS, seconds=0.1)
        return await count(pool)

    assert with_pool(scenario, workers=1) == 300
    assert failures == []
    assert caplog.text.count("trying again") == 2


def test_a_worker_starts_anew_while_the_state_cannot_be_read(revision: Folder, with_pool: Callable[..., Any]) -> None:
    trouble: list[Exception] = []

    def current() -> Folder:
        if trouble:
            raise trouble[0]
        return revision

    async def scenario(pool: WorkerPool) -> int:
        trouble.append(StateError("damaged"))
        with pytest.raises(StateError):
            await count(pool)
        while not pool._idle:
            await asyncio.sleep(0.01)
        trouble.clear()
        return await count(pool)

    assert with_pool(scenario, workers=1, current=current) == 300


def test_a_single_large_value_comes_in_small_pieces(with_pool: Callable[..., Any]) -> None:
    doubled = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(23))

    async def scenario(pool: WorkerPool) -> None:
        text = f"SELECT ?x23 {{ BIND('a' AS ?x0) {doubled}}}"
        async with pool.answer(Query(text, solutions="text/csv")) as answer:
            parts = [part async for part in answer]
        assert b"".join(parts) == b"x23\r\n" + b"a" * 2**23 + b"\r\n"
        assert max(map(len, parts)) <= PIECE

    with_pool(scenario)


def test_what_an_operator_tells_the_allocator_of_workers_comes_last_and_wins(
    with_pool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=3")

    async def scenario(pool: WorkerPool) -> bytes:
        asking = asyncio.create_task(body(pool, ENDLESS))
        job = await begun(pool)
        environment = Path(f"/proc/{job.worker.process.pid}/environ").read_bytes()
        asking.cancel()
        await asyncio.wait([asking])
        return environment

    # The C library that reads it cuts it into pieces where it stands.
    settings = [int(count) for count in re.findall(rb"glibc\.malloc\.tcache_count=([0-9]+)", with_pool(scenario))]
    assert (len(settings), settings[-1]) == (2, 3)

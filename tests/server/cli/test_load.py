"""`edaphon load` takes files all or nothing, and `edaphon dump` gives back what was stated."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner, Result
from pyoxigraph import DefaultGraph, Store

from edaphon.cli import main
from edaphon.cli.acting import system_user
from edaphon.errors import CorpusError
from edaphon.namespaces import CONTRIBUTION, GRAPH_IMPLIED, GRAPH_ONTOLOGY, GRAPH_PROVENANCE, SERVICE_SHAPES
from edaphon.store.loading import load as load_files
from edaphon.store.preparing import prepare
from edaphon.store.state import State

EX = "http://example.org/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
TRIPLE = f"<{EX}s> <{EX}p> _:b .\n_:b <{EX}p> <{EX}o> .\n"
QUADS = f"<{EX}s> <{EX}p> <{EX}o> <{EX}g> .\n<{EX}s> <{EX}p> <{EX}o> <{EX}h> .\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def load(state: Path, *arguments: object, corpus: str = "none", mode: str = "merge") -> Result:
    return run("load", *arguments, "--state", state, "--corpus", corpus, "--default-graph", mode)


def lines(result: Result) -> set[str]:
    assert result.exit_code == 0, result.output
    return set(result.stdout.splitlines())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def triples(tmp_path: Path) -> Path:
    path = tmp_path / "triples.nt"
    path.write_text(TRIPLE, encoding="utf-8")
    return path


@pytest.fixture
def quads(tmp_path: Path) -> Path:
    path = tmp_path / "quads.nq"
    path.write_text(QUADS, encoding="utf-8")
    return path


def published(state: Path) -> Store:
    return Store.read_only(str(State.open(state).current().folder))


def test_quads_keep_their_graphs_and_are_merged_once(state: Path, quads: Path) -> None:
    assert load(state, quads).exit_code == 0
    assert len(list(published(state).quads_for_pattern(None, None, None, DefaultGraph()))) == 1
    assert lines(run("dump", "--state", state)) == set(QUADS.splitlines())


def test_triples_go_to_the_graph_that_is_named_blank_nodes_and_all(state: Path, triples: Path) -> None:
    assert load(state, triples, "--graph", EX + "g").exit_code == 0
    joined = published(state).query(f"ASK {{ GRAPH <{EX}g> {{ <{EX}s> <{EX}p> ?b }} ?b <{EX}p> <{EX}o> }}")
    assert joined, "the default graph must speak of the same blank node"


def test_triples_without_a_graph_are_refused_where_graphs_are_evidence(state: Path, triples: Path) -> None:
    refused = load(state, triples)
    assert refused.exit_code == 2
    assert "--graph" in refused.stderr


def test_triples_without_a_graph_go_to_the_plain_default_graph(state: Path, triples: Path) -> None:
    assert load(state, triples, mode="plain").exit_code == 0
    assert all(isinstance(quad.graph_name, DefaultGraph) for quad in published(state))
    assert len(lines(run("dump", "--state", state))) == 2


@pytest.mark.parametrize("mode", ["merge", "plain"])
def test_what_a_dataset_says_in_no_graph_goes_to_the_one_named(state: Path, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "mixed.trig"
    path.write_text(f"<{EX}s> <{EX}p> 1 . GRAPH <{EX}g> {{ <{EX}s> <{EX}p> 2 }}", encoding="utf-8")
    assert load(state, path, "--graph", EX + "h", mode=mode).exit_code == 0
    found = {
        (quad.object.value, quad.graph_name.value) for quad in published(state) if hasattr(quad.graph_name, "value")
    }
    assert found == {("1", EX + "h"), ("2", EX + "g")}


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_packed_files_are_unpacked(state: Path, tmp_path: Path, suffix: str, pack: object) -> None:
    path = tmp_path / f"quads.nq{suffix}"
    assert callable(pack)
    path.write_bytes(pack(QUADS.encode()))
    assert load(state, path).exit_code == 0
    assert len(lines(run("dump", "--state", state))) == 2


def test_several_files_become_one_revision(state: Path, quads: Path, triples: Path) -> None:
    before = load(state, quads)
    number = State.open(state).current().number
    assert load(state, triples, quads, "--graph", EX + "g").exit_code == before.exit_code == 0
    assert State.open(state).current().number == number + 1


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("bad.nt", TRIPLE + "no triple\n", "bad.nt:3:1"),
        ("bad.ttl", TRIPLE + "<unfinished", "bad.ttl:3:"),
        ("bad.nq", QUADS + "<http://example.org/s>", "bad.nq:3:"),
        ("bad.rdf", "<rdf", "bad.rdf"),
        ("bad.txt", TRIPLE, "tells no RDF format"),
        ("bad.nq", f"<{EX}s> <{EX}p> <{EX}o> <{SERVICE_SHAPES}> .\n", "which the server itself keeps"),
        ("bad.nq", f"<{EX}s> <{EX}p> <{EX}o> <{GRAPH_IMPLIED}> .\n", "which the server itself keeps"),
        ("bad.nq", f"<{EX}s> <{EX}p> <{EX}o> .\n", "in no named graph"),
    ],
)
def test_a_failed_load_tells_why_and_leaves_what_was_published(
    state: Path, quads: Path, tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    load(state, quads)
    before = State.open(state).current()
    bad = tmp_path / name
    bad.write_text(content, encoding="utf-8")
    graph = [] if name == "bad.nq" else ["--graph", EX + "g"]
    refused = load(state, quads, bad, *graph)
    assert refused.exit_code == 2
    assert complaint in refused.stderr
    assert State.open(state).current() == before
    assert not list((state / "revisions").glob("*unfinished*"))


@pytest.mark.parametrize("graph", ["relative", SERVICE_SHAPES, GRAPH_IMPLIED])
def test_a_graph_that_cannot_be_loaded_into_is_refused(state: Path, triples: Path, graph: str) -> None:
    assert load(state, triples, "--graph", graph).exit_code == 2


@pytest.mark.parametrize("graph", [GRAPH_PROVENANCE, CONTRIBUTION + "0123456789abcdef"])
def test_the_graphs_of_records_are_restored_from_files_but_not_named(
    state: Path, triples: Path, tmp_path: Path, graph: str
) -> None:
    refused = load(state, triples, "--graph", graph)
    assert refused.exit_code == 2
    assert f"<{graph}> records what was contributed" in refused.stderr
    dumped = tmp_path / "dump.nq"
    dumped.write_text(f"<{EX}s> <{EX}p> <{EX}o> <{graph}> .\n", encoding="utf-8")
    assert load(state, dumped).exit_code == 0
    assert published(state).query(f"ASK {{ GRAPH <{graph}> {{ <{EX}s> <{EX}p> <{EX}o> }} }}")


def test_an_ontology_that_is_loaded_implies_at_once(state: Path, quads: Path, tmp_path: Path) -> None:
    load(state, quads)
    path = tmp_path / "ontology.ttl"
    path.write_text(f"<{EX}p> <http://www.w3.org/2002/07/owl#inverseOf> <{EX}q> .", encoding="utf-8")
    assert load(state, path, "--graph", GRAPH_ONTOLOGY).exit_code == 0
    assert published(state).query(f"ASK {{ <{EX}o> <{EX}q> <{EX}s> }}")


def test_what_is_loaded_implies_by_the_ontology_that_is_there(state: Path, quads: Path, tmp_path: Path) -> None:
    path = tmp_path / "ontology.ttl"
    path.write_text(f"<{EX}p> <http://www.w3.org/2002/07/owl#inverseOf> <{EX}q> .", encoding="utf-8")
    load(state, path, "--graph", GRAPH_ONTOLOGY)
    load(state, quads)
    assert published(state).query(f"ASK {{ GRAPH <{GRAPH_IMPLIED}> {{ <{EX}o> <{EX}q> <{EX}s> }} }}")
    assert not any(GRAPH_IMPLIED in line for line in lines(run("dump", "--state", state)))


def test_no_load_while_a_server_runs(state: Path, quads: Path) -> None:
    load(state, quads)
    with State.open(state).serving():
        refused = load(state, quads)
    assert refused.exit_code == 2
    assert "a server is running; stop it first" in refused.stderr


def test_a_dump_loads_into_the_same_dataset(tmp_path: Path, state: Path) -> None:
    prepare(State.open(state))
    first = run("dump", "--state", state)
    assert len(lines(first)) > 2000
    path = tmp_path / "dump.nq"
    path.write_text(first.stdout, encoding="utf-8")
    assert load(tmp_path / "second", path).exit_code == 0
    assert lines(first) == lines(run("dump", "--state", tmp_path / "second"))
    (one,) = published(state).query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    (two,) = published(tmp_path / "second").query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert one[0] == two[0]


@pytest.mark.parametrize("command", ["dump", "query"])
def test_a_command_that_reads_makes_no_state_where_there_is_none(tmp_path: Path, command: str) -> None:
    query = tmp_path / "all.rq"
    query.write_text("ASK {}", encoding="utf-8")
    refused = run(command, *([query] if command == "query" else []), "--state", tmp_path / "mistyped")
    assert refused.exit_code == 2
    assert "is no state folder" in refused.stderr
    assert not (tmp_path / "mistyped").exists()


def test_a_disk_that_is_full_is_told_and_nothing_changes(state: Path, tmp_path: Path) -> None:
    prepare(State.open(state, corpus="none"))
    before = State.open(state).current()
    path = tmp_path / "large.nt"
    path.write_text("".join(f'<{EX}{n}> <{EX}p> "{n:0>99}" .\n' for n in range(9000)), encoding="utf-8")
    # No file may grow beyond this, which the operating system tells as it tells of a full disk.
    limited = f"ulimit -f 100; exec {sys.executable} -m edaphon load {path} --graph {EX}g --state {state}"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{state} cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr
    assert State.open(state).current() == before
    assert load(state, path, "--graph", EX + "g").exit_code == 0


@pytest.mark.parametrize("graph", [GRAPH_IMPLIED, SERVICE_SHAPES])
def test_a_plain_state_keeps_the_servers_graphs_to_itself_too(state: Path, tmp_path: Path, graph: str) -> None:
    path = tmp_path / "bad.nq"
    path.write_text(f"<{EX}s> <{EX}p> <{EX}o> <{graph}> .\n", encoding="utf-8")
    refused = load(state, path, mode="plain")
    assert refused.exit_code == 2
    assert "which the server itself keeps" in refused.stderr


def test_the_history_tells_who_loaded_which_files(state: Path, quads: Path) -> None:
    load(state, quads)
    newest = State.open(state).ledger.last_revision()
    assert newest is not None
    assert (newest.cause, newest.actor, newest.title) == ("load", system_user(), quads.name)


def test_an_older_revision_can_be_dumped(state: Path, quads: Path, triples: Path) -> None:
    load(state, quads)
    number = State.open(state).current().number
    load(state, triples, "--graph", EX + "g")
    assert lines(run("dump", "--state", state, "--revision", number)) == set(QUADS.splitlines())
    missing = run("dump", "--state", state, "--revision", 99)
    assert missing.exit_code == 2
    assert "no revision 99 has been published" in missing.stderr


def test_a_reader_that_has_seen_enough_is_no_error(state: Path) -> None:
    prepare(State.open(state))
    command = [sys.executable, "-m", "edaphon", "dump", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dumping:
        assert dumping.stdout is not None and dumping.stderr is not None
        dumping.stdout.readline()
        dumping.stdout.close()
        assert dumping.stderr.read() == b""
        assert dumping.wait() == 0


def test_a_packed_file_of_nothing_adds_nothing_and_an_empty_one_is_cut_short(state: Path, tmp_path: Path) -> None:
    nothing, cut = tmp_path / "nothing.nq.gz", tmp_path / "cut.nq.gz"
    nothing.write_bytes(gzip.compress(b""))
    cut.write_bytes(b"")
    assert load(state, nothing).exit_code == 0
    refused = load(state, cut)
    assert refused.exit_code == 2
    assert f"{cut}: the packed file is damaged or cut short" in refused.stderr


def test_a_file_that_cannot_be_read_is_not_blamed_on_the_state(state: Path, tmp_path: Path) -> None:
    opened = State.open(state, corpus="none")
    with pytest.raises(CorpusError, match="there is no such file"):
        load_files(opened, [tmp_path / "gone.nq"], graph=None, progress=lambda _: None)
    (tmp_path / "folder.nq").mkdir()
    with pytest.raises(CorpusError, match="Is a directory"):
        load_files(opened, [tmp_path / "folder.nq"], graph=None, progress=lambda _: None)


@pytest.mark.parametrize("graph", [GRAPH_IMPLIED, SERVICE_SHAPES])
def test_a_plain_state_of_the_shipped_graph_keeps_the_servers_graphs_too(
    state: Path, tmp_path: Path, graph: str
) -> None:
    path = tmp_path / "bad.nq"
    path.write_text(f"<{EX}s> <{EX}p> <{EX}o> <{graph}> .\n", encoding="utf-8")
    refused = load(state, path, corpus="shipped", mode="plain")
    assert refused.exit_code == 2
    assert "which the server itself keeps" in refused.stderr

"""Loaded files can be loaded again with the same result, blank nodes and all, and share none with other files."""

import gzip
from pathlib import Path

import pytest
import zstandard
from contributing import EX
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store, Triple

from edaphon.settings import DefaultGraph as Mode
from edaphon.store.filling import Source, fill, quads_of

HOME = NamedNode(EX + "home")
FILES = {
    "labels.nt": f"<{EX}s> <{EX}p> _:x .\n_:x <{EX}p> _:y .\n",
    "labels.nq": f"<{EX}s> <{EX}p> _:x <{EX}g> .\n_:x <{EX}p> _:y _:g .\n",
    "anonymous.ttl": f"<{EX}s> <{EX}p> [ <{EX}p> ( 1 _:x ) ] , _:x .",
    "anonymous.trig": f"<{EX}g> {{ <{EX}s> <{EX}p> [ <{EX}p> ( 1 _:x ) ] , _:x . }}",
    "quoted.ttl": f"<{EX}s> <{EX}p> <<( _:x <{EX}p> _:y )>> , _:x .",
    "page.rdf": f'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="{EX}">'
    '<r:Description><e:p r:parseType="Resource"><e:p>1</e:p></e:p></r:Description></r:RDF>',
    "tree.jsonld": f'[{{"{EX}p": [{{"{EX}p": 1}}, {{"@id": "_:x"}}]}}]',
    "plain.nt": f"<{EX}s> <{EX}p> <{EX}o> .\n",
    "plain.ttl": f"<{EX}s> <{EX}p> <{EX}o> .",
    "empty.nt": "",
}


def nodes(quads: set[Quad]) -> set[BlankNode]:
    found: set[BlankNode] = set()
    for quad in quads:
        terms = [quad.subject, quad.object, quad.graph_name]
        if isinstance(quad.object, Triple):
            terms += [quad.object.subject, quad.object.object]
        found |= {term for term in terms if isinstance(term, BlankNode)}
    return found


def filled(path: Path, name: str, mode: Mode) -> set[Quad]:
    store = Store()
    home = HOME if mode == "merge" or path.name.endswith((".nq", ".trig")) else DefaultGraph()
    fill(store, [Source(path, home, name)], mode)
    return set(store)


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("mode", ["merge", "plain"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_the_same_each_time_and_blank_nodes_of_its_own(
    tmp_path: Path, name: str, mode: Mode, packing: str
) -> None:
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}[packing]
    path = tmp_path / (name + packing)
    path.write_bytes(pack(FILES[name].encode()))
    first, again, other = (filled(path, nodes, mode) for nodes in ("one", "one", "other"))
    assert first == again
    assert len(first) == len(other)
    assert not nodes(first) & nodes(other)
    assert bool(nodes(first)) == (not name.startswith(("plain", "empty")))


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_from_a_file_is_what_it_was_filled_with(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    source = Source(path, DefaultGraph(), "one")
    store = Store()
    fill(store, [source], "plain")
    read = Store()
    read.extend(quads_of(source))
    assert set(read) == set(store)


def test_one_node_of_a_file_is_one_node_in_all_its_statements(tmp_path: Path) -> None:
    path = tmp_path / "labels.nt"
    path.write_text(FILES["labels.nt"], encoding="utf-8")
    store = Store()
    fill(store, [Source(path, HOME, "one")], "merge")
    assert store.query(f"ASK {{ GRAPH <{EX}home> {{ <{EX}s> <{EX}p> ?x . ?x <{EX}p> ?y }} FILTER(?x != ?y) }}")

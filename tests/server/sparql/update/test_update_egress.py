"""No update reaches an address that the operator did not allow, by LOAD or by SERVICE, whatever its spelling."""

import socket
import threading
from collections.abc import Callable

import pytest
from listening import called
from pyoxigraph import Literal, NamedNode, Quad, Store

from edaphon.errors import EgressRefused, EngineRefused, RemoteFailed
from edaphon.sparql.update import evaluation
from edaphon.sparql.update.evaluation import evaluate
from edaphon.sparql.update.reading import parses

EX = "http://example.org/"
# Each with <{}> where the address goes. The engine reaches out in all of these.
REACHING = {
    "load": "LOAD <{}>",
    "lower case": "load <{}>",
    "mixed case": "LoAd <{}>",
    "no space": "LOAD<{}>",
    "silent": "LOAD SILENT <{}>",
    "silent without space": "LOADSILENT<{}>",
    "into": "LOAD <{}> INTO GRAPH <http://example.org/g>",
    "into without space": "LOAD<{}>INTOGRAPH<http://example.org/g>",
    "behind a comment": "LOAD # <http://example.org/>\n <{}>",
    "later": "INSERT DATA { };LOAD<{}>",
    "prefixed name": "PREFIX s: <{}> LOAD s:",
    "base": "BASE <{}> LOAD <>",
    "escaped IRI": "LOAD <\\u0068{tail}>",
    "between innocent words": "# load\nINSERT DATA { <a:load> <a:load> 'LOAD' } ; LOAD <{}>",
    "https": "LOAD <https://127.0.0.1:1/>",
    "service": "INSERT { ?s ?p ?o } WHERE { SERVICE <{}> { ?s ?p ?o } }",
    "service without space": "INSERT{?s ?p ?o}WHERE{SERVICE<{}>{?s ?p ?o}}",
    "service silent": "DELETE { ?s ?p ?o } WHERE { SERVICE SILENT <{}> { ?s ?p ?o } }",
    "service silent without space": "DELETE{?s ?p ?o}WHERE{SERVICESILENT<{}>{?s ?p ?o}}",
    "service after a number": "INSERT { ?a ?b ?c } WHERE { ?s ?p 1SERVICE<{}> { ?a ?b ?c } }",
    "service after a boolean": "INSERT { ?a ?b ?c } WHERE { ?s ?p trueSERVICE<{}> { ?a ?b ?c } }",
    "service after a string": "INSERT { ?a ?b ?c } WHERE { ?s ?p 'x'SERVICE<{}> { ?a ?b ?c } }",
    "service by prefix": "PREFIX s: <{}> INSERT { ?s ?p ?o } WHERE { SERVICE s: { ?s ?p ?o } }",
    "service by empty prefix": "PREFIX : <{}> INSERT { ?s ?p ?o } WHERE { SERVICE: { ?s ?p ?o } }",
    "service by variable": "INSERT { ?s ?p ?o } WHERE { VALUES ?g { <{}> } SERVICE ?g { ?s ?p ?o } }",
    "service in exists": "INSERT { <a:a> <a:b> 1 } WHERE { FILTER EXISTS { SERVICE <{}> { ?s ?p ?o } } }",
    "service in a subquery": "INSERT { ?s ?p ?o } WHERE { { SELECT * { SERVICE <{}> { ?s ?p ?o } } } }",
    "service in a later operation": "CLEAR DEFAULT; WITH <a:g> DELETE { ?s ?p ?o } WHERE { SERVICE <{}> { ?s ?p ?o } }",
    "service after a comparison that looks like an IRI": (
        'INSERT { ?s ?p ?o } WHERE { FILTER(1<2#>"""\n) SERVICE <{}> { ?s ?p ?o } #"""\n }'
    ),
    "service over https": "INSERT { <a:a> <a:b> 1 } WHERE { SERVICE <https://127.0.0.1:1/> { ?s ?p ?o } }",
}
INNOCENT = {
    "string": "INSERT DATA { <a:a> <a:b> 'at your service <http://example.org/> { }; LOAD <http://example.org/>' }",
    "long string": 'INSERT DATA { <a:a> <a:b> """SERVICE\n<http://example.org/> { ?s ?p ?o } }; LOAD <a:b>""" }',
    "comment": "INSERT DATA { } # ; LOAD <http://example.org/> \n# SERVICE <http://example.org/> { }",
    "IRI": "INSERT DATA { <http://example.org/service> <a:load> <a:workload> }",
    "variable": "DELETE { ?service ?load 1 } WHERE { ?service ?load ?LOAD }",
    "prefix": "PREFIX service: <a:b> PREFIX load: <a:c> INSERT DATA { load:load service:service load:service }",
    "blank node": "INSERT DATA { _:load <a:b> _:service }",
    "language tag": "INSERT DATA { <a:a> <a:b> 'x'@load }",
}


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def spelt(text: str, address: str) -> str:
    return text.replace("{tail}", address[1:]).replace("<{}>", f"<{address}>")


def answering(listener: socket.socket, body: bytes, media_type: str) -> Callable[[], list[bytes]]:
    """Answer one request in a thread; the function that is returned waits for it and gives what was asked."""
    listener.setblocking(True)
    listener.settimeout(20)
    asked = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(65536))
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
            connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)

    thread = threading.Thread(target=answer)
    thread.start()

    def wait() -> list[bytes]:
        thread.join()
        return asked

    return wait


def test_the_engine_alone_does_reach_out(listener: socket.socket) -> None:
    """Else the tests below would prove nothing."""
    wait = answering(listener, b"", "text/turtle")
    Store().update(spelt(REACHING["no space"], address(listener)))
    assert len(wait()) == 1


@pytest.mark.parametrize("spelling", REACHING)
def test_no_spelling_gets_out(listener: socket.socket, spelling: str) -> None:
    text = spelt(REACHING[spelling], address(listener))
    assert parses(text), "the engine would not take this update at all"
    with pytest.raises(EgressRefused):
        evaluate(Store(), text, mode="plain")
    assert not called(listener)


@pytest.mark.parametrize("spelling", REACHING)
def test_an_allowed_address_does_not_open_the_way_to_another(listener: socket.socket, spelling: str) -> None:
    allowed = "http://127.0.0.1:9/sparql"
    text = spelt(REACHING[spelling], address(listener))
    text = f"# SERVICE <{allowed}> {{ }}\n{text}\n# LOAD <{allowed}> ; SERVICE <{allowed}> {{ }}"
    with pytest.raises(EgressRefused):
        evaluate(Store(), text, mode="plain", allow_service=(allowed,))
    assert not called(listener)


@pytest.mark.parametrize("spelling", INNOCENT)
def test_the_words_alone_are_not_refused(spelling: str) -> None:
    evaluate(Store(), INNOCENT[spelling], mode="plain")


def test_the_second_wall_holds_when_the_first_is_down(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "refuse_to_reach_out", lambda *_: None)
    monkeypatch.setattr(evaluation.egress, "reaches_out", lambda *_: None)
    monkeypatch.setattr(evaluation.egress, "calls_service", lambda *_: False)
    with pytest.raises(EngineRefused):
        evaluate(Store(), spelt(REACHING["service"], address(listener)), mode="plain")
    evaluate(Store(), spelt(REACHING["silent"], address(listener)), mode="plain")
    assert not called(listener)


def test_what_an_allowed_address_has_is_loaded(listener: socket.socket) -> None:
    wait = answering(listener, b"<http://example.org/a> <http://example.org/b> 1 .", "text/turtle")
    allowed = address(listener) + "data"
    text = f"PREFIX l: <{address(listener)}> LOAD l:data INTO GRAPH <{EX}g>"
    change = evaluate(Store(), text, mode="plain", allow_service=(allowed,))
    assert b"GET /data " in wait()[0]
    a, b, g = (NamedNode(EX + name) for name in "abg")
    assert change.added == {Quad(a, b, Literal(1), g)}


def test_an_allowed_endpoint_is_asked_and_its_solutions_inserted(listener: socket.socket) -> None:
    results = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://example.org/a"}}]}}'
    wait = answering(listener, results, "application/sparql-results+json")
    text = spelt("INSERT { ?s <a:b> 1 } WHERE { SERVICE <{}> { ?s <a:c> 2 } }", address(listener))
    change = evaluate(Store(), text, mode="plain", allow_service=(address(listener),))
    assert wait()
    assert change.added == {Quad(NamedNode(EX + "a"), NamedNode("a:b"), Literal(1))}


@pytest.mark.parametrize("operation", ["LOAD <{}>", "INSERT { ?s <a:b> 1 } WHERE { SERVICE <{}> { ?s <a:c> 2 } }"])
def test_the_failure_of_an_allowed_address_is_told(listener: socket.socket, operation: str) -> None:
    wait = answering(listener, b"no RDF", "text/html")
    with pytest.raises(RemoteFailed):
        evaluate(Store(), spelt(operation, address(listener)), mode="plain", allow_service=(address(listener),))
    assert wait()


def test_silent_hides_the_failure_of_an_allowed_address(listener: socket.socket) -> None:
    wait = answering(listener, b"no RDF", "text/html")
    text = spelt("LOAD SILENT <{}> ; INSERT DATA { <a:a> <a:b> 1 }", address(listener))
    assert len(evaluate(Store(), text, mode="plain", allow_service=(address(listener),)).added) == 1
    assert wait()


def test_an_address_that_nobody_can_load_from_fails_silently_when_told_to() -> None:
    assert not evaluate(Store(), "LOAD SILENT <somescheme://example.org/>", mode="plain")
    with pytest.raises(EgressRefused):
        evaluate(Store(), "LOAD <somescheme://example.org/>", mode="plain")

"""What a worker's word that it failed means: the exception of the family that stands for it."""

from typing import Any

from edaphon.errors import (
    EgressRefused,
    EngineRefused,
    MemoryReached,
    NotAcceptable,
    QueryError,
    QuerySyntax,
    RemoteFailed,
    RequestError,
    ResultTooLarge,
    RevisionMissing,
)

__all__ = ["failure"]


def failure(message: dict[str, Any]) -> QueryError | RequestError | RevisionMissing:
    """The exception that a worker's FAILED frame stands for. Raises KeyError where it lacks what it needs."""
    match message["name"]:
        case "QuerySyntax":
            return QuerySyntax(message["detail"], line=message["line"], column=message["column"], hint=message["hint"])
        case "EgressRefused":
            return EgressRefused(
                f"this server does not let queries reach {message['target']}; whoever runs it can allow an endpoint "
                "by --allow-service"
            )
        case "RemoteFailed":
            return RemoteFailed(f"a remote endpoint failed: {message['detail']}")
        case "MemoryReached":
            return MemoryReached("the query needed more memory than one query may take", limit=message["limit"])
        case "ResultTooLarge":
            return ResultTooLarge("the result is larger than this server gives out in one piece")
        case "NotAcceptable" if message["form"] == "graph":
            return NotAcceptable("the answer to this query is RDF; ask for an RDF format, such as Turtle", offered=())
        case "NotAcceptable":
            return NotAcceptable(
                "the answer to this query is a result set; ask for a result format, such as JSON or CSV", offered=()
            )
        case "Unwritable":
            return NotAcceptable(message["detail"], offered=())
        case "RevisionMissing":
            return RevisionMissing(message["detail"])
        case "EngineRefused":
            return EngineRefused(f"the engine cannot evaluate this query: {message['detail']}")
        case name:
            raise KeyError(name)

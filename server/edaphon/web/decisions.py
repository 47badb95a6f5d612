"""The body of a request that decides on a contribution: the reason, if it gives one."""

import json
from typing import Final
from urllib.parse import parse_qs

from edaphon.errors import MalformedRequest, UnsupportedMedia
from edaphon.sparql.protocol import media_type

__all__ = ["LARGEST", "reason"]

# Bytes of the body; the reason itself has a limit of its own.
LARGEST: Final = 100_000
FORM: Final = "application/x-www-form-urlencoded"


def reason(content_type: str | None, body: bytes) -> str | None:
    """The reason in a JSON object or a form; None in an empty body. Raises MalformedRequest, UnsupportedMedia."""
    if not body.strip():
        return None
    kind, _ = media_type(content_type)
    if kind == FORM:
        return _in_form(body)
    if kind not in ("", "application/json"):
        raise UnsupportedMedia(f'the body is of type {kind}; send JSON, such as {{"reason": "…"}}, or a form')
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise MalformedRequest('the body must be a JSON object, such as {"reason": "…"}')
    return _only(found)


def _in_form(body: bytes) -> str | None:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError as error:
        raise MalformedRequest(f"the form cannot be read: {error}") from error
    if any(len(values) > 1 for values in fields.values()):
        raise MalformedRequest("the form has a field twice")
    return _only({name: values[0] for name, values in fields.items()})


def _only(fields: dict[str, object]) -> str | None:
    unknown = fields.keys() - {"reason"}
    if unknown:
        raise MalformedRequest(f"the body has a field {min(unknown)!r}; there is only reason")
    value = fields.get("reason")
    if value is not None and not isinstance(value, str):
        raise MalformedRequest("the reason must be a text")
    return value

"""Pages for people: templates filled in, everything from outside escaped, nothing fetched from elsewhere."""

from base64 import b64encode
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edaphon import __version__

__all__ = ["policy", "render"]

TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def style() -> str:
    """The style sheet that each page carries."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """The content security policy of all pages: no script at all, our own style, forms that lead back here."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["version"] = __version__
    # Our own file, and the policy names its digest: it must arrive as it is.
    made.globals["style"] = Markup(style())
    made.filters["moment"] = moment
    return made


def moment(when: datetime | str) -> Markup:
    """A time in UTC as people write it, to the minute; programs find all of it in the element."""
    told = datetime.fromisoformat(when) if isinstance(when, str) else when
    exact = told.isoformat().replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(exact, f"{told.day} {told:%B %Y, %H:%M} UTC")


def render(template: str, **context: Any) -> bytes:
    """One page, in UTF-8."""
    return environment().get_template(template).render(**context).encode("utf-8", "replace")

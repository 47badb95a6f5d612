"""The ledger's tables, as SQLite and PostgreSQL both have them; `migrations/` makes them."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

__all__ = ["Instant", "check_report", "contribution", "event", "metadata", "payload", "revision", "token"]

# Names that both databases give alike, so that a later migration can say which constraint it means.
metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
# SQLite counts up by itself in a column of this very type only.
SEQUENCE: Final = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """A point in time to the microsecond. SQLite keeps it as a text whose order is that of time."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(DateTime(timezone=True) if postgresql else String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} does not say in which time zone it is")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value if dialect.name == "postgresql" else datetime.fromisoformat(value)).astimezone(UTC)


token = Table(
    "token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("created_by", Text),
    Column("revoked", Instant),
)

contribution = Table(
    "contribution",
    metadata,
    # The order of recording, where two were created at one instant.
    Column("seq", SEQUENCE, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", Text),
    Column("contributor", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("decided", Instant),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("revision", BigInteger),
    Column("base", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("conforms", Boolean, nullable=False),
    Column("shapes", Text, nullable=False),
    Column("reverts", Text, ForeignKey("contribution.id")),
    Column("reverted_by", Text),
    Index(None, "created", "seq"),
    Index(None, "status", "created", "seq"),
)

# As sent, and the change that was read from it; neither ever changes.
payload = Table(
    "payload",
    metadata,
    Column("contribution", Text, ForeignKey("contribution.id"), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Of the last check only.
check_report = Table(
    "check_report",
    metadata,
    Column("contribution", Text, ForeignKey("contribution.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("cause", Text, nullable=False),
    Column("actor", Text),
    Column("contribution", Text, ForeignKey("contribution.id"), index=True),
    Column("title", Text),
    Column("added", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("corpus", Text),
    Column("complete", Boolean, nullable=False),
    Column("details", JSON, nullable=False),
    Column("delta", LargeBinary),
)

event = Table(
    "event",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text),
    Column("contribution", Text, ForeignKey("contribution.id")),
    Column("revision", BigInteger, ForeignKey("revision.number")),
    Column("details", JSON, nullable=False),
    Index(None, "contribution", "seq"),
)

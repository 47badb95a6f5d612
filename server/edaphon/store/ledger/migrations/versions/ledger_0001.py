"""The first tables, and the triggers that let the ledger only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")

# What never changes, and what never goes.
IMMUTABLE = ("event", "payload", "revision")
KEPT = ("contribution", "token", "check_report")


def upgrade() -> None:
    op.create_table(
        "token",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("revoked", INSTANT),
        sa.PrimaryKeyConstraint("name", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )
    op.create_table(
        "contribution",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("contributor", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("decided", INSTANT),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("revision", sa.BigInteger),
        sa.Column("base", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger, nullable=False),
        sa.Column("conforms", sa.Boolean, nullable=False),
        sa.Column("shapes", sa.Text, nullable=False),
        sa.Column("reverts", sa.Text),
        sa.Column("reverted_by", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_contribution"),
        sa.UniqueConstraint("id", name="uq_contribution_id"),
        sa.ForeignKeyConstraint(["reverts"], ["contribution.id"], name="fk_contribution_reverts"),
    )
    op.create_index("ix_contribution_created_seq", "contribution", ["created", "seq"])
    op.create_index("ix_contribution_status_created_seq", "contribution", ["status", "created", "seq"])
    op.create_table(
        "payload",
        sa.Column("contribution", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("contribution", name="pk_payload"),
        sa.ForeignKeyConstraint(["contribution"], ["contribution.id"], name="fk_payload_contribution"),
    )
    op.create_table(
        "check_report",
        sa.Column("contribution", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("contribution", name="pk_check_report"),
        sa.ForeignKeyConstraint(["contribution"], ["contribution.id"], name="fk_check_report_contribution"),
    )
    op.create_table(
        "revision",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("contribution", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger, nullable=False),
        sa.Column("corpus", sa.Text),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("delta", sa.LargeBinary),
        sa.PrimaryKeyConstraint("number", name="pk_revision"),
        sa.ForeignKeyConstraint(["contribution"], ["contribution.id"], name="fk_revision_contribution"),
    )
    op.create_index("ix_revision_at", "revision", ["at"])
    op.create_index("ix_revision_contribution", "revision", ["contribution"])
    op.create_table(
        "event",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("contribution", sa.Text),
        sa.Column("revision", sa.BigInteger),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sa.ForeignKeyConstraint(["contribution"], ["contribution.id"], name="fk_event_contribution"),
        sa.ForeignKeyConstraint(["revision"], ["revision.number"], name="fk_event_revision"),
    )
    op.create_index("ix_event_contribution_seq", "event", ["contribution", "seq"])
    if op.get_bind().dialect.name == "postgresql":
        guard_postgresql()
    else:
        guard_sqlite()


def guard_sqlite() -> None:
    for table in (*IMMUTABLE, *KEPT):
        for operation in ("UPDATE", "DELETE") if table in IMMUTABLE else ("DELETE",):
            op.execute(
                f"CREATE TRIGGER {table}_keeps_{operation.lower()} BEFORE {operation} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the ledger only grows: no {operation} on {table}'); END"
            )


def guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger only grows: no % on %', TG_OP, TG_TABLE_NAME; END $$"
    )
    for table in (*IMMUTABLE, *KEPT):
        operations = "UPDATE OR DELETE" if table in IMMUTABLE else "DELETE"
        op.execute(
            f"CREATE TRIGGER {table}_keeps BEFORE {operations} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows()"
        )

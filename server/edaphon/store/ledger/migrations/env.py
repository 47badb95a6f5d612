"""How Alembic runs the migrations: on the connection, and in the transaction, that `schema.migrate` holds."""

from alembic import context

from edaphon.store.ledger.tables import metadata

# The tables change together, on SQLite as well: it can do so, and the transaction has begun already.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

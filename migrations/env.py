"""Alembic's entry: runs the scripts on the connection that `store.schema` opened."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from store.tables import metadata


def run() -> None:
    """Run on the given connection; Alembic's own command line is not used."""
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise RuntimeError("Run `plateau migrate`: it opens the store that is configured.")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

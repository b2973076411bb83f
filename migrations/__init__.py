"""Alembic scripts: each brings a database from one release's tables to the next."""

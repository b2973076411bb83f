"""Tables of who may do what, and of what they did."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.tables_base import metadata

_ROLES: Final = "role IN ('agent', 'supervisor', 'administrator')"

user_account: Final = Table(
    "user_account",
    metadata,
    Column("id", String, primary_key=True),
    Column("login", String, nullable=False),
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("agent_id", String, ForeignKey("agent.id")),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("tokens_valid_from", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("login"),
    CheckConstraint(_ROLES, name="role"),
)

api_key: Final = Table(
    "api_key",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("prefix", String, nullable=False),
    Column("secret_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("agent_id", String, ForeignKey("agent.id")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    UniqueConstraint("secret_hash"),
    CheckConstraint(_ROLES, name="role"),
)

refresh_token: Final = Table(
    "refresh_token",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", String, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
    Column("family_id", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("rotated_to", String),
    Column("revoked_at", BigInteger),
    UniqueConstraint("hash"),
    Index(None, "user_id"),
    Index(None, "family_id"),
)

sign_in_attempt: Final = Table(
    "sign_in_attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String, nullable=False),
    Column("address", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index(None, "login", "at"),
    Index(None, "address", "at"),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("detail", Text, nullable=False),
    # Of what the floor did: the line came with the facts of the act. NULL for all else.
    Column("act_id", String),
    Index(None, "at"),
    Index(None, "act_id", unique=True),
)

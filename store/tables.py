"""The tables, for SQLite and PostgreSQL alike; `migrations/` must lead to exactly these.

Instants are UTC milliseconds in BIGINT. Every row of the runtime tables can be built again from
`event`. A column of a runtime table is written by one kind of fact only, so that facts may come
late or twice: a row may therefore exist before the fact that opens it, and all columns but its key
and its contact are nullable. Runtime tables hold ids of configured things without foreign keys:
deleting a queue must not delete its history.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# ---- runtime: what came to pass ---------------------------------------------------------------

event: Final = Table(
    "event",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("contact_id", String),
    Column("agent_id", String),
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Index(None, "contact_id", "occurred_at"),
    Index(None, "occurred_at"),
)

contact: Final = Table(
    "contact",
    metadata,
    Column("id", String, primary_key=True),
    Column("root_id", String),
    Column("prev_id", String),
    Column("channel", String),
    Column("direction", String),
    Column("initiation", String),
    Column("dnis", String),
    Column("number", String),
    Column("name", String),
    Column("flow_id", String),
    Column("arrived_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ended_by", String),
    Column("in_hours", Boolean),
    Column("outcome", String),
    Column("reason", String),
    Index(None, "arrived_at", "id"),
    Index(None, "number", "arrived_at"),
    Index(None, "root_id"),
)

queue_visit: Final = Table(
    "queue_visit",
    metadata,
    Column("id", String, primary_key=True),
    Column("contact_id", String, nullable=False),
    Column("seq", Integer),
    Column("queue_id", String),
    Column("required", Text),
    Column("priority", Integer),
    Column("key", BigInteger),
    Column("enqueued_at", BigInteger),
    Column("service_level_ms", BigInteger),
    Column("short_abandon_ms", BigInteger),
    Column("left_at", BigInteger),
    Column("outcome", String),
    Column("agent_id", String),
    Column("answered_segment_id", String),
    Column("ringing", Boolean),
    Index(None, "contact_id"),
    Index(None, "queue_id", "enqueued_at"),
    Index(None, "enqueued_at"),
    Index(None, "agent_id", "enqueued_at"),
)

segment: Final = Table(
    "segment",
    metadata,
    Column("id", String, primary_key=True),
    Column("contact_id", String, nullable=False),
    Column("visit_id", String),
    Column("agent_id", String),
    Column("team", String),
    Column("kind", String),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("end_reason", String),
    Index(None, "contact_id"),
    Index(None, "visit_id"),
    Index(None, "agent_id", "started_at"),
    Index(None, "started_at"),
    Index(None, "ended_at"),
)

agent_state: Final = Table(
    "agent_state",
    metadata,
    Column("agent_id", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("team", String),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "started_at"),
    Index(None, "ended_at"),
)

routing_decision: Final = Table(
    "routing_decision",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String, nullable=False),
    Column("visit_id", String, nullable=False),
    Column("queue_id", String, nullable=False),
    Column("trigger", String, nullable=False),
    Column("agent_id", String),
    Column("decided_at", BigInteger, nullable=False),
    Column("signed_in", Integer, nullable=False),
    Column("waiting_ahead", Integer, nullable=False),
    Column("candidates", Text, nullable=False),
    Index(None, "contact_id"),
)

flow_step: Final = Table(
    "flow_step",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String, nullable=False),
    Column("flow_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("node", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("input", String),
    Column("entered_at", BigInteger, nullable=False),
    Column("left_at", BigInteger, nullable=False),
    Index(None, "contact_id"),
    Index(None, "flow_id", "entered_at"),
)

recording: Final = Table(
    "recording",
    metadata,
    Column("id", String, primary_key=True),
    Column("contact_id", String, nullable=False),
    Column("agent_id", String),
    Column("queue_id", String),
    Column("started_at", BigInteger),
    Column("kept_at", BigInteger),
    Column("path", String),
    Column("size_bytes", BigInteger),
    Column("duration_ms", BigInteger),
    Column("sha256", String),
    Column("lost_at", BigInteger),
    Column("lost_reason", String),
    Index(None, "contact_id"),
    Index(None, "started_at", "id"),
)

journal_checkpoint: Final = Table(
    "journal_checkpoint",
    metadata,
    Column("journal_id", String, primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# ---- configuration: what people decide --------------------------------------------------------

skill: Final = Table(
    "skill",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
)

agent: Final = Table(
    "agent",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("phone_digest", String, nullable=False),
    Column("team", String),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("phone"),
)

agent_skill: Final = Table(
    "agent_skill",
    metadata,
    Column("agent_id", String, ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True),
    Column("skill_id", String, ForeignKey("skill.id"), primary_key=True),
    Column("level", Integer, nullable=False),
    CheckConstraint("level BETWEEN 1 AND 10", name="level"),
)

queue: Final = Table(
    "queue",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("ring_s", Integer, nullable=False),
    Column("wrap_up_s", Integer, nullable=False),
    Column("service_level_s", Integer, nullable=False),
    Column("short_abandon_s", Integer, nullable=False),
    Column("recorded", Boolean, nullable=False),
    Column("music", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("rona_limit", Integer, nullable=False),
    Column("target_answer_ratio", Float, nullable=False),
    CheckConstraint("target_answer_ratio BETWEEN 0 AND 1", name="target_answer_ratio"),
)

queue_skill: Final = Table(
    "queue_skill",
    metadata,
    Column("queue_id", String, ForeignKey("queue.id", ondelete="CASCADE"), primary_key=True),
    Column("skill_id", String, ForeignKey("skill.id"), primary_key=True),
    Column("min_level", Integer, nullable=False),
    CheckConstraint("min_level BETWEEN 1 AND 10", name="min_level"),
)

flow: Final = Table(
    "flow",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
)

flow_version: Final = Table(
    "flow_version",
    metadata,
    Column("flow_id", String, ForeignKey("flow.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String),
)

number: Final = Table(
    "number",
    metadata,
    Column("dnis", String, primary_key=True),
    Column("flow_id", String, ForeignKey("flow.id"), nullable=False),
    Column("name", String, nullable=False),
    Index(None, "flow_id"),
)

config_version: Final = Table(
    "config_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

# ---- accounts: who may do what ----------------------------------------------------------------

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
    Index(None, "at"),
)

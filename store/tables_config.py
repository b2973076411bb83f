"""Tables of what people configure.

Lists and choices inside one thing (steps, messages, exits, opening hours…) are JSON text: they are
read and written whole, and nothing looks for their parts. Columns that came after the first release
carry a default in the database: SQLite adds no other to a table with rows, and making the table
anew would take along what refers to it.
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
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from store.tables_base import metadata

skill: Final = Table(
    "skill",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
)

team: Final = Table(
    "team",
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
    Column("attributes", Text, nullable=False, server_default="{}"),
    Column("number", String),
    Column("pin", String),
    Column("auto_answer", Boolean, nullable=False, server_default=false()),
    Column("voice_capacity", Integer, nullable=False, server_default="1"),
    UniqueConstraint("phone"),
    Index(None, "number", unique=True),
)

seat: Final = Table(
    "seat",
    metadata,
    Column("phone", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("phone_digest", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
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
    Column("refusal_limit", Integer, nullable=False, server_default="3"),
    Column("target_answer_ratio", Float, nullable=False),
    Column("access", String, nullable=False, server_default="open"),
    Column("steps", Text, nullable=False, server_default="[]"),
    Column("strategy", String, nullable=False, server_default="longest_idle"),
    Column("sticky_s", Integer, nullable=False, server_default="0"),
    Column("wrap_up", String, nullable=False, server_default="timed"),
    Column("wrap_up_extension_s", Integer, nullable=False, server_default="60"),
    Column("dispositions", Text, nullable=False, server_default="[]"),
    Column("messages", Text, nullable=False, server_default="[]"),
    Column("exits", Text, nullable=False, server_default="{}"),
    Column("max_wait_s", Integer),
    Column("on_max_wait", Text),
    Column("max_length", Integer),
    Column("on_full", Text),
    Column("calendar", String),
    Column("closed", Boolean, nullable=False, server_default=false()),
    Column("on_closed", Text),
    Column("on_nobody", Text),
    Column("callback", Text),
    Column("voicemail", Text),
    CheckConstraint("target_answer_ratio BETWEEN 0 AND 1", name="target_answer_ratio"),
)

queue_skill: Final = Table(
    "queue_skill",
    metadata,
    Column("queue_id", String, ForeignKey("queue.id", ondelete="CASCADE"), primary_key=True),
    Column("skill_id", String, ForeignKey("skill.id"), primary_key=True),
    Column("min_level", Integer, nullable=False),
    Column("weight", Integer, nullable=False, server_default="1"),
    CheckConstraint("min_level BETWEEN 1 AND 10", name="min_level"),
)

membership: Final = Table(
    "membership",
    metadata,
    Column("agent_id", String, ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True),
    Column("queue_id", String, ForeignKey("queue.id", ondelete="CASCADE"), primary_key=True),
    Column("priority", Integer, nullable=False),
    Column("delay_s", Integer, nullable=False),
    CheckConstraint("priority BETWEEN -10 AND 10", name="priority"),
    Index(None, "queue_id"),
)

pause_reason: Final = Table(
    "pause_reason",
    metadata,
    Column("code", String, primary_key=True),
    Column("names", Text, nullable=False),
    Column("productive", Boolean, nullable=False),
    Column("paid", Boolean, nullable=False),
    Column("digit", String),
    UniqueConstraint("digit"),
)

calendar: Final = Table(
    "calendar",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("weekly", Text, nullable=False),
    Column("special", Text, nullable=False),
    Column("holidays", String),
)

outside: Final = Table(
    "outside",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("allowed", Text, nullable=False),
    Column("caller_id", String),
    CheckConstraint("id = 1", name="single_row"),
)

alert_rule: Final = Table(
    "alert_rule",
    metadata,
    Column("id", String, primary_key=True),
    Column("queue_id", String),
    Column("metric", String, nullable=False),
    Column("comparison", String, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("for_s", Integer, nullable=False),
    Column("names", Text, nullable=False),
    Column("severity", String, nullable=False),
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

config_document: Final = Table(
    "config_document",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

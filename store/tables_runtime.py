"""Tables of what came to pass; every row can be built again from `event`.

A column is written by one kind of fact only, or by the fact with the highest `seq`, so that facts
may come late or twice: a row may therefore exist before the fact that opens it, and all columns but
its key and its contact are nullable. Ids of configured things stand here without foreign keys:
deleting a queue must not delete its history.

`lost_call` is worked out from the others (`store/lost_calls.py`). What people do there and with a
message (`claimed_…`, `done_…`, `result`, `marked_…`) is in no fact: whoever builds these two tables
again leaves the rows in place.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from store.tables_base import metadata

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
    Column("kind", String),
    Column("queue_id", String),
    Column("agent_id", String),
    Column("data", Text),
    Column("withheld", Boolean),
    Index(None, "arrived_at", "id"),
    Index(None, "agent_id", "arrived_at"),
    Index(None, "queue_id", "arrived_at"),
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
    Column("estimate_ms", BigInteger),
    Column("overflow_to", String),
    Column("moved_by", String),
    Column("kind", String),
    Column("priority_seq", Integer),
    Column("waited_before_ms", BigInteger),
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
    Column("consult_id", String),
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
    Column("productive", Boolean),
    Column("paid", Boolean),
    Column("forced_by", String),
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
    Column("step", Integer),
    Column("steps", Integer),
    Column("strategy", String),
    Column("waited_ms", BigInteger),
    Column("delay_s", Integer),
    Column("only_agent_id", String),
    Column("could_serve", Integer),
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
    Column("fault", String),
    Index(None, "contact_id"),
    Index(None, "started_at", "id"),
)

disposition: Final = Table(
    "disposition",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String, nullable=False),
    Column("agent_id", String),
    Column("queue_id", String),
    Column("code", String),
    Column("note", Text),
    Column("at", BigInteger),
    Index(None, "contact_id"),
    Index(None, "queue_id", "at"),
    Index(None, "agent_id", "at"),
)

contact_note: Final = Table(
    "contact_note",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String, nullable=False),
    Column("agent_id", String),
    Column("text", Text),
    Column("at", BigInteger),
    Index(None, "contact_id"),
)

transfer: Final = Table(
    "transfer",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String, nullable=False),
    Column("from_agent_id", String),
    Column("kind", String),
    Column("target_kind", String),
    Column("target_id", String),
    Column("at", BigInteger),
    Index(None, "contact_id"),
    Index(None, "from_agent_id", "at"),
)

supervision_act: Final = Table(
    "supervision_act",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", String),
    Column("agent_id", String),
    Column("by", String),
    Column("act", String),
    Column("detail", Text),
    Column("at", BigInteger),
    Index(None, "contact_id"),
    Index(None, "agent_id", "at"),
    Index(None, "at"),
)

callback: Final = Table(
    "callback",
    metadata,
    Column("id", String, primary_key=True),
    Column("origin_contact_id", String),
    Column("queue_id", String),
    Column("number", String),
    Column("state", String),
    Column("attempts", Integer),
    Column("booked_at", BigInteger),
    Column("due_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("outcome", String),
    Column("agent_id", String),
    Column("by", String),
    Column("seq", Integer),
    Column("asked_at", BigInteger),
    Index(None, "booked_at", "id"),
    Index(None, "queue_id", "state"),
    Index(None, "number", "booked_at"),
    Index(None, "origin_contact_id"),
)

voicemail: Final = Table(
    "voicemail",
    metadata,
    Column("id", String, primary_key=True),
    Column("contact_id", String),
    Column("queue_id", String),
    Column("number", String),
    Column("recording_id", String),
    Column("left_at", BigInteger),
    Column("agent_id", String),
    Column("heard_at", BigInteger),
    Column("marked_by", String),
    Column("marked_at", BigInteger),
    Index(None, "left_at", "id"),
    Index(None, "queue_id", "left_at"),
    Index(None, "contact_id"),
    Index(None, "recording_id"),
)

lost_call: Final = Table(
    "lost_call",
    metadata,
    Column("id", String, primary_key=True),
    Column("contact_id", String),
    Column("queue_id", String),
    Column("number", String),
    Column("lost_at", BigInteger),
    Column("resolved_at", BigInteger),
    Column("resolved_by_contact_id", String),
    Column("claimed_by", String),
    Column("claimed_at", BigInteger),
    Column("done_by", String),
    Column("done_at", BigInteger),
    Column("result", String),
    Index(None, "lost_at", "id"),
    Index(None, "queue_id", "lost_at"),
    Index(None, "number", "lost_at"),
    Index(None, "contact_id"),
)

alert_event: Final = Table(
    "alert_event",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("rule_id", String),
    Column("queue_id", String),
    Column("raised_at", BigInteger),
    Column("cleared_at", BigInteger),
    Column("value", Float),
    Column("threshold", Float),
    Index(None, "raised_at"),
    Index(None, "rule_id", "raised_at"),
)

journal_checkpoint: Final = Table(
    "journal_checkpoint",
    metadata,
    Column("journal_id", String, primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

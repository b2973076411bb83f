"""Routing, waiting and supervision: their configuration, and what comes to pass of them.

Columns are added one by one, never by making a table anew: on SQLite that would delete what refers
to it. Existing teams, until now mere words of the agents, become teams of that name.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_runtime_tables()
    _add_runtime_columns()
    _add_configuration_tables()
    _add_configuration_columns()
    _carry_over()


def _add_runtime_tables() -> None:
    op.create_table(
        "alert_event",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("raised_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_alert_event")),
    )
    op.create_index(op.f("ix_alert_event_raised_at"), "alert_event", ["raised_at"], unique=False)
    op.create_index(
        op.f("ix_alert_event_rule_id_raised_at"),
        "alert_event",
        ["rule_id", "raised_at"],
        unique=False,
    )
    op.create_table(
        "callback",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("origin_contact_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("booked_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    op.create_index(op.f("ix_callback_booked_at_id"), "callback", ["booked_at", "id"], unique=False)
    op.create_index(
        op.f("ix_callback_number_booked_at"), "callback", ["number", "booked_at"], unique=False
    )
    op.create_index(
        op.f("ix_callback_origin_contact_id"), "callback", ["origin_contact_id"], unique=False
    )
    op.create_index(
        op.f("ix_callback_queue_id_state"), "callback", ["queue_id", "state"], unique=False
    )
    op.create_table(
        "contact_note",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_contact_note")),
    )
    op.create_index(
        op.f("ix_contact_note_contact_id"), "contact_note", ["contact_id"], unique=False
    )
    op.create_table(
        "disposition",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_disposition")),
    )
    op.create_index(
        op.f("ix_disposition_agent_id_at"), "disposition", ["agent_id", "at"], unique=False
    )
    op.create_index(op.f("ix_disposition_contact_id"), "disposition", ["contact_id"], unique=False)
    op.create_index(
        op.f("ix_disposition_queue_id_at"), "disposition", ["queue_id", "at"], unique=False
    )
    op.create_table(
        "lost_call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("lost_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by_contact_id", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_call")),
    )
    op.create_index(op.f("ix_lost_call_contact_id"), "lost_call", ["contact_id"], unique=False)
    op.create_index(op.f("ix_lost_call_lost_at_id"), "lost_call", ["lost_at", "id"], unique=False)
    op.create_index(
        op.f("ix_lost_call_number_lost_at"), "lost_call", ["number", "lost_at"], unique=False
    )
    op.create_index(
        op.f("ix_lost_call_queue_id_lost_at"), "lost_call", ["queue_id", "lost_at"], unique=False
    )
    op.create_table(
        "supervision_act",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_supervision_act")),
    )
    op.create_index(
        op.f("ix_supervision_act_agent_id_at"), "supervision_act", ["agent_id", "at"], unique=False
    )
    op.create_index(op.f("ix_supervision_act_at"), "supervision_act", ["at"], unique=False)
    op.create_index(
        op.f("ix_supervision_act_contact_id"), "supervision_act", ["contact_id"], unique=False
    )
    op.create_table(
        "transfer",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("from_agent_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("target_kind", sa.String(), nullable=True),
        sa.Column("target_id", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_transfer")),
    )
    op.create_index(op.f("ix_transfer_contact_id"), "transfer", ["contact_id"], unique=False)
    op.create_index(
        op.f("ix_transfer_from_agent_id_at"), "transfer", ["from_agent_id", "at"], unique=False
    )
    op.create_table(
        "voicemail",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("recording_id", sa.String(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("marked_by", sa.String(), nullable=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail")),
    )
    op.create_index(op.f("ix_voicemail_contact_id"), "voicemail", ["contact_id"], unique=False)
    op.create_index(op.f("ix_voicemail_left_at_id"), "voicemail", ["left_at", "id"], unique=False)
    op.create_index(
        op.f("ix_voicemail_queue_id_left_at"), "voicemail", ["queue_id", "left_at"], unique=False
    )
    op.create_index(op.f("ix_voicemail_recording_id"), "voicemail", ["recording_id"], unique=False)


def _add_runtime_columns() -> None:
    op.add_column(
        "user_account",
        sa.Column("tokens_valid_from", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("audit", sa.Column("act_id", sa.String(), nullable=True))
    op.create_index(op.f("ix_audit_act_id"), "audit", ["act_id"], unique=True)
    op.add_column("agent_state", sa.Column("productive", sa.Boolean(), nullable=True))
    op.add_column("agent_state", sa.Column("paid", sa.Boolean(), nullable=True))
    op.add_column("agent_state", sa.Column("forced_by", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("queue_id", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("agent_id", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("data", sa.Text(), nullable=True))
    op.create_index(
        op.f("ix_contact_agent_id_arrived_at"), "contact", ["agent_id", "arrived_at"], unique=False
    )
    op.create_index(
        op.f("ix_contact_queue_id_arrived_at"), "contact", ["queue_id", "arrived_at"], unique=False
    )
    op.add_column("queue_visit", sa.Column("estimate_ms", sa.BigInteger(), nullable=True))
    op.add_column("queue_visit", sa.Column("overflow_to", sa.String(), nullable=True))
    op.add_column("queue_visit", sa.Column("moved_by", sa.String(), nullable=True))
    op.add_column("queue_visit", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("queue_visit", sa.Column("priority_seq", sa.Integer(), nullable=True))
    op.add_column("queue_visit", sa.Column("waited_before_ms", sa.BigInteger(), nullable=True))
    op.add_column("recording", sa.Column("fault", sa.String(), nullable=True))
    op.add_column("segment", sa.Column("consult_id", sa.String(), nullable=True))
    op.add_column("routing_decision", sa.Column("step", sa.Integer(), nullable=True))
    op.add_column("routing_decision", sa.Column("steps", sa.Integer(), nullable=True))
    op.add_column("routing_decision", sa.Column("strategy", sa.String(), nullable=True))
    op.add_column("routing_decision", sa.Column("waited_ms", sa.BigInteger(), nullable=True))
    op.add_column("routing_decision", sa.Column("delay_s", sa.Integer(), nullable=True))
    op.add_column("routing_decision", sa.Column("only_agent_id", sa.String(), nullable=True))
    op.add_column("routing_decision", sa.Column("could_serve", sa.Integer(), nullable=True))


def _add_configuration_tables() -> None:
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("comparison", sa.String(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("for_s", sa.Integer(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rule")),
    )
    op.create_table(
        "calendar",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("weekly", sa.Text(), nullable=False),
        sa.Column("special", sa.Text(), nullable=False),
        sa.Column("holidays", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
    )
    op.create_table(
        "config_document",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_config_document")),
    )
    op.create_table(
        "outside",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("allowed", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.String(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_outside_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside")),
    )
    op.create_table(
        "pause_reason",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("productive", sa.Boolean(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("digit", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_pause_reason")),
        sa.UniqueConstraint("digit", name=op.f("uq_pause_reason_digit")),
    )
    op.create_table(
        "seat",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone_digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_seat")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    op.create_table(
        "membership",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("queue_id", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("delay_s", sa.Integer(), nullable=False),
        sa.CheckConstraint("priority BETWEEN -10 AND 10", name=op.f("ck_membership_priority")),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
            name=op.f("fk_membership_agent_id_agent"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
            name=op.f("fk_membership_queue_id_queue"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("agent_id", "queue_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_queue_id"), "membership", ["queue_id"], unique=False)


def _add_configuration_columns() -> None:
    op.add_column("agent", sa.Column("attributes", sa.Text(), server_default="{}", nullable=False))
    op.add_column("agent", sa.Column("number", sa.String(), nullable=True))
    op.add_column("agent", sa.Column("pin", sa.String(), nullable=True))
    op.add_column(
        "agent", sa.Column("auto_answer", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "agent", sa.Column("voice_capacity", sa.Integer(), server_default="1", nullable=False)
    )
    op.create_index(op.f("ix_agent_number"), "agent", ["number"], unique=True)
    op.add_column("queue", sa.Column("access", sa.String(), server_default="open", nullable=False))
    op.add_column("queue", sa.Column("steps", sa.Text(), server_default="[]", nullable=False))
    op.add_column(
        "queue", sa.Column("strategy", sa.String(), server_default="longest_idle", nullable=False)
    )
    op.add_column("queue", sa.Column("sticky_s", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "queue", sa.Column("wrap_up", sa.String(), server_default="timed", nullable=False)
    )
    op.add_column(
        "queue", sa.Column("wrap_up_extension_s", sa.Integer(), server_default="60", nullable=False)
    )
    op.add_column(
        "queue", sa.Column("dispositions", sa.Text(), server_default="[]", nullable=False)
    )
    op.add_column("queue", sa.Column("messages", sa.Text(), server_default="[]", nullable=False))
    op.add_column("queue", sa.Column("exits", sa.Text(), server_default="{}", nullable=False))
    op.add_column("queue", sa.Column("max_wait_s", sa.Integer(), nullable=True))
    op.add_column("queue", sa.Column("on_max_wait", sa.Text(), nullable=True))
    op.add_column("queue", sa.Column("max_length", sa.Integer(), nullable=True))
    op.add_column("queue", sa.Column("on_full", sa.Text(), nullable=True))
    op.add_column("queue", sa.Column("calendar", sa.String(), nullable=True))
    op.add_column(
        "queue", sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("queue", sa.Column("on_closed", sa.Text(), nullable=True))
    op.add_column("queue", sa.Column("on_nobody", sa.Text(), nullable=True))
    op.add_column("queue", sa.Column("callback", sa.Text(), nullable=True))
    op.add_column("queue", sa.Column("voicemail", sa.Text(), nullable=True))
    op.add_column(
        "queue_skill", sa.Column("weight", sa.Integer(), server_default="1", nullable=False)
    )


def _carry_over() -> None:
    # Before this release every contact was a caller who had dialled in.
    op.execute("UPDATE contact SET kind = 'inbound'")
    op.execute("UPDATE queue_visit SET kind = 'inbound'")
    op.execute(
        "INSERT INTO team (id, name) SELECT DISTINCT team, team FROM agent WHERE team IS NOT NULL"
    )
    op.execute(
        "INSERT INTO config_version (id, version) "
        "SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM config_version)"
    )


def downgrade() -> None:
    op.drop_column("user_account", "tokens_valid_from")
    op.drop_index(op.f("ix_audit_act_id"), table_name="audit")
    op.drop_column("audit", "act_id")
    op.drop_column("routing_decision", "could_serve")
    op.drop_column("routing_decision", "only_agent_id")
    op.drop_column("routing_decision", "delay_s")
    op.drop_column("routing_decision", "waited_ms")
    op.drop_column("routing_decision", "strategy")
    op.drop_column("routing_decision", "steps")
    op.drop_column("routing_decision", "step")
    op.drop_column("segment", "consult_id")
    op.drop_column("queue_visit", "waited_before_ms")
    op.drop_column("recording", "fault")
    op.drop_column("queue_visit", "priority_seq")
    op.drop_column("queue_visit", "kind")
    op.drop_column("queue_visit", "moved_by")
    op.drop_column("queue_visit", "overflow_to")
    op.drop_column("queue_visit", "estimate_ms")
    op.drop_column("queue_skill", "weight")
    op.drop_column("queue", "voicemail")
    op.drop_column("queue", "callback")
    op.drop_column("queue", "on_nobody")
    op.drop_column("queue", "on_closed")
    op.drop_column("queue", "closed")
    op.drop_column("queue", "calendar")
    op.drop_column("queue", "on_full")
    op.drop_column("queue", "max_length")
    op.drop_column("queue", "on_max_wait")
    op.drop_column("queue", "max_wait_s")
    op.drop_column("queue", "exits")
    op.drop_column("queue", "messages")
    op.drop_column("queue", "dispositions")
    op.drop_column("queue", "wrap_up_extension_s")
    op.drop_column("queue", "wrap_up")
    op.drop_column("queue", "sticky_s")
    op.drop_column("queue", "strategy")
    op.drop_column("queue", "steps")
    op.drop_column("queue", "access")
    op.drop_index(op.f("ix_contact_queue_id_arrived_at"), table_name="contact")
    op.drop_index(op.f("ix_contact_agent_id_arrived_at"), table_name="contact")
    op.drop_column("contact", "data")
    op.drop_column("contact", "agent_id")
    op.drop_column("contact", "queue_id")
    op.drop_column("contact", "kind")
    op.drop_column("agent_state", "forced_by")
    op.drop_column("agent_state", "paid")
    op.drop_column("agent_state", "productive")
    op.drop_index(op.f("ix_agent_number"), table_name="agent")
    op.drop_column("agent", "voice_capacity")
    op.drop_column("agent", "auto_answer")
    op.drop_column("agent", "pin")
    op.drop_column("agent", "number")
    op.drop_column("agent", "attributes")
    op.drop_index(op.f("ix_membership_queue_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_voicemail_recording_id"), table_name="voicemail")
    op.drop_index(op.f("ix_voicemail_queue_id_left_at"), table_name="voicemail")
    op.drop_index(op.f("ix_voicemail_left_at_id"), table_name="voicemail")
    op.drop_index(op.f("ix_voicemail_contact_id"), table_name="voicemail")
    op.drop_table("voicemail")
    op.drop_index(op.f("ix_transfer_from_agent_id_at"), table_name="transfer")
    op.drop_index(op.f("ix_transfer_contact_id"), table_name="transfer")
    op.drop_table("transfer")
    op.drop_table("team")
    op.drop_index(op.f("ix_supervision_act_contact_id"), table_name="supervision_act")
    op.drop_index(op.f("ix_supervision_act_at"), table_name="supervision_act")
    op.drop_index(op.f("ix_supervision_act_agent_id_at"), table_name="supervision_act")
    op.drop_table("supervision_act")
    op.drop_table("seat")
    op.drop_table("pause_reason")
    op.drop_table("outside")
    op.drop_index(op.f("ix_lost_call_queue_id_lost_at"), table_name="lost_call")
    op.drop_index(op.f("ix_lost_call_number_lost_at"), table_name="lost_call")
    op.drop_index(op.f("ix_lost_call_lost_at_id"), table_name="lost_call")
    op.drop_index(op.f("ix_lost_call_contact_id"), table_name="lost_call")
    op.drop_table("lost_call")
    op.drop_index(op.f("ix_disposition_queue_id_at"), table_name="disposition")
    op.drop_index(op.f("ix_disposition_contact_id"), table_name="disposition")
    op.drop_index(op.f("ix_disposition_agent_id_at"), table_name="disposition")
    op.drop_table("disposition")
    op.drop_index(op.f("ix_contact_note_contact_id"), table_name="contact_note")
    op.drop_table("contact_note")
    op.drop_table("config_document")
    op.drop_index(op.f("ix_callback_queue_id_state"), table_name="callback")
    op.drop_index(op.f("ix_callback_origin_contact_id"), table_name="callback")
    op.drop_index(op.f("ix_callback_number_booked_at"), table_name="callback")
    op.drop_index(op.f("ix_callback_booked_at_id"), table_name="callback")
    op.drop_table("callback")
    op.drop_table("calendar")
    op.drop_table("alert_rule")
    op.drop_index(op.f("ix_alert_event_rule_id_raised_at"), table_name="alert_event")
    op.drop_index(op.f("ix_alert_event_raised_at"), table_name="alert_event")
    op.drop_table("alert_event")

"""After how many refused calls in a row an agent's phone is left alone: a limit of the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "refusal_limit"
down_revision = "caller_withheld"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "queue", sa.Column("refusal_limit", sa.Integer(), nullable=False, server_default="3")
    )


def downgrade() -> None:
    op.drop_column("queue", "refusal_limit")

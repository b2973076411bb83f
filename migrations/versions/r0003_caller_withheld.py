"""A contact knows whether its caller hid the number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "caller_withheld"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("withheld", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "withheld")

"""Requests drafted for the owners of deviations that nobody approved."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _execute("0006_drafts_up.sql")


def downgrade() -> None:
    _execute("0006_drafts_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

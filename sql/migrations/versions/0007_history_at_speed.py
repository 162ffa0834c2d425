"""The history, checked and indexed so that a million observations load in seconds."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _execute("0007_history_at_speed_up.sql")


def downgrade() -> None:
    _execute("0007_history_at_speed_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""Quality: what a run observed beside its counts, and which requests ask for the same."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _execute("0002_quality_up.sql")


def downgrade() -> None:
    _execute("0002_quality_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""The history holds the text that its hashes are taken of, instead of what PostgreSQL made of it."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    _execute("0013_history_as_text_up.sql")


def downgrade() -> None:
    _execute("0013_history_as_text_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""The text of the history is not read when it is written; digests are taken of it whatever it is."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _execute("0014_history_unread_up.sql")


def downgrade() -> None:
    _execute("0013_history_as_text_up.sql")  # which makes of either type what it was then


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

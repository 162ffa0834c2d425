"""What was done to AWS: one append-only, hash-chained history of actions."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0007"


def upgrade() -> None:
    _execute("0011_actions_up.sql")


def downgrade() -> None:
    _execute("0011_actions_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

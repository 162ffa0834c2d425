"""A block is checked against the requests and runs that it names, each once, instead of event by event."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _execute("0012_seal_at_speed_up.sql")


def downgrade() -> None:
    _execute("0012_seal_at_speed_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""Mail: messages by their thread, and the evidence that came with records."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _execute("0003_mail_up.sql")


def downgrade() -> None:
    _execute("0003_mail_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

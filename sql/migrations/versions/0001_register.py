"""The register: requests, history, intake, escalation, snapshots, findings."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _execute("0001_register_up.sql")


def downgrade() -> None:
    _execute("0001_register_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

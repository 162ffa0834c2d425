"""What a finding said is compared by digest, and when it was last seen is that of its family."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _execute("0005_finding_sight_up.sql")


def downgrade() -> None:
    _execute("0005_finding_sight_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

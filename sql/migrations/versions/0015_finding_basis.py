"""What the open findings of a family rest on is noted, so that the same need not be put into words again."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _execute("0015_finding_basis_up.sql")


def downgrade() -> None:
    _execute("0015_finding_basis_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""Open findings are found by their family, however many another family has."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _execute("0016_open_by_family_up.sql")


def downgrade() -> None:
    _execute("0016_open_by_family_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

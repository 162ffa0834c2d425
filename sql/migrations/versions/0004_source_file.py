"""The files of a source that were read, so that an unchanged one is not read again."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _execute("0004_source_file_up.sql")


def downgrade() -> None:
    _execute("0004_source_file_down.sql")


def _execute(name: str) -> None:
    script = Path(__file__).with_name(name).read_text("utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))

"""Where the files beside the code are: SQL, source specs, policies, templates, runbooks, DAGs.

In a checkout they are folders of the repository; in an installed wheel they ship inside the package.
`GOVERNANCE_CONFIG_DIR` replaces the folders that an organization writes itself: sources, policies,
templates and runbooks that exist there win over the shipped ones, folder by folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Folder = Literal["sql", "sources", "policies", "templates", "runbooks", "dags", "plugins"]

_PACKAGE = Path(__file__).resolve().parent
_INCLUDE = _PACKAGE.parent


def folder(name: Folder, config_dir: Path | None = None) -> Path:
    """Return the folder `name`; `config_dir` wins where it holds one of that name."""
    if config_dir is not None and (config_dir / name).is_dir():
        return config_dir / name
    shipped = _PACKAGE / "shipped" / name
    if shipped.is_dir():
        return shipped
    parent = _INCLUDE.parent if name in ("sql", "dags", "plugins") else _INCLUDE
    return parent / name


def sql(path: str) -> str:
    """Return the text of one file below `sql/`, for example `kpis/backlog_open.sql`."""
    return (folder("sql") / path).read_text("utf-8")

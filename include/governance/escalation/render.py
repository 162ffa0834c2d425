"""E-mails from templates: `templates/email/NAME.html` and `NAME.txt`, strict and escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from governance import resources


class Templates:
    """The templates of a folder `templates`, or those that ship where it has none of a name.

    HTML is always escaped; an unknown name is an error.
    """

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([folder / "email", resources.folder("templates") / "email"]),
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def bodies(self, name: str, **values: Any) -> tuple[str, str]:
        """Return (plain text, HTML) of the message `name`."""
        text, html = (self._environment.get_template(f"{name}.{kind}") for kind in ("txt", "html"))
        return text.render(values), html.render(values)

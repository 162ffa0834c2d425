"""Write every template of a form, and the specs that read filled ones."""

from __future__ import annotations

from pathlib import Path

from governance.intake.forms import templates
from governance.intake.forms.definition import Form
from governance.intake.forms.specs import WAYS, spec_name, spec_text


def write_form(
    form: Form, out: Path, *, owner: str | None = None, time_zone: str | None = None
) -> list[Path]:
    """Write the templates of one form below `out/<kind>/` and return what was written."""
    folder = out / form.kind
    (folder / "specs").mkdir(parents=True, exist_ok=True)
    texts = {
        "github_issue_form.yml": templates.github_form(form),
        "jira_fields.md": templates.jira_fields_markdown(form),
        "email.txt": templates.email_template(form),
        **{
            f"specs/{spec_name(form, way)}.yaml": spec_text(form, way, owner=owner, time_zone=time_zone)
            for way in WAYS
        },
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    templates.csv_template(form, folder / "template.csv")
    templates.xlsx_template(form, folder / "template.xlsx")
    templates.jira_fields_csv(form, folder / "jira_fields.csv")
    return sorted(path for path in folder.rglob("*") if path.is_file())

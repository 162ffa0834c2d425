"""Files people write: every mistake is named with file, line, key, what was found and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import field_validator

from governance import documents
from governance.errors import DocumentError


class Meal(documents.Document):
    dish: str
    size: Literal["small", "large"] = "small"


class Menu(documents.Document):
    title: str
    meals: tuple[Meal, ...]
    guests: dict[str, int] | None = None

    @field_validator("title")
    @classmethod
    def _is_kind(cls, title: str) -> str:
        if "!" in title:
            raise ValueError("a title that does not shout")
        return title


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "menu.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DocumentError) as raised:
        documents.read(path, Menu)
    assert all(problem.path == path for problem in raised.value.problems)
    return [str(problem).removeprefix(f"{path}") for problem in raised.value.problems]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "menu.yaml"
    path.write_text("title: Lunch\nmeals:\n  - {dish: soup, size: large}\n", "utf-8")
    assert documents.read(path, Menu).meals == (Meal(dish="soup", size="large"),)


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    text = "title: Lunch\nmeals:\n  - dish: soup\n    colour: red\n"
    assert problems(tmp_path, text) == [
        ":4: meals.0.colour: found an unknown key, expected one of the keys this document knows"
    ]


def test_a_missing_key_points_to_where_it_belongs(tmp_path: Path) -> None:
    text = "title: Lunch\nmeals:\n  - dish: soup\n  - size: large\n"
    assert problems(tmp_path, text) == [
        ":4: meals.1.dish: found nothing, expected a value: this key is required"
    ]


def test_a_wrong_value_says_what_was_found_and_what_would_be_right(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, "title: Lunch\nmeals:\n  - {dish: soup, size: huge}\n")
    assert problem.startswith(":3: meals.0.size: found 'huge', expected")
    assert "'small' or 'large'" in problem


def test_our_own_rules_speak_in_their_own_words(tmp_path: Path) -> None:
    assert problems(tmp_path, "title: Lunch!\nmeals: []\n") == [
        ":1: title: found 'Lunch!', expected a title that does not shout"
    ]


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    text = "title: [1]\nmeals:\n  - dish: soup\n    size: huge\nguests: {ida: many}\nextra: 1\n"
    found = problems(tmp_path, text)
    assert [problem.split(": ")[0:2] for problem in found] == [
        [":1", "title"],
        [":4", "meals.0.size"],
        [":5", "guests.ida"],
        [":6", "extra"],
    ]


def test_a_file_that_is_not_yaml_says_where_it_breaks(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, "title: Lunch\nmeals: [\n  oops: : 1\n")
    assert problem.startswith(":3:")
    assert problem.endswith("expected valid YAML")


@pytest.mark.parametrize("text", ["", "just words\n", "- a list\n"])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    [problem] = problems(tmp_path, text)
    assert "found" in problem
    assert "expected" in problem


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, "title: !!python/object/apply:os.getcwd []\nmeals: []\n")
    assert "python/object/apply:os.getcwd" in problem


def test_a_document_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Meal(dish="soup").dish = "stew"  # type: ignore[misc]

"""A demo of another version is told apart, instead of missing half of what was planted."""

from __future__ import annotations

import pytest

from governance.errors import GovernanceError
from governance.sandbox.story import same_story


def test_the_same_story_goes_on_and_another_is_refused_in_words(tmp_path):
    same_story(tmp_path)
    same_story(tmp_path)
    (tmp_path / "sandbox" / "story").write_text("another", "utf-8")
    with pytest.raises(GovernanceError, match="make clean"):
        same_story(tmp_path)


def test_a_demo_from_before_stories_were_noted_is_another_one(tmp_path):
    (tmp_path / "lake" / "snapshots").mkdir(parents=True)
    with pytest.raises(GovernanceError, match="another version"):
        same_story(tmp_path)
    assert not (tmp_path / "sandbox").exists()

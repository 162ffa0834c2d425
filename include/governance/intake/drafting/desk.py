"""Questions of a draft, and where their answers come from: `--answer`, a terminal, or nobody yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from governance.errors import GovernanceError
from governance.intake.questions import ask

EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class Question:
    """One thing that a sample cannot say. `key` names it for `--answer`; no `choices`: any text."""

    key: str
    words: str
    choices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The question in one line, with what may be answered."""
        return f"{self.words} ({', '.join(self.choices)})" if self.choices else self.words

    def problem(self, answer: str) -> str | None:
        """Return what is wrong with an answer, None where it is one."""
        if self.choices and answer not in self.choices:
            return f"{answer!r} is none of {', '.join(self.choices)}"
        if self.key == "owner" and EMAIL.fullmatch(answer) is None:
            return f"{answer!r} is not a mail address"
        if self.key == "time_zone" and answer not in available_timezones():
            return f"{answer!r} is not an IANA time zone such as Europe/Berlin"
        return None


@dataclass
class Desk:
    """Takes questions to whoever can answer them; what nobody answers stays open."""

    given: Mapping[str, str]
    prompt: Callable[[Question], str | None] | None = None
    asked: dict[str, Question] = field(default_factory=dict)
    open: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> str | None:
        """Return the answer, None where there is none yet; raises GovernanceError for one that cannot be."""
        self.asked[question.key] = question
        answer = self.given.get(question.key)
        if answer is None and self.prompt is not None:
            answer = self.prompt(question)
        if answer is None:
            self.open.append(question)
            return None
        problem = question.problem(answer)
        if problem:
            raise GovernanceError(f"answer {question.key}={answer}: {problem}")
        return answer

    def answer_or_ask(self, question: Question) -> str:
        """Return the answer, or the value that stands for an open question."""
        answer = self.answer(question)
        return ask(question.text) if answer is None else answer

    def refuse_unasked(self) -> None:
        """Raise GovernanceError where an answer was given that nobody asked for."""
        unasked = sorted(set(self.given) - set(self.asked))
        if unasked:
            known = ", ".join(sorted(self.asked)) or "none"
            raise GovernanceError(f"nobody asked for {', '.join(unasked)}; this sample asks for: {known}")

"""`governance doctor`: everything a run needs, checked one by one; what is wrong comes with its mend."""

from __future__ import annotations

from governance.doctor.check import Check, State
from governance.doctor.examination import examine

__all__ = ["Check", "State", "examine"]

"""How much work a call does, in what does not depend on the machine and on what else runs there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["calls_of", "lines_of"]


def calls_of(run: Callable[[], object]) -> int:
    """Gives how many functions are called."""
    count = 0

    def notice(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    known = sys.getprofile()
    sys.setprofile(notice)
    try:
        run()
    finally:
        sys.setprofile(known)
    return count


def lines_of(run: Callable[[], object]) -> int:
    """Gives how many lines of Python are run: also loops that call nothing are counted."""
    count = 0

    def notice(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return notice

    known = sys.gettrace()
    sys.settrace(notice)
    try:
        run()
    finally:
        sys.settrace(known)
    return count

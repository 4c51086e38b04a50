"""Cases that were measured with Flux's own code, or reviewed, one on each line of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["OWN", "cases"]

OWN = Path(__file__).parent / "vectors"


def cases(folder: Path, *names: str) -> Iterator[Any]:
    for name in names:
        yield from map(json.loads, (folder / f"{name}.jsonl").read_text("utf-8").splitlines())
